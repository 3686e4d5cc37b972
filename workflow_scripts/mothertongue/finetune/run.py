"""Run one fine-tuning: encode the rows, train, save the adapter and prove that it is applied."""

import logging
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from ..errors import InputError
from ..files import file_hash, write_json
from ..inference.adapters import strip_adapters
from ..inference.budgets import Remembered, memory_folder, remembered
from ..inference.models import (
    load_base,
    probe_logits,
    versions,
)
from ..inference.templates import template_identity, warn_of_frame
from ..process.devices import card_of, pick_device
from ..process.stop import job_end, stop_requests
from ..sample.rows import read_rows
from .budget import CPU_OVERHEAD, GPU_OVERHEAD, Budget, find_budget
from .checkpoint import fingerprint, remove_checkpoint
from .encode import check_usable, encode_rows
from .equal import hold_equal
from .finish import free_memory, proved_adapter, save_and_prove_whole
from .lora import add_lora, lora_modules, lora_weights
from .outputs import (
    Sets,
    Tuned,
    base_identity,
    device_name,
    provenance,
    save_adapter,
    write_history,
)
from .recipe import FULL, Job
from .tracking import tracked
from .train import Trainer, TrainingError
from .whole import computing_in, unfreeze
from .workers import Workers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger("mothertongue.finetune")


