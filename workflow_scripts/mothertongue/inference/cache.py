"""Key-value caches that several rows share, that can be merged, and that have room to grow.

Layout: while prompts are computed, suffixes stand directly behind their prefix and are padded on
the *right*; merged for decoding, rows are aligned on the right and padded on the *left*. No
padding ever lies between prefix and suffix, so that sliding windows reach as far as in lm-eval.
"""

from typing import Any, NamedTuple

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer


def with_room(length: int) -> int:
    """Length to reserve for so many tokens, so that growing token by token copies seldom."""
    return length + max(64, length // 4)


class Span(NamedTuple):
    """Entries start:stop of one row of a cache."""

    cache: DynamicCache
    row: int
    start: int
    stop: int


class RoomLayer(DynamicLayer):  # type: ignore[no-untyped-call]  # transformers has no types there
    """A cache layer with room for tokens to come: growing it copies only now and then."""

    def __init__(self, key_room: torch.Tensor, value_room: torch.Tensor, length: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # transformers has no types there
        self.dtype, self.device = key_room.dtype, key_room.device
        self.key_room, self.value_room, self.length = key_room, value_room, length
        self.is_initialized = True
        self._show()

    def _show(self) -> None:
        self.keys: torch.Tensor = self.key_room[:, :, : self.length]
        self.values: torch.Tensor = self.value_room[:, :, : self.length]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take in new tokens; returns all keys and values."""
        end = self.length + key_states.shape[2]
        if end > self.key_room.shape[2]:
            self.key_room = _grown(self.key_room, with_room(end))
            self.value_room = _grown(self.value_room, with_room(end))
        self.key_room[:, :, self.length : end] = key_states
        self.value_room[:, :, self.length : end] = value_states
        self.length = end
        self._show()
        return self.keys, self.values


def _grown(room: torch.Tensor, length: int) -> torch.Tensor:
    wide = room.new_empty(*room.shape[:2], length, room.shape[3])
    wide[:, :, : room.shape[2]] = room
    return wide


def entries(cache: DynamicCache, number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys and values of one layer, each [row, head, entry, width]."""
    layer: Any = cache.layers[number]  # other kinds of layers have none; the self test finds out
    return layer.keys, layer.values


def expanded(cache: DynamicCache | None, rows: int) -> DynamicCache | None:
    """The cache of one row as seen by `rows` rows; nothing is copied."""
    if cache is None:
        return None
    wide = DynamicCache()
    for number in range(len(cache.layers)):
        keys, values = entries(cache, number)
        layer = DynamicLayer()  # type: ignore[no-untyped-call]  # transformers has no types there
        layer.lazy_initialization(keys, values)
        layer.keys = keys.expand(rows, -1, -1, -1)
        layer.values = values.expand(rows, -1, -1, -1)
        wide.layers.append(layer)
    return wide


def merged(spans: list[Span]) -> tuple[DynamicCache, list[int]]:
    """One cache of several rows, aligned on the right; returns it and each row's padding."""
    length = max(stop - start for _, _, start, stop in spans)
    pads = [length - (stop - start) for _, _, start, stop in spans]
    result = DynamicCache()
    for number in range(len(spans[0].cache.layers)):
        rooms = []
        for kind, like in enumerate(entries(spans[0].cache, number)):
            room = like.new_empty(len(spans), like.shape[1], with_room(length), like.shape[3])
            for place, ((cache, row, start, stop), pad) in enumerate(zip(spans, pads)):
                room[place, :, :pad] = 0  # masked, but garbage could be no number at all
                old = entries(cache, number)[kind]
                room[place, :, pad:length] = old[row, :, start:stop]
            rooms.append(room)
        keys, values = rooms
        result.layers.append(RoomLayer(keys, values, length))
    return result, pads


def token_bytes(config: Any, element: int) -> int:
    """Bytes that one token takes in the cache of a model; `element` is the size of a number."""
    config = getattr(config, "text_config", None) or config
    heads = getattr(config, "num_attention_heads", None) or 1
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    heads = getattr(config, "num_key_value_heads", None) or heads
    return int(2 * config.num_hidden_layers * heads * width * element)
