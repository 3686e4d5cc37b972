"""How many tokens fit into one micro-batch on this device."""

import gc
import logging
from typing import Any

import torch

from ..errors import is_out_of_memory
from .loss import summed_loss

CPU_TOKENS = 2048  # larger ones are slower on a CPU: they fall out of its caches
MOST_TOKENS = 32768
SPARE = 0.85  # share of the free memory that may be planned with
log = logging.getLogger("mothertongue.finetune")


def fit_budget(small: tuple[int, int], large: tuple[int, int], available: int) -> int:
    """Tokens that fit into `available` bytes, from two (tokens, bytes) measurements."""
    slope = max(1.0, (large[1] - small[1]) / (large[0] - small[0]))
    fixed = max(0.0, small[1] - slope * small[0])
    return int(max(0.0, available * SPARE - fixed) / slope)


def _bytes_of(model: Any, rows: int, length: int, device: str) -> int:
    """Peak bytes that one forward and backward pass takes beyond what is allocated before."""
    vocabulary = model.get_input_embeddings().weight.shape[0]
    tokens = torch.randint(vocabulary, (rows, length))
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    summed_loss(model, tokens, tokens.clone(), device).backward()
    torch.cuda.synchronize(device)
    peak = torch.cuda.max_memory_allocated(device) - before
    model.zero_grad(set_to_none=True)
    return peak


def find_budget(model: Any, *, max_length: int, device: str) -> int:
    """The token budget of a micro-batch: measured on a GPU, fixed on a CPU (same result anywhere).

    Returns 0 when not even one example of `max_length` tokens fits.
    """
    if not device.startswith("cuda"):
        return CPU_TOKENS
    model.train()
    try:
        _bytes_of(model, 1, max_length, device)  # the first pass also fills libraries' workspaces
        small = (max_length, _bytes_of(model, 1, max_length, device))
        large = (2 * max_length, _bytes_of(model, 2, max_length, device))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return 0
    finally:
        model.zero_grad(set_to_none=True)
        gc.collect()
        torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    budget = min(MOST_TOKENS, fit_budget(small, large, free))
    log.info(
        "%.2f MB a token, %.1f GB free: token budget %d",
        (large[1] - small[1]) / max_length / 1e6,
        free / 1e9,
        budget,
    )
    return budget if budget >= max_length else 0
