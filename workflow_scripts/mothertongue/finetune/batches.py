"""Random effective batches, cut into micro-batches that hold little padding.

The examples that share an optimiser step are drawn at random, as in the paper's recipe. Only
*inside* a step are they sorted by length and cut, which leaves the step's gradient unchanged,
because the loss is a token mean over the whole effective batch.
"""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .encode import Example

if TYPE_CHECKING:
    import torch

IGNORED = -100


def epoch_order(count: int, *, seed: int, epoch: int) -> list[int]:
    """The order of examples in an epoch; depends on nothing but seed and epoch."""
    order = list(range(count))
    random.Random(f"order {seed} {epoch}").shuffle(order)
    return order


def effective_batches(order: Sequence[int], size: int) -> list[list[int]]:
    """Consecutive pieces of `size`; the last may be smaller."""
    return [list(order[start : start + size]) for start in range(0, len(order), size)]


def plan_micro_batches(
    lengths: Sequence[int], *, budget: int, overhead: int = 64
) -> list[list[int]]:
    """Cut positions 0…n-1 into groups of similar length with the least computed tokens.

    A group costs its longest length times its size (padding included) plus `overhead` tokens
    for being a group at all, and may not exceed `budget` tokens unless it is one example. The
    cut of the sorted lengths that costs least is found by dynamic programming.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    best = [0.0] + [float("inf")] * len(order)
    cut = [0] * (len(order) + 1)
    for end in range(1, len(order) + 1):
        for start in range(end - 1, -1, -1):
            tokens = lengths[order[start]] * (end - start)
            if tokens > budget and end - start > 1:
                break
            cost = best[start] + tokens + overhead
            if cost < best[end]:
                best[end], cut[end] = cost, start
    groups: list[list[int]] = []
    end = len(order)
    while end:
        groups.append(order[cut[end] : end])
        end = cut[end]
    return groups[::-1]


def collate(examples: Sequence[Example], pad: int) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Pad on the right; return input tokens and next-token targets (IGNORED where unsupervised).

    Causal attention never looks to the right, so padding there needs no attention mask, which
    lets attention run its fastest kernel.
    """
    import torch

    width = max(len(example.tokens) for example in examples)
    tokens = torch.full((len(examples), width), pad, dtype=torch.long)
    targets = torch.full((len(examples), width), IGNORED, dtype=torch.long)
    for row, example in enumerate(examples):
        ids = torch.tensor(example.tokens, dtype=torch.long)
        tokens[row, : len(ids)] = ids
        first = max(example.prompt, 1)
        targets[row, first - 1 : len(ids) - 1] = ids[first:]
        for start, end in example.masked:
            targets[row, start - 1 : end - 1] = IGNORED
    return tokens, targets


def padding_share(groups: Sequence[Sequence[int]], lengths: Sequence[int]) -> float:
    """Share of computed tokens that is padding."""
    computed = sum(max(lengths[i] for i in group) * len(group) for group in groups)
    real = sum(lengths[i] for group in groups for i in group)
    return 1 - real / computed if computed else 0.0
