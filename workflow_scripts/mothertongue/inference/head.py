"""Compute the output layer in float32 where scores are read, whatever the model's type.

In bfloat16 a logit has 8 significant bits: the options of a question often tie, and a tie goes to
the first of them. Hidden states stay in the model's type; only the last product, over the rows
that are scored, is done in float32.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F

ENTRIES = 16384  # of the vocabulary whose weights are held in float32 at a time


def exact_logits(states: torch.Tensor, head: torch.nn.Linear) -> torch.Tensor:
    """Logits [..., vocabulary] in float32 of hidden states [..., width]."""
    states = states.float()
    size = head.weight.shape[0]
    logits = states.new_empty(*states.shape[:-1], size)
    for start in range(0, size, ENTRIES):
        part = slice(start, start + ENTRIES)
        bias = None if head.bias is None else head.bias[part].float()
        logits[..., part] = F.linear(states, head.weight[part].float(), bias)
    return logits


@contextmanager
def exact_head(head: Any) -> Iterator[None]:
    """Let an output layer compute in float32; one that is quantised or is so already stays."""
    plain = type(head) is torch.nn.Linear and head.weight.dtype in (torch.bfloat16, torch.float16)
    if not plain:
        yield
        return
    own = vars(head).get("forward")
    head.forward = lambda states: exact_logits(states, head)
    try:
        yield
    finally:
        del head.forward
        if own is not None:
            head.forward = own
