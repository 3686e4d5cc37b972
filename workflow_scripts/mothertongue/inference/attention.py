"""Let rows that are decoded together read their shared prefix once, and little padding.

In decoding most of the time goes into reading keys and values. Rows behind one prefix read its
cache together, and rows much shorter than others do not read the padding up to them. This is for
one new token per row of a model in float32 on a CPU; a self test says whether a model can do it.

It makes whole evaluations with generation this much faster (`python bench/evaluate_speed.py
../shared/data --tasks xquad mgsm --items 20 --repeats 3 --apart --family FAMILY`, random models of
hidden size 128 with 4 layers, one CPU thread, equal texts required; median, lowest to highest):

                                         Llama 2              Qwen2                Gemma
    XQuAD es, 30 items, 256 new tokens   1.42 (1.37 to 1.49)  1.22 (1.19 to 1.29)  1.21 (1.18 to 1.25)
    MGSM es, 20 items                    1.30 (1.24 to 1.39)  1.10 (1.04 to 1.10)  1.10 (1.07 to 1.10)
    XQuAD es, answers that end soon      1.08 (1.07 to 1.09)  1.00 (0.99 to 1.06)

Fewer heads for keys and values (Qwen2: half, Gemma: one) leave less to read, hence the lower gain.
The last row is with `--ending 0.1`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import groupby
from typing import Any, NamedTuple

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import DynamicCache
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from .cache import entries

NAME = "sdpa_in_blocks"
WORTH = 256  # cache entries that must not be read to be worth one more call


class Block(NamedTuple):
    """Rows start:stop of a batch: behind one prefix, with at least `pad` entries of padding."""

    start: int
    stop: int
    pad: int
    prefix: DynamicCache | None


def blocks(pads: Sequence[int], prefixes: Sequence[DynamicCache | None]) -> list[Block]:
    """Cut rows into blocks; rows behind one prefix follow one another, longest first."""
    found = []
    for _, group in groupby(range(len(pads)), key=lambda row: id(prefixes[row])):
        rows = list(group)
        start = rows[0]
        for row in rows:
            if (rows[-1] + 1 - row) * (pads[row] - pads[start]) >= WORTH:
                found.append(Block(start, row, pads[start], prefixes[start]))
                start = row
        found.append(Block(start, rows[-1] + 1, pads[start], prefixes[start]))
    return found


_present: ContextVar[Sequence[Block]] = ContextVar("blocks")


@contextmanager
def in_blocks(model: Any, present: Sequence[Block]) -> Iterator[None]:
    """Let `model` attend in these blocks of rows; without any, as it always does."""
    if not present:
        yield
        return
    config = model.config.get_text_config(decoder=True)
    before = config._attn_implementation
    token = _present.set(present)
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before
        _present.reset(token)


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    outputs = []
    for start, stop, pad, prefix in _present.get():
        rows = slice(start, stop)
        own = query[rows], key[rows, :, pad:], value[rows, :, pad:]
        mask = None if attention_mask is None else attention_mask[rows, ..., pad:]
        if prefix is None:
            output, _ = sdpa_attention_forward(module, *own, mask, scaling=scaling, **options)
        else:
            keys, values = entries(prefix, module.layer_idx)
            output = _behind(keys[0], values[0], *own, mask, scaling)
        outputs.append(output)
    return torch.cat(outputs), None


def _behind(
    prefix_keys: torch.Tensor,
    prefix_values: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float,
) -> torch.Tensor:
    """Attention of rows [row, head, 1, width] to a prefix [head, entry, width] and their own."""
    rows, heads, _, width = query.shape
    query = (query * scaling).reshape(rows, key.shape[1], -1, width)  # heads that share keys
    shared = _together(query, prefix_keys.transpose(1, 2))
    own = query @ key.transpose(2, 3)
    if mask is not None:
        own = own.masked_fill(~mask, -torch.inf)
    weights = torch.cat([shared, own], dim=-1).softmax(dim=-1)
    shared, own = torch.split(weights, [shared.shape[-1], own.shape[-1]], dim=-1)
    output = own @ value + _together(shared, prefix_values)
    return output.reshape(rows, 1, heads, width)


def _together(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """[row, head, query, n] @ [head, n, m] as one product per head."""
    joint = left.transpose(0, 1).flatten(1, 2) @ right
    return torch.unflatten(joint, 1, (left.shape[0], -1)).transpose(0, 1)


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
