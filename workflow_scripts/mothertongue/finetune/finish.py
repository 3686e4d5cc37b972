"""Prove what a fine-tuning has saved: an adapter on its base, or a whole model."""

import gc
import shutil
from collections.abc import Mapping
from typing import Any

import torch

from ..files import file_hash
from ..inference.models import attach_adapter, load_base, pick_dtype, probe_logits, prove_adapter
from ..process.devices import pick_device
from .outputs import Saved
from .recipe import Job
from .whole import prove_whole, save_last, save_whole


def proved_adapter(job: Job, base: Any, tokenizer: Any, expected: torch.Tensor) -> Saved:
    """Put the saved adapter on its base and compare; one that fails is removed."""
    try:
        fresh = attach_adapter(base, job.adapter.parent)
        proof = prove_adapter(fresh, tokenizer, expected)
    except Exception:
        job.adapter.unlink(missing_ok=True)
        raise
    dtype = str(next(fresh.get_input_embeddings().parameters()).dtype)
    return Saved(file_hash(job.adapter), dtype, proof)


def save_and_prove_whole(
    job: Job,
    tuned: Any,
    tokenizer: Any,
    *,
    untouched: torch.Tensor,
    last: Mapping[str, torch.Tensor],
) -> Saved:
    """Save all weights in the type in which they are read, load them, and compare; then save the last.

    `tuned` has the best weights; `last` has those of the last step, if they are others.
    """
    if job.last is None:
        raise ValueError("a full fine-tuning has a folder of its last weights")
    dtype = pick_dtype(job.recipe.dtype, pick_device())
    effect = probe_logits(tuned, tokenizer) - untouched
    weights = save_whole(tuned, tokenizer, job.adapter, dtype)
    expected = probe_logits(tuned, tokenizer)
    free_memory()
    try:
        fresh, _ = load_base(
            str(job.adapter),
            quantisation="none",
            dtype=str(dtype).removeprefix("torch."),
            trust_remote_code=job.base.trust_remote_code,
            attention=job.recipe.attention,
        )
        proof = prove_whole(fresh, tokenizer, expected=expected, effect=effect)
    except Exception:
        shutil.rmtree(job.adapter, ignore_errors=True)
        raise
    del fresh
    free_memory()
    return Saved(
        weights,
        str(dtype),
        proof,
        last=save_last(tuned, tokenizer, job.last, last, job.adapter),
    )


def free_memory() -> None:
    """Give back what deleted tensors held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
