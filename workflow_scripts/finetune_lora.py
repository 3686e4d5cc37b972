"""Fine-tune one LoRA adapter by the study's recipe, and prove that it is applied (paper §3.3).

Killed at any moment and started again, it continues from its last checkpoint, which lives outside
the declared outputs because these are deleted when a job fails.
"""

import os
from pathlib import Path
from typing import Any

from mothertongue.preload import run_preloaded
from mothertongue.process.log import log_to
from mothertongue.study.gpu_plan import resolved

STOP_SECONDS = 600  # for the step that runs and the checkpoint, before a told job is killed


def main(
    *,
    training_set: Path,
    validation_set: Path,
    adapter: Path,
    adapter_config: Path,
    history: Path,
    provenance: Path,
    work: Path,
    condition: dict[str, Any],
    model: dict[str, Any],
    recipe: dict[str, Any],
    learning_rate: float,
    seed: int,
    threads: int = 1,
    gpus: int = 0,
    checkpoint_minutes: float = 10,
    others: tuple[Path, ...] = (),
) -> None:
    """Train on `training_set`; `recipe` is the configuration's section without the grid.

    What `recipe["budget"]` names, if anything, is held equal with the training sets `others`.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from mothertongue.finetune.launch import run_finetune

    run_finetune(
        {
            "training_set": str(training_set),
            "validation_set": str(validation_set),
            "adapter": str(adapter),
            "adapter_config": str(adapter_config),
            "history": str(history),
            "provenance": str(provenance),
            "folder": str(work),
            "condition": condition,
            "model": model,
            "recipe": {**recipe, "checkpoint_minutes": checkpoint_minutes},
            "learning_rate": learning_rate,
            "seed": seed,
            "threads": threads,
            "others": list(map(str, others)),
        },
        processes=gpus,
    )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        gpus = snakemake.resources.get("gpu", 0)
        run_preloaded(
            "finetune_lora",
            dict(
                training_set=Path(snakemake.input.training),
                validation_set=Path(snakemake.input.validation),
                adapter=Path(snakemake.output.adapter),
                adapter_config=Path(snakemake.output.config),
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
            ),
            gpus=gpus,
            grace=STOP_SECONDS,
        )
