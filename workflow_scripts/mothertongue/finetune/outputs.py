"""The files that a fine-tuning leaves: the adapter, its history and its provenance."""

import json
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..files import atomic, file_hash, write_json
from ..inference.models import versions
from .batches import effective_batches, epoch_order, padding_share, plan_micro_batches
from .encode import Counts, Example
from .equal import Equal
from .recipe import Base, Job
from .train import Run
from .workers import Workers

HISTORY = (
    "epoch",
    "step",
    "learning_rate",
    "train_loss",
    "validation_loss",
    "validation_perplexity",
    "tokens",
    "supervised_tokens",
    "seconds",
    "best",
)


@dataclass(frozen=True, slots=True)
class Sets:
    """The encoded rows of a job, what encoding lost, and what was held equal with other sets."""

    training: list[Example]
    validation: list[Example]
    counts: Counts
    validation_counts: Counts
    equal: Equal | None


@dataclass(frozen=True, slots=True)
class Tuned:
    """What is known of a tuned model: its base, the modules that carry LoRA, and what it took."""

    identity: dict[str, Any]
    modules: list[str]
    weights: int
    commit: str | None
    device: str
    peak_bytes: int | None
    recompute: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written: a hash of the weights, their type, and the proof that they do what was trained.

    `last`: a hash of the weights of the last step, which only a full fine-tuning keeps.
    """

    sha256: str
    dtype: str
    proof: dict[str, Any]
    last: str | None = None


def base_identity(base: Base) -> dict[str, Any]:
    """What the base is: hashes of a folder's weights, or hub id and revision."""
    folder = Path(base.base)
    if not folder.is_dir():
        return {"base": base.base, "revision": base.revision}
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin"), folder / "config.json"])
    small = sum(path.stat().st_size for path in files if path.is_file()) < 1e9
    return {
        "base": base.base,
        "files": {
            path.name: file_hash(path) if small else path.stat().st_size
            for path in files
            if path.is_file()
        },
    }


def save_adapter(model: Any, weights: Path, config: Path | None, base: str) -> None:
    """Write the adapter's two files, each atomically, byte for byte the same for the same run."""
    if config is None:
        raise ValueError("an adapter has a file of its settings")
    folder = Path(tempfile.mkdtemp(prefix=".adapter-", dir=weights.parent))
    try:
        model.save_pretrained(str(folder), save_embedding_layers=False)
        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        settings["target_modules"] = sorted(settings["target_modules"])
        settings["base_model_name_or_path"] = base
        with atomic(weights) as temporary:
            shutil.move(folder / "adapter_model.safetensors", temporary)
        write_json(config, settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_history(path: Path, run: Run) -> None:
    """Write one line per epoch (0 = the untuned base)."""
    lines = [",".join(HISTORY)]
    for entry in run.history:
        row = {**entry, "best": int(entry["epoch"] == run.best_epoch)}
        lines.append(",".join("" if row[k] is None else str(row[k]) for k in HISTORY))
    with atomic(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def padding(examples: Sequence[Example], run: Run, job: Job) -> float:
    """Share of the tokens computed in the first epoch that is padding."""
    lengths = [len(example.tokens) for example in examples]
    order = epoch_order(len(examples), seed=job.recipe.seed, epoch=0)
    groups = [
        [batch[i] for i in group]
        for batch in effective_batches(order, job.recipe.effective_batch)
        for group in plan_micro_batches(
            [lengths[i] for i in batch], budget=run.budget, overhead=run.overhead
        )
    ]
    return round(padding_share(groups, lengths), 4)


def provenance(
    job: Job,
    sets: Sets,
    run: Run,
    tuned: Tuned,
    saved: Saved,
    *,
    workers: Workers,
) -> dict[str, Any]:
    """What a reader must know of an adapter, as JSON."""
    recipe, equal = job.recipe, sets.equal
    found = {"modules": len(tuned.modules), "weights": tuned.weights, "on": tuned.modules}
    return {
        "condition": job.condition,
        "base": {**tuned.identity, "commit": tuned.commit or job.base.revision},
        "quantisation": recipe.quantisation,
        "dtype": saved.dtype,
        "loss_scale": run.scale,  # 1 unless the loss was scaled, for float16
        "device": tuned.device,
        "processes": workers.size,
        **(
            {"method": recipe.method, "trained_weights": tuned.weights, "last_sha256": saved.last}
            if recipe.is_whole
            else {"lora": {**recipe.lora.settings(), **found}}
        ),
        "recipe": {**recipe.optimisation(), **recipe.encoding()},
        "training": sets.counts.as_dict(),
        "equal": equal.as_dict() if equal else None,
        "validation": sets.validation_counts.as_dict(),
        "steps": run.step,
        "epochs": run.history[-1]["epoch"],
        "best_epoch": run.best_epoch,
        "best_validation_perplexity": math.exp(min(run.best_loss, 700.0)),
        "tokens": run.tokens,
        "supervised_tokens": run.supervised,
        "token_budget": run.budget,
        "micro_batch_overhead": run.overhead,
        "padding_share": padding(sets.training, run, job),
        "gradient_checkpointing": tuned.recompute,
        "resumed": run.resumed,
        "seconds": round(run.seconds, 3),
        "tokens_per_second": round(run.tokens / max(run.seconds, 1e-9), 1),
        "peak_gpu_bytes": tuned.peak_bytes,
        "adapter_sha256": saved.sha256,
        "proof": {**saved.proof, "gradients": run.gradients},
        "sets": {
            "training": file_hash(job.training_set),
            "validation": file_hash(job.validation_set),
        },
        "versions": versions(),
        "job": os.environ.get("SLURM_JOB_ID"),
    }


def device_name(device: str) -> str:
    """What a device is called in provenance.json."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu"
