"""Choose how one model's base is loaded by all of its jobs, and write it down.

As it is (none) where weights, gradients and cache fit the card, else in 8 bits. The file is the one
place that says so: fine-tunings, evaluations and answers read it, on whatever card they run later.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from mothertongue import hub
from mothertongue.errors import InputError
from mothertongue.files import write_json
from mothertongue.inference.quantisation import exact_shape, this_card
from mothertongue.process.log import log_to
from mothertongue.study.cards import named
from mothertongue.study.gpu_plan import choose, gpu_type, model_of, needs_of
from mothertongue.study.recipes import as_of


def main(
    *,
    out: Path,
    config: dict[str, Any],
    model: str,
    folder: Path | None = None,
    commit: str | None = None,
    on_gpu: int = 1,
    card_gb: float = 0.0,
    gpus: int = 0,
) -> None:
    """Write the choice for one model.

    `folder` is the base's, where the study built it; `on_gpu` whether its jobs compute on a GPU;
    `card_gb` the memory of their card, 0 where it is to be looked at on one of `gpus` cards.
    """
    card = None
    if on_gpu:
        name = gpu_type(config, model) or "the card"
        card = named(name, card_gb) if card_gb else this_card(gpus)
    shape = exact_shape(model_of(config, model), folder, commit)
    choice = choose(needs_of(as_of(config, model), shape), card)
    write_json(out, {"model": model, **asdict(choice), "shape": asdict(shape)})
    print(f"{model}: quantisation {choice.quantisation} ({choice.why})")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        model = snakemake.wildcards.model
        spec = model_of(snakemake.config, model)
        lock = hub.read_lock(snakemake.resources.lock)
        try:
            main(
                out=Path(snakemake.output[0]),
                config=snakemake.config,
                model=model,
                folder=Path(snakemake.input.base[0]).parent if snakemake.input.base else None,
                commit=hub.commit_of(lock, "model", spec.base, spec.revision)
                if spec.base
                else None,
                on_gpu=snakemake.resources.on_gpu,
                card_gb=float(snakemake.resources.card_gb),
                gpus=snakemake.resources.get("gpu", 0),
            )
        except InputError as error:
            raise InputError(f"{model}: {error}") from None
