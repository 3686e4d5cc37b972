"""Fine-tune one LoRA adapter by the study's recipe, and prove that it is applied (paper §3.3).

Killed at any moment and started again, it continues from its last checkpoint, which lives outside
the declared outputs because these are deleted when a job fails.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mothertongue.finetune.launch import finetune_in_processes
from mothertongue.finetune.recipe import Base, Job, Recipe
from mothertongue.preload import run_preloaded
from mothertongue.process.log import log_to
from mothertongue.study.gpu_plan import resolved

STOP_SECONDS = 600  # for the step that runs and the checkpoint, before a told job is killed


def main(
    *,
    training_set: Path,
    validation_set: Path,
    adapter: Path,
    adapter_config: Path | None,
    history: Path,
    provenance: Path,
    work: Path,
    condition: Mapping[str, str],
    model: Mapping[str, Any],
    recipe: Mapping[str, Any],
    learning_rate: float,
    seed: int,
    threads: int = 1,
    gpus: int = 0,
    checkpoint_minutes: float = 10,
    others: tuple[Path, ...] = (),
    last: Path | None = None,
    track: str = "none",
) -> None:
    """Train on `training_set`; `recipe` is the configuration's section without the grid.

    What `recipe["budget"]` names, if anything, is held equal with the training sets `others`.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    job = Job(
        training_set=training_set,
        validation_set=validation_set,
        adapter=adapter,
        adapter_config=adapter_config,
        history=history,
        provenance=provenance,
        folder=work,
        condition=condition,
        base=Base.from_params(model),
        recipe=Recipe.from_params(recipe, learning_rate=learning_rate, seed=seed),
        threads=threads,
        checkpoint_minutes=checkpoint_minutes,
        others=others,
        last=last,
        track=track,
    )
    if gpus > 1:
        finetune_in_processes(job, gpus)
        return
    import torch
    from mothertongue.finetune.run import finetune

    torch.set_num_threads(max(1, threads))
    finetune(job)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        gpus = snakemake.resources.get("gpu", 0)
        config, last = map(
            snakemake.output.get, ("config", "last")
        )  # of an adapter; of a whole model
        run_preloaded(
            "finetune_lora",
            dict(
                training_set=Path(snakemake.input.training),
                validation_set=Path(snakemake.input.validation),
                adapter=Path(snakemake.output.adapter),
                adapter_config=Path(config) if config else None,
                history=Path(snakemake.output.history),
                provenance=Path(snakemake.output.provenance),
                work=Path(snakemake.params.work),
                condition=dict(snakemake.wildcards.items()),
                model=snakemake.params.model,
                recipe=resolved(snakemake.params.recipe, snakemake.input.quantisation),
                learning_rate=snakemake.params.learning_rate,
                seed=int(snakemake.wildcards.seed),
                threads=snakemake.threads,
                gpus=gpus,
                checkpoint_minutes=snakemake.resources.get("checkpoint_minutes", 10),
                others=tuple(map(Path, snakemake.input.others)),
                last=Path(last) if last else None,
                track=snakemake.resources.get("track", "none"),
            ),
            gpus=gpus,
            grace=STOP_SECONDS,
        )
