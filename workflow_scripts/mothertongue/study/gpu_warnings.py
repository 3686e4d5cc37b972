"""What is said before a run about models that may be larger than their card. Imports no model library."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import InputError
from .cards import Card
from .engines import engine_of, read_as
from .gpu_memory import shape_of, states
from .gpu_plan import STAGES, Config, card_of, chosen, model_of, stages_of, word_of
from .recipes import as_of, is_whole

SHORT = 64  # tokens of a row: with a window so small, passes take next to nothing


def warnings(
    config: Config, cells: Iterable[tuple[str, str]], choices: Path, *, local: bool
) -> Iterator[str]:
    """A line for each model whose planned jobs may exceed its card, or that computes attention in full.

    `cells`: (rule, model) of jobs that ask for a GPU. Raises InputError for a model whose weights
    alone (with gradients and AdamW's averages, where all are trained) are larger than its card.
    """
    by_model: dict[str, list[str]] = {}
    for rule, model in cells:
        if rule in STAGES and STAGES[rule] not in by_model.setdefault(model, []):
            by_model[model].append(STAGES[rule])
    for model, stages in by_model.items():
        entry = model_of(config, model)
        name = f"{model} ({entry.base})" if entry.base else model
        if shape_of(entry).eager:
            yield (
                f"{name}: computes attention in full, as transformers has no faster way for this kind"
                " of model: memory grows with the square of the length"
            )
        card = card_of(config, model, local=local)
        if card is not None and card.memory_gb is not None:
            quantisation = chosen(config, model, choices / f"{model}.json", card)
            about = _too_large if is_whole(config, model) else _quantised_too_large
            yield from about(config, model, name, stages, card, quantisation)


def _quantised_too_large(
    config: Config, model: str, name: str, stages: Sequence[str], card: Card, quantisation: str
) -> Iterator[str]:
    """What is said of a frozen base and its adapters."""
    own, entry, room = as_of(config, model), model_of(config, model), card.memory_gb or 0
    kinds = {stage: read_as(engine_of(config, stage), quantisation) for stage in stages}
    needs = {stage: stages_of(own, shape_of(entry), kinds[stage])[stage] for stage in stages}
    worst = max(stages, key=lambda stage: needs[stage])
    if kinds[worst] != quantisation:
        yield from _too_large_for_vllm(name, worst, card, entry.parameters * word_of(own), needs)
        return
    if needs[worst] / 1e9 <= room:
        return
    has = f"{card.name} has {room:.0f} GB"
    auto = own["finetune"]["quantisation"] == "auto"
    ways = "finetune.quantisation: int8 or nf4, " if quantisation == "none" else ""
    ways = "finetune.quantisation: nf4, " if quantisation == "int8" and not auto else ways
    do = f"use a larger card (models.{model}.gpu_type), {ways}or a smaller finetune.max_length"
    alone = entry.parameters * {"int8": 1, "nf4": 0.5, "none": word_of(own)}[quantisation] / 1e9
    if alone > room:
        raise InputError(f"{name}: its weights alone take {alone:.0f} GB, and {has}: {do}")
    yield f"{name}: {worst} needs about {needs[worst] / 1e9:.0f} GB of GPU memory, and {has}: {do}"


def _too_large_for_vllm(
    name: str, stage: str, card: Card, weights: float, needs: Mapping[str, float]
) -> Iterator[str]:
    """What is said of a base that vLLM reads in 16 bits, though training reads it in fewer."""
    room = card.memory_gb or 0
    if needs[stage] / 1e9 <= room:
        return
    has = f"{card.name} has {room:.0f} GB"
    do = f"use a larger card, or {stage}.engine: transformers"
    if weights / 1e9 > room:
        raise InputError(
            f"{name}: its weights alone take {weights / 1e9:.0f} GB in vLLM, which reads 16 bits, and"
            f" {has}: {do}"
        )
    yield (
        f"{name}: {stage} needs about {needs[stage] / 1e9:.0f} GB of GPU memory in vLLM, which reads 16"
        f" bits, and {has}: {do}"
    )


def _too_large(
    config: Config, model: str, name: str, stages: Sequence[str], card: Card, quantisation: str
) -> Iterator[str]:
    """What is said of a model that is trained as a whole, which cannot be quantised."""
    own, shape, room = as_of(config, model), shape_of(model_of(config, model)), card.memory_gb or 0
    needs = stages_of(own, shape, quantisation)
    worst = max(stages, key=lambda stage: needs[stage])
    if needs[worst] / 1e9 <= room:
        return
    has, ways = f"{card.name} has {room:.0f} GB", [f"a larger card (models.{model}.gpu_type)"]
    if worst == "finetune":
        ways.append(f"models.{model}.finetune.method: lora")
        short = {**own, "finetune": {**own["finetune"], "max_length": SHORT}}
        if stages_of(short, shape, quantisation)[worst] / 1e9 <= room:
            ways.append("a smaller finetune.max_length")
    do = f"use {', '.join([*ways, 'or a smaller model'])}"
    held = states(shape, quantisation, whole=worst == "finetune", word=word_of(own)) / 1e9
    if held > room:
        what = " with gradients and AdamW's averages" if worst == "finetune" else " alone"
        raise InputError(f"{name}: its weights{what} take {held:.0f} GB, and {has}: {do}")
    yield f"{name}: {worst} needs about {needs[worst] / 1e9:.0f} GB of GPU memory, and {has}: {do}"