def check_window(model: Any, max_length: int, base: str) -> None:
    """Refuse a window longer than the model's positions."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if positions and max_length > positions:
        raise InputError(
            f"finetune.max_length is {max_length}, but {base} has {positions} positions; lower it"
        )


def choose_budget(
    model: Any,
    token_budget: int | str,
    checkpointing: bool | str,
    *,
    max_length: int,
    device: str,
    smaller: str = "use quantisation nf4",
) -> tuple[Budget, bool]:
    """The token budget, and whether activations are recomputed to save memory.

    `smaller`: what the user may do where not one example fits.
    """

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
            f" or {smaller}"
        )
    return budget, on


def encoded_sets(job: Job, tokenizer: "PreTrainedTokenizerBase") -> Sets:
    """Read and encode both sets; what the recipe holds equal is cut to the smallest set."""
    recipe = job.recipe
    encode = partial(
        encode_rows,
        tokenizer=tokenizer,
        template=recipe.template,
        max_length=recipe.max_length,
        too_long=recipe.too_long,
        loss=recipe.loss,
    )
    warn_of_frame(recipe.template, tokenizer)
    training_rows, validation_rows = (
        read_rows(job.training_set),
        read_rows(job.validation_set),
    )
    equal = None
    if recipe.equal:
        (training, counts), equal = hold_equal(
            training_rows,
            {str(path): read_rows(path) for path in job.others},
            encode,
            recipe.equal,
            epochs=recipe.epochs,
            effective_batch=recipe.effective_batch,
        )
        log.info("held equal: %s", equal.as_dict())
    else:
        training, counts = encode(training_rows)
    validation, validation_counts = encode(validation_rows)
    check_usable(training, counts, job.training_set, recipe.max_length)
    check_usable(validation, validation_counts, job.validation_set, recipe.max_length)
    log.info("training set: %s", counts.as_dict())
    return Sets(training, validation, counts, validation_counts, equal)


def fingerprint_of(job: Job, sets: Sets, identity: dict[str, Any]) -> str:
    """A hash of all that decides the result of a job."""
    recipe = job.recipe
    return fingerprint(
        recipe=recipe.optimisation(),
        encoding=recipe.encoding(),
        loading={
            "revision": job.base.revision,
            "quantisation": recipe.quantisation,
            "dtype": recipe.dtype,
            "trust_remote_code": job.base.trust_remote_code,
            "attention": recipe.attention,
        },
        budget=recipe.token_budget,
        sets=[file_hash(job.training_set), file_hash(job.validation_set)],
        versions=versions(),
        **({"method": FULL} if recipe.is_whole else {"lora": recipe.lora.settings()}),
        **({"equal": sets.equal.as_dict()} if sets.equal else {}),
        **identity,
    )


def memory_of(job: Job, model: Any, device: str) -> Remembered | None:
    """What earlier jobs have noted about the memory of this base on this card."""
    return remembered(
        memory_folder(job.folder),
        "finetune",
        base=job.base.base,
        quantisation=job.recipe.quantisation,
        dtype=str(model.get_input_embeddings().weight.dtype),
        card=card_of(device),
    )


def finetune(job: Job, workers: Workers | None = None) -> dict[str, Any]:
    """Fine-tune, prove and save an adapter; checkpoints live in `job.folder` until it is done.

    Returns the provenance. Raises `Interrupted` when asked to stop (a checkpoint is written),
    `TrainingError` when the loss is no number or memory does not do, `AdapterError` when the
    saved adapter does not do what the trained one did, `InputError` for unusable input.
    """
    workers, recipe = workers or Workers(), job.recipe
    tracking = tracked(job, first=workers.rank == 0)  # before anything takes long
    device = pick_device()
    load = partial(
        load_base,
        job.base.base,
        revision=job.base.revision,
        quantisation="none" if recipe.is_whole else recipe.quantisation,
        dtype="float32" if recipe.is_whole else recipe.dtype,
        trust_remote_code=job.base.trust_remote_code,
        attention=recipe.attention,
    )
    model, tokenizer = load()
    check_window(model, recipe.max_length, job.base.base)
    sets = encoded_sets(job, tokenizer)
    untouched = probe_logits(model, tokenizer)
    tuned = (
        unfreeze(model)
        if recipe.is_whole
        else add_lora(model, seed=recipe.seed, **recipe.lora.settings())
    )
    memory = memory_of(job, model, device)
    identity = base_identity(job.base) | template_identity(recipe.template, tokenizer)
    with computing_in(recipe.dtype, device) if recipe.is_whole else nullcontext():
        budget, recompute = choose_budget(
            tuned,
            recipe.token_budget,
            recipe.gradient_checkpointing,
            max_length=recipe.max_length,
            device=device,
            smaller=recipe.smaller,
        )
        trainer = Trainer(
            tuned,
            sets.training,
            sets.validation,
            recipe,
            pad=tokenizer.pad_token_id,
            device=device,
            budget=workers.least(memory.at_most(budget.tokens) if memory else budget.tokens),
            overhead=workers.least(budget.overhead),
            folder=job.folder,
            fingerprint=fingerprint_of(job, sets, identity),
            steps=(sets.equal and sets.equal.steps) or recipe.steps,
            checkpoint_seconds=60 * job.checkpoint_minutes,
            workers=workers,
            memory=memory,
        )
        failing = memory.halved_by_failure(lambda: trainer.run.budget) if memory else nullcontext()
        with stop_requests(job_end()) as stop, failing:
            trainer.stop = stop
            trainer.note = tracking.note
            run = trainer.train()
    tracking.finish()
    facts = Tuned(
        identity=identity,
        modules=[] if recipe.is_whole else lora_modules(tuned),
        weights=sum(weight.numel() for weight in lora_weights(tuned).values()),
        commit=getattr(model.config, "_commit_hash", None),
        device=device_name(device),
        peak_bytes=torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else None,
        recompute=recompute,
    )
    report: dict[str, Any] = {}
    if workers.rank == 0:
        job.adapter.parent.mkdir(parents=True, exist_ok=True)
        del trainer
        if recipe.is_whole:
            saved = save_and_prove_whole(job, tuned, tokenizer, untouched=untouched, last=run.last)
        else:
            expected = probe_logits(tuned, tokenizer)
            save_adapter(tuned, job.adapter, job.adapter_config, job.base.base)
            strip_adapters(model)
            same = torch.equal(probe_logits(model, tokenizer), untouched)
            del tuned
            if not same:  # then not this copy of the base, but one that is loaded anew
                log.warning(
                    "the base computes otherwise than before the training; it is loaded again"
                )
                del model
            free_memory()
            saved = proved_adapter(job, model if same else load()[0], tokenizer, expected)
        report = provenance(job, sets, run, facts, saved, workers=workers)
        write_history(job.history, run)
        report |= tracking.provenance
        write_json(job.provenance, report)
        if not stop.check():  # else the scheduler may yet call this attempt failed: its files go
            remove_checkpoint(job.folder)
    workers.wait()
    return report
