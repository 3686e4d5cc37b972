"""Measure how many tokens fit into a micro-batch on this device, and what a micro-batch costs by itself."""

import gc
import logging
import time
from typing import Any, NamedTuple

import torch

from ..errors import is_out_of_memory
from .loss import summed_loss

CPU_TOKENS = 2048  # larger ones are slower on a CPU: they fall out of its caches
CPU_OVERHEAD = 64
GPU_OVERHEAD = 256  # where it is not measured, as the budget is configured
MOST_OVERHEAD = 4096
MOST_TOKENS = 32768
SPARE = 0.85  # share of the free memory that may be planned with
log = logging.getLogger("mothertongue.finetune")


class Budget(NamedTuple):
    """What micro-batches are planned with.

    `tokens` is the most that one may hold (0: not even one example fits); `overhead` the number of
    tokens that would be computed in the time that a micro-batch takes for being one at all.
    """

    tokens: int
    overhead: int


class Trial(NamedTuple):
    """One forward and backward pass: its tokens, its peak bytes and its seconds."""

    tokens: int
    bytes: int
    seconds: float


def fit_budget(small: Trial, large: Trial, available: int) -> int:
    """Tokens that fit into `available` bytes, from two passes."""
    slope = max(1.0, (large.bytes - small.bytes) / (large.tokens - small.tokens))
    fixed = max(0.0, small.bytes - slope * small.tokens)
    return int(max(0.0, available * SPARE - fixed) / slope)


def fit_overhead(small: Trial, large: Trial) -> int:
    """What a pass costs beside its tokens, in tokens, from the seconds of two passes."""
    slope = (large.seconds - small.seconds) / (large.tokens - small.tokens)
    if slope <= 0:  # the device is not busy with either
        return MOST_OVERHEAD
    return round(min(MOST_OVERHEAD, max(0.0, small.seconds / slope - small.tokens)))


def _trial(model: Any, rows: int, length: int, device: str) -> Trial:
    """One pass; its bytes are those beyond what is allocated before."""
    vocabulary = model.get_input_embeddings().weight.shape[0]
    tokens = torch.randint(vocabulary, (rows, length))
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    started = time.perf_counter()
    torch.autograd.backward(summed_loss(model, tokens, tokens.clone(), device))
    torch.cuda.synchronize(device)
    seconds = time.perf_counter() - started
    peak = torch.cuda.max_memory_allocated(device) - before
    model.zero_grad(set_to_none=True)
    return Trial(rows * length, peak, seconds)


def find_budget(model: Any, *, max_length: int, device: str) -> Budget:
    """Measure a micro-batch's budget on a GPU by two passes; fixed on a CPU (same result anywhere)."""
    if not device.startswith("cuda"):
        return Budget(CPU_TOKENS, CPU_OVERHEAD)
    model.train()
    try:
        for rows in (1, 2):  # first passes also fill libraries' workspaces and choose kernels
            _trial(model, rows, max_length, device)
        small, large = (_trial(model, rows, max_length, device) for rows in (1, 2))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return Budget(0, GPU_OVERHEAD)
    finally:
        model.zero_grad(set_to_none=True)
        gc.collect()
        torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    free -= 8 * sum(
        w.numel() for w in model.parameters() if w.requires_grad
    )  # AdamW's averages, to come
    tokens = min(MOST_TOKENS, fit_budget(small, large, free))
    overhead = fit_overhead(small, large)
    log.info(
        "%.2f MB and %.3f ms a token, %.1f GB free: token budget %d, a micro-batch costs %d tokens",
        (large.bytes - small.bytes) / max_length / 1e6,
        1e3 * large.seconds / large.tokens,
        free / 1e9,
        tokens,
        overhead,
    )
    return Budget(tokens if tokens >= max_length else 0, overhead)
