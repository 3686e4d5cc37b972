"""Cut the training sets of a comparison to an equal number of rows, answer tokens or steps.

The smallest set decides. Rows are taken in the order of a hash of their id, so that a smaller
budget is part of a larger one, and sets with the same ids keep the same rows.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..files import text_hash
from ..sample.rows import Row
from .encode import Counts, Example

Encoded = tuple[list[Example], Counts]


@dataclass(frozen=True)
class Equal:
    """What was held equal: `limit` is the smallest set's number, `own` this set's before the cut."""

    kind: str
    limit: int
    own: int
    others: tuple[tuple[str, int], ...]

    @property
    def steps(self) -> int | None:
        """The number of optimiser steps to stop after, if steps are held equal."""
        return self.limit if self.kind == "steps" else None

    def as_dict(self) -> dict[str, Any]:
        """The record as JSON."""
        return {**asdict(self), "others": dict(self.others)}


def quantity(examples: list[Example], kind: str, *, epochs: int, effective_batch: int) -> int:
    """Rows, answer tokens of an epoch, or optimiser steps of a whole training."""
    if kind == "rows":
        return len(examples)
    if kind == "tokens":
        return sum(example.supervised for example in examples)
    return epochs * math.ceil(len(examples) / effective_batch)


def cut(examples: list[Example], kind: str, limit: int) -> list[Example]:
    """The examples that fit into `limit` rows or answer tokens, in their given order.

    By tokens, those after the first that does not fit fill what is left, so that two sets differ by
    less than their shortest rows. At least one example is kept.
    """
    if kind == "steps":
        return examples
    ranked = sorted(examples, key=lambda example: text_hash("budget", example.id))
    chosen: set[str] = set()
    used = 0
    for example in ranked:
        cost = 1 if kind == "rows" else example.supervised
        if used + cost <= limit:
            chosen.add(example.id)
            used += cost
    chosen = chosen or {min(ranked, key=lambda example: example.supervised).id}
    return [example for example in examples if example.id in chosen]


def hold_equal(
    rows: list[Row],
    others: Mapping[str, list[Row]],
    encode: Callable[[list[Row]], Encoded],
    kind: str,
    *,
    epochs: int,
    effective_batch: int,
) -> tuple[Encoded, Equal]:
    """Encode a training set, cut to the smallest among it and `others` (name -> rows).

    The counts are those of the rows that are left; `rows` and `dropped_rows` stay the whole set's.
    """
    measure = {"epochs": epochs, "effective_batch": effective_batch}
    examples, counts = encode(rows)
    own = quantity(examples, kind, **measure)
    sizes = {name: quantity(encode(other)[0], kind, **measure) for name, other in others.items()}
    limit = min([own, *sizes.values()])
    equal = Equal(kind, limit, own, tuple(sorted(sizes.items())))
    ids = {example.id for example in cut(examples, kind, limit)}
    if len(ids) < len(examples):
        examples, left = encode([row for row in rows if row.id in ids])
        counts = replace(left, rows=counts.rows, dropped_rows=counts.dropped_rows)
    return (examples, counts), equal
