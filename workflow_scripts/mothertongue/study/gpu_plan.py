"""Plan a model's jobs on its GPU: which card, how much memory, and in how many bits the base is loaded.

`finetune.quantisation: auto` loads a base as it is where weights, gradients and cache fit the card,
else in 8 bits. The choice is made once for a model, by the rule `choose_quantisation`, whose file all
its jobs read. Imports no model library.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import read_json
from . import training_jobs
from .cards import KINDS, Card, named, on_this_host
from .gpu_memory import Shape, carriers_of, needed, shape_of
from .paths import PROVENANCE, QUANTISATION
from .recipes import FULL, as_of, is_whole, recipe_of
from .records import Model

STAGES = {
    "finetune_lora": "finetune",
    "finetune_full": "finetune",
    "evaluate_benchmark": "evaluate",
    "answer_questions": "answer",
}
AUTO = ("none", "int8")  # in the order of preference
Config = Mapping[str, Any]  # a completed configuration, as Snakemake holds it


@dataclass(frozen=True)
class Choice:
    """How a base is loaded, and why. `gb`: what each way needs, the largest of its stages."""

    quantisation: str
    why: str
    card: str | None
    card_gb: float | None
    gb: dict[str, float]


def model_of(config: Config, name: str) -> Model:
    """A model of a study."""
    return Model.read(name, config["models"][name])


def gpu_type(config: Config, model: str) -> str | None:
    """The card that jobs of a model ask SLURM for; None: any."""
    shared: str | None = config["finetune"]["gpu_type"]
    return model_of(config, model).gpu_type or shared


def card_of(config: Config, model: str, *, local: bool) -> Card | None:
    """The card of a model's jobs, as far as it is known when planning."""
    name, own = gpu_type(config, model), model_of(config, model).gpu_type
    memory = None if own else config["finetune"]["gpu_memory"]
    if name or memory:
        return named(name or "card of finetune.gpu_memory", memory)
    return on_this_host() if local else None


def word_of(config: Config) -> int:
    """Bytes of a number in the compute type on a GPU."""
    return 4 if config["finetune"]["dtype"] == "float32" else 2


def stages_of(config: Config, shape: Shape, quantisation: str) -> dict[str, float]:
    """Bytes of GPU memory by stage for a model of a study."""
    tune = config["finetune"]
    carriers = carriers_of(tune["lora"].get("targets", "qkv"))
    return needed(
        shape,
        quantisation,
        tune["max_length"],
        rank=tune["lora"]["r"],
        carriers=carriers,
        word=word_of(config),
        whole=tune.get("method") == FULL,
    )


def configured(config: Config, model: str, results: Path) -> str:
    """`finetune.quantisation` of a model.

    Where the study leaves it at `auto`, adapters that version 1.0.0 has finished keep theirs (its
    default was int8), and further ones of the model are made alike: nothing is trained again.
    """
    if is_whole(config, model):
        return "none"
    asked: str = recipe_of(config, model)["quantisation"]
    if asked != "auto" or (results / QUANTISATION.format(model=model)).is_file():
        return asked
    runs = PROVENANCE.format(model=model, data="*", scope="*", lr="*", seed="*")
    path = next(results.glob(runs), None)
    try:
        made = read_json(path) if path else {}
    except (OSError, ValueError):
        made = {}
    earlier = "micro_batch_overhead" not in made  # it is noted since there is a choice
    found = str(made.get("quantisation"))
    return found if earlier and found in KINDS else asked


def chosen(config: Config, model: str, made: Path, card: Card | None) -> str:
    """The quantisation of a model's jobs; with `auto` that of the file, or what it will hold.

    Where neither the file nor the card's memory is known, int8, the slower of the two.
    """
    asked = configured(config, model, made.parent.parent.parent)
    if asked != "auto":
        return asked
    if made.is_file():
        return read_choice(made)
    if card is None or card.memory_gb is None:
        return "int8"
    try:
        return choose(
            needs_of(as_of(config, model), shape_of(model_of(config, model))), card
        ).quantisation
    except InputError:
        return "int8"  # told before the first job (`warnings`)


def needs_of(config: Config, shape: Shape) -> dict[str, dict[str, float]]:
    """Bytes of GPU memory by quantisation and stage."""
    return {kind: stages_of(config, shape, kind) for kind in KINDS}


def read_choice(path: Path) -> str:
    """The quantisation that a file of `choose_quantisation` holds."""
    try:
        found = read_json(path)["quantisation"]
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if found not in AUTO:
        raise InputError(
            f"{path}: holds no choice between {' and '.join(AUTO)}; remove it, and it is made again"
        )
    return str(found)


def resolved(settings: Mapping[str, Any], made: Iterable[str]) -> dict[str, Any]:
    """A job's settings with `quantisation` as chosen; `made` is the rule's input, a file or nothing."""
    paths = [made] if isinstance(made, str) else list(made)
    return {**settings, "quantisation": read_choice(Path(paths[0]))} if paths else dict(settings)


def memory_mb(config: Config, model: str, stage: str, quantisation: str) -> int:
    """GPU memory in MB that a job of a stage asks for."""
    shape = shape_of(model_of(config, model))
    return math.ceil(stages_of(as_of(config, model), shape, quantisation)[stage] / 1e6)


def host_mb(config: Config, model: str, gpu: int) -> int:
    """Host memory in MB that a fine-tuning of a model asks for, on so many GPUs or on a CPU (0)."""
    tune = recipe_of(config, model)
    tokens = tune["token_budget"]
    return training_jobs.memory_mb(
        shape_of(model_of(config, model)),
        gpu=gpu,
        length=tune["max_length"],
        tokens=training_jobs.CPU_TOKENS if tokens == "auto" else tokens,
        checkpointing=tune["gradient_checkpointing"] is True,
        rank=tune["lora"]["r"],
        carriers=carriers_of(tune["lora"].get("targets", "qkv")),
        whole=is_whole(config, model),
    )


def disk_of(config: Config, model: str, gpu: int) -> tuple[float, float]:
    """Bytes that one fine-tuning of a model leaves on disk, and those beside them while it runs."""
    tune = recipe_of(config, model)
    return training_jobs.disk(
        shape_of(model_of(config, model)),
        gpu=gpu,
        rank=tune["lora"]["r"],
        carriers=carriers_of(tune["lora"].get("targets", "qkv")),
        word=word_of(as_of(config, model)),
        whole=is_whole(config, model),
    )


def choose(needs: dict[str, dict[str, float]], card: Card | None) -> Choice:
    """Pick from `needs` (quantisation -> stage -> bytes) what fits a card; without one, the CPU.

    Raises InputError where nothing fits.
    """
    gb = {kind: round(max(stages.values()) / 1e9, 1) for kind, stages in needs.items()}
    if card is None:
        return Choice("none", "computed on a CPU", None, None, gb)
    room = card.memory_gb
    if room is None:
        raise InputError(
            f"finetune.quantisation is auto, but nobody knows the memory of {card.name}: set"
            " finetune.gpu_memory to its GB, or finetune.quantisation to none or int8"
        )
    for kind in AUTO:
        if gb[kind] <= room:
            why = f"needs {gb[kind]:g} GB of {room:.0f}"
            if kind != AUTO[0]:
                why += f"; {AUTO[0]} would need {gb[AUTO[0]]:g}"
            return Choice(kind, why, card.name, round(room, 1), gb)
    raise InputError(
        f"the model needs {gb['int8']:g} GB even in 8 bits, and {card.name} has {room:.0f}: use a larger"
        f" card, lower finetune.max_length, or set finetune.quantisation: nf4 ({gb['nf4']:g} GB)"
    )
