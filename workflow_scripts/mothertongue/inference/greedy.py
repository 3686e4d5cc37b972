"""Decode many rows at once; rows join and leave while decoding goes on.

A row that has ended is taken out, and prompts that wait take its place: nothing waits for the
longest answer of a batch. Tokens are the likeliest ones unless something else is to choose them.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from transformers.cache_utils import DynamicCache

from .attention import Block, blocks
from .cache import Span, merged


class Prefilled(NamedTuple):
    """Prompts whose tokens are computed: indices, cache padded on the right, lengths, logits.

    The cache's first entries are those of `prefix`, if there is one to be read together.
    """

    indices: list[int]
    cache: Any
    lengths: list[int]
    logits: torch.Tensor
    prefix: DynamicCache | None = None


class Row(NamedTuple):
    """A row to be decoded: its number, last token, cache entries, and the prefix before them."""

    number: int
    last: int
    span: Span
    prefix: DynamicCache | None


Place = tuple[int, int]  # index of a row, and how many new tokens it has
Choice = Callable[[torch.Tensor, Sequence[Place]], torch.Tensor]


def likeliest(logits: torch.Tensor, places: Sequence[Place]) -> torch.Tensor:
    """The likeliest token of each row: logits [row, vocabulary] -> tokens [row]."""
    return logits.float().argmax(dim=-1)


class Sampler:
    """Draws the tokens of rows at a temperature; `seeds[i]` is the seed of the row of index i.

    A draw depends on nothing but the row's seed and its place in the text: which rows share the
    batch, or where a killed run goes on, does not matter.
    """

    def __init__(self, temperature: float, seeds: Sequence[str]) -> None:
        self.temperature = temperature
        self.seeds = seeds

    def __call__(self, logits: torch.Tensor, places: Sequence[Place]) -> torch.Tensor:
        """Draw from the softmax of logits [row, vocabulary] / temperature; tokens [row]."""
        sums = (logits.float() / self.temperature).softmax(dim=-1).cumsum(dim=-1)
        draws = [random.Random(f"{self.seeds[index]} {place}").random() for index, place in places]
        wanted = torch.tensor(draws, device=sums.device)[:, None] * sums[:, -1:]
        found = torch.searchsorted(sums, wanted, right=True)[:, 0]
        return found.clamp(max=sums.shape[-1] - 1)


class Greedy:
    """The rows that are being decoded.

    `forward(ids, cache, pick, **inputs)` returns logits; a row ends with one of the `ends` tokens,
    when a text of `stops` appears, or after `new` tokens. `by_block`: rows attend as attention.py
    says; only then may they have a prefix apart from their own cache. `choose` picks the tokens.
    """

    def __init__(
        self,
        forward: Callable[..., torch.Tensor],
        tokenizer: Any,
        *,
        ends: set[int],
        stops: Sequence[str],
        new: int,
        by_block: bool = False,
        choose: Choice = likeliest,
    ) -> None:
        self.forward = forward
        self.tokenizer = tokenizer
        self.ends = ends
        self.stops = stops
        self.new = new
        self.by_block = by_block
        self.choose = choose
        lengths = [len(tokenizer.encode(s, add_special_tokens=False)) for s in stops]
        self.window = max(lengths, default=0) + 2  # tokens that may hold a stop, as in lm-eval
        self.drop()

    def drop(self) -> list[int]:
        """Forget all rows; returns the indices of those that had not ended."""
        lost = self.live() if hasattr(self, "indices") else []
        self.indices: list[int] = []  # of rows in the cache, ended ones included
        self.outputs: dict[int, list[int]] = {}  # of rows that have not ended
        self.cache: Any = None
        self.pads: list[int] = []
        self.prefixes: list[DynamicCache | None] = []
        self.blocks: list[Block] = []
        self.last: list[int] = []
        return lost

    def live(self) -> list[int]:
        """Indices of the rows that have not ended."""
        return [index for index in self.indices if index in self.outputs]

    @property
    def length(self) -> int:
        """Tokens of the longest row."""
        return _length(self.cache) + max(map(_length, self.prefixes), default=0)

    def join(self, parts: list[Prefilled]) -> dict[int, list[int]]:
        """Take in rows and drop ended ones; returns those that end with their first token."""
        rows = [
            Row(index, self.last[place], Span(self.cache, place, pad, _length(self.cache)), prefix)
            for place, (index, pad, prefix) in enumerate(
                zip(self.indices, self.pads, self.prefixes)
            )
            if index in self.outputs
        ]
        ended: dict[int, list[int]] = {}
        for part in parts:
            tokens = self.choose(part.logits, [(index, 0) for index in part.indices]).tolist()
            self.outputs |= {index: [token] for index, token in zip(part.indices, tokens)}
            over = self._ended(part.indices)
            ended |= {index: self.outputs.pop(index) for index in over}
            depth = _length(part.prefix)
            rows += [
                Row(index, token, Span(part.cache, row, depth, length), part.prefix)
                for row, (index, token, length) in enumerate(
                    zip(part.indices, tokens, part.lengths)
                )
                if index not in over
            ]
        order: dict[int, int] = {}  # of prefixes: by address it would differ from run to run
        for row in rows:
            order.setdefault(id(row.prefix), len(order))
        rows.sort(key=lambda row: (order[id(row.prefix)], row.span.start - row.span.stop))
        self.indices = [row.number for row in rows]
        self.last = [row.last for row in rows]
        self.prefixes = [row.prefix for row in rows]
        self.cache, self.pads = merged([row.span for row in rows]) if rows else (None, [])
        self.blocks = blocks(self.pads, self.prefixes) if self.by_block else []
        return ended

    def step(self) -> dict[int, list[int]]:
        """Compute one more token of every row; returns the rows that end with it."""
        device = self.cache.layers[0].device
        pads = torch.tensor(self.pads, device=device)
        length = _length(self.cache)
        before = torch.tensor([_length(prefix) for prefix in self.prefixes], device=device)
        inputs: dict[str, Any] = {"position_ids": (before + length - pads)[:, None]}
        if any(self.pads):
            inputs["attention_mask"] = (
                torch.arange(length + 1, device=device)[None] >= pads[:, None]
            ).long()
        ids = torch.tensor(self.last, device=device)[:, None]
        logits = self.forward(ids, self.cache, None, self.blocks, **inputs)
        places = [(index, len(self.outputs.get(index, ()))) for index in self.indices]
        self.last = self.choose(logits, places).tolist()
        live = self.live()
        for index, token in zip(self.indices, self.last):
            if index in self.outputs:
                self.outputs[index].append(token)
        return {index: self.outputs.pop(index) for index in self._ended(live)}

    def _ended(self, indices: list[int]) -> set[int]:
        over = {
            index
            for index in indices
            if self.outputs[index][-1] in self.ends or len(self.outputs[index]) >= self.new
        }
        if self.stops:
            rows = [index for index in indices if index not in over]
            texts = self.tokenizer.batch_decode([self.outputs[i][-self.window :] for i in rows])
            over |= {i for i, text in zip(rows, texts) if any(stop in text for stop in self.stops)}
        return over

    def unfinished(self, tokens: list[int]) -> bool:
        """Whether a row was stopped by the limit alone."""
        text = self.tokenizer.decode(tokens[-self.window :])
        return (
            len(tokens) >= self.new
            and tokens[-1] not in self.ends
            and not any(stop in text for stop in self.stops)
        )


def _length(cache: DynamicCache | None) -> int:
    return cache.get_seq_length() if cache else 0
