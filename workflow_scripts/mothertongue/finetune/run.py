"""One fine-tuning from training set to proven adapter."""

import gc
import json
import logging
import math
import os
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from ..files import atomic, file_hash, read_dataset, write_json
from ..inference.adapters import strip_adapters
from ..inference.budgets import memory_folder, remembered
from ..inference.models import (
    attach_adapter,
    load_base,
    pick_device,
    probe_logits,
    prove_adapter,
    versions,
)
from ..process.devices import card_of
from ..process.stop import job_end, stop_requests
from .batches import effective_batches, epoch_order, padding_share, plan_micro_batches
from .budget import CPU_OVERHEAD, GPU_OVERHEAD, Budget, find_budget
from .checkpoint import fingerprint, remove_checkpoint
from .encode import check_usable, encode_rows
from .equal import hold_equal
from .lora import add_lora, lora_modules, lora_weights
from .recipe import Recipe
from .train import Run, Trainer, TrainingError
from .workers import Workers

log = logging.getLogger("mothertongue.finetune")
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


def base_identity(base: str, revision: str | None) -> dict[str, Any]:
    """What the base is: hashes of a folder's weights, or hub id and revision."""
    folder = Path(base)
    if not folder.is_dir():
        return {"base": base, "revision": revision}
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin"), folder / "config.json"])
    small = sum(path.stat().st_size for path in files if path.is_file()) < 1e9
    return {
        "base": base,
        "files": {
            path.name: file_hash(path) if small else path.stat().st_size
            for path in files
            if path.is_file()
        },
    }


def check_window(model: Any, max_length: int, base: str) -> None:
    """Refuse a window longer than the model's positions."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if positions and max_length > positions:
        raise InputError(
            f"finetune.max_length is {max_length}, but {base} has {positions} positions; lower it"
        )


def choose_budget(
    model: Any, token_budget: int | str, checkpointing: bool | str, *, max_length: int, device: str
) -> tuple[Budget, bool]:
    """The token budget, and whether activations are recomputed to save memory."""

    def recompute() -> None:
        model.gradient_checkpointing_enable({"use_reentrant": False})

    on = checkpointing is True
    if on:
        recompute()
    if token_budget != "auto":
        overhead = GPU_OVERHEAD if device.startswith("cuda") else CPU_OVERHEAD
        return Budget(max(int(token_budget), 1), overhead), on
    budget = find_budget(model, max_length=max_length, device=device)
    if checkpointing == "auto" and budget.tokens < 4 * max_length and device.startswith("cuda"):
        on = True
        recompute()
        budget = find_budget(model, max_length=max_length, device=device)
    if budget.tokens == 0:
        raise TrainingError(
            f"the device cannot hold one example of {max_length} tokens; lower finetune.max_length"
            f" or use quantisation nf4"
        )
    return budget, on


def save_adapter(model: Any, weights: Path, config: Path, base: str) -> None:
    """Write the adapter's two files, each atomically, byte for byte the same for the same run."""
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


def finetune(
    *,
    training_set: Path,
    validation_set: Path,
    adapter: Path,
    adapter_config: Path,
    history: Path,
    provenance: Path,
    folder: Path,
    condition: dict[str, Any],
    base: str,
    recipe: Recipe,
    lora: dict[str, Any],
    revision: str | None = None,
    quantisation: str = "int8",
    dtype: str = "auto",
    trust_remote_code: bool = False,
    attention: str | None = None,
    template: str = "alpaca",
    max_length: int = 512,
    token_budget: int | str = "auto",
    gradient_checkpointing: bool | str = "auto",
    checkpoint_minutes: float = 10.0,
    workers: Workers | None = None,
    equal_kind: str | None = None,
    others: tuple[Path, ...] = (),
) -> dict[str, Any]:
    """Fine-tune, prove and save an adapter; checkpoints live in `folder` until it is done.

    `equal_kind` (rows, tokens, steps) is held equal with the training sets `others` (see `equal`).
    Returns the provenance. Raises `Interrupted` when asked to stop (a checkpoint is written),
    `TrainingError` when the loss is no number or memory does not do, `AdapterError` when the
    saved adapter does not do what the trained one did, `InputError` for unusable input.
    """
    workers = workers or Workers()
    device = pick_device()
    loading = {
        "revision": revision,
        "quantisation": quantisation,
        "dtype": dtype,
        "trust_remote_code": trust_remote_code,
        "attention": attention,
    }
    rows = read_dataset(training_set), read_dataset(validation_set)
    model, tokenizer = load_base(base, **loading)
    check_window(model, max_length, base)
    encoding = {"template": template, "max_length": max_length}
    equal = None
    if equal_kind:
        (training, counts), equal = hold_equal(
            rows[0],
            {str(path): read_dataset(path) for path in others},
            lambda some: encode_rows(some, tokenizer, **encoding),
            equal_kind,
            epochs=recipe.epochs,
            effective_batch=recipe.effective_batch,
        )
        log.info("held equal: %s", equal.as_dict())
    else:
        training, counts = encode_rows(rows[0], tokenizer, **encoding)
    validation, validation_counts = encode_rows(rows[1], tokenizer, **encoding)
    check_usable(training, counts, training_set, max_length)
    check_usable(validation, validation_counts, validation_set, max_length)
    log.info("training set: %s", counts.as_dict())
    untouched = probe_logits(model, tokenizer)
    tuned = add_lora(model, seed=recipe.seed, **lora)
    budget, recompute = choose_budget(
        tuned, token_budget, gradient_checkpointing, max_length=max_length, device=device
    )
    memory = remembered(
        memory_folder(folder),
        "finetune",
        base=base,
        quantisation=quantisation,
        dtype=str(model.get_input_embeddings().weight.dtype),
        card=card_of(device),
    )
    tokens = memory.at_most(budget.tokens) if memory else budget.tokens
    budget = Budget(workers.least(tokens), workers.least(budget.overhead))
    identity = base_identity(base, revision)
    trainer = Trainer(
        tuned,
        training,
        validation,
        recipe,
        pad=tokenizer.pad_token_id,
        device=device,
        budget=budget.tokens,
        overhead=budget.overhead,
        folder=folder,
        fingerprint=fingerprint(
            recipe=asdict(recipe),
            lora=lora,
            encoding=encoding,
            loading=loading,
            budget=token_budget,
            sets=[file_hash(training_set), file_hash(validation_set)],
            versions=versions(),
            **({"equal": equal.as_dict()} if equal else {}),
            **identity,
        ),
        steps=equal.steps if equal else None,
        checkpoint_seconds=60 * checkpoint_minutes,
        workers=workers,
        memory=memory,
    )
    failing = memory.halved_by_failure(lambda: trainer.run.budget) if memory else nullcontext()
    with stop_requests(job_end()) as stop, failing:
        trainer.stop = stop
        run = trainer.train()
    modules = lora_modules(tuned)
    trainable = sum(weight.numel() for weight in lora_weights(tuned).values())
    commit = getattr(model.config, "_commit_hash", None)
    peak = torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else None
    report: dict[str, Any] = {}
    if workers.rank == 0:
        expected = probe_logits(tuned, tokenizer)
        adapter.parent.mkdir(parents=True, exist_ok=True)
        save_adapter(tuned, adapter, adapter_config, base)
        strip_adapters(model)
        same = torch.equal(probe_logits(model, tokenizer), untouched)
        del trainer, tuned
        if not same:  # then not this copy of the base, but one that is loaded anew
            log.warning("the base computes otherwise than before the training; it is loaded again")
            del model
        gc.collect()
        if device.startswith("cuda"):
            torch.cuda.empty_cache()
        try:
            plain = model if same else load_base(base, **loading)[0]
            fresh = attach_adapter(plain, adapter.parent)
            proof = prove_adapter(fresh, tokenizer, expected)
        except Exception:
            adapter.unlink(missing_ok=True)
            raise
        lengths = [len(example.tokens) for example in training]
        groups = [
            [batch[i] for i in group]
            for batch in effective_batches(
                epoch_order(len(training), seed=recipe.seed, epoch=0), recipe.effective_batch
            )
            for group in plan_micro_batches(
                [lengths[i] for i in batch], budget=run.budget, overhead=run.overhead
            )
        ]
        report = {
            "condition": condition,
            "base": {**identity, "commit": commit or revision},
            "quantisation": quantisation,
            "dtype": str(next(fresh.get_input_embeddings().parameters()).dtype),
            "loss_scale": run.scale,  # 1 unless the loss was scaled, for float16
            "device": torch.cuda.get_device_name(device) if peak is not None else "cpu",
            "processes": workers.size,
            "lora": {**lora, "modules": len(modules), "weights": trainable, "on": modules},
            "recipe": {**asdict(recipe), **encoding},
            "training": counts.as_dict(),
            "equal": equal.as_dict() if equal else None,
            "validation": validation_counts.as_dict(),
            "steps": run.step,
            "epochs": run.history[-1]["epoch"],
            "best_epoch": run.best_epoch,
            "best_validation_perplexity": math.exp(min(run.best_loss, 700.0)),
            "tokens": run.tokens,
            "supervised_tokens": run.supervised,
            "token_budget": run.budget,
            "micro_batch_overhead": run.overhead,
            "padding_share": round(padding_share(groups, lengths), 4),
            "gradient_checkpointing": recompute,
            "resumed": run.resumed,
            "seconds": round(run.seconds, 3),
            "tokens_per_second": round(run.tokens / max(run.seconds, 1e-9), 1),
            "peak_gpu_bytes": peak,
            "adapter_sha256": file_hash(adapter),
            "proof": {**proof, "gradients": run.gradients},
            "sets": {"training": file_hash(training_set), "validation": file_hash(validation_set)},
            "versions": versions(),
            "job": os.environ.get("SLURM_JOB_ID"),
        }
        write_history(history, run)
        write_json(provenance, report)
        if not stop.check():  # else the scheduler may yet call this attempt failed: its files go
            remove_checkpoint(folder)
    workers.wait()
    return report
