"""What a training set is like: rows, turns, lengths, duplicates, and which languages its rows are in."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..sample.draw import ranked
from ..sample.rows import FIELDS, Row
from .checks.rows import check_languages

LOOKED_AT = 1000  # rows of a language whose language is identified, drawn by the rank of their id


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of one kind of text: the median, and what nine of ten are shorter than."""

    median: float
    ninety: float


@dataclass(frozen=True, slots=True)
class Measures:
    """A training set in one language. `other`: language -> rows of `looked_at` that are in it."""

    language: str
    rows: int
    several_turns: int
    system: int
    duplicates: int
    instruction: Lengths
    output: Lengths
    looked_at: int
    other: dict[str, int]
    examples: list[str]

    def as_json(self) -> dict[str, Any]:
        """The measures as JSON."""
        return asdict(self)


def measures(rows: Sequence[Row]) -> list[Measures]:
    """The measures of a set, language by language."""
    languages = sorted({row.language for row in rows})
    return [
        _of(language, [row for row in rows if row.language == language]) for language in languages
    ]


def _of(language: str, rows: list[Row]) -> Measures:
    lengths: dict[str, list[int]] = {field: [] for field in FIELDS}
    for row in rows:
        for text in row.texts():
            lengths[text.field].append(len(text.text))
    drawn = ranked(rows, 1, "language")[:LOOKED_AT]
    checked = check_languages(drawn, language)
    told = checked.as_json()
    return Measures(
        language,
        len(rows),
        sum(len(row.turns) > 2 for row in rows),
        sum(row.system is not None for row in rows),
        len(rows) - len(Counter(row.content for row in rows)),
        _lengths(lengths["instruction"]),
        _lengths(lengths["output"]),
        len(drawn),
        told["other"],
        [one["text"] for one in told["examples"]],
    )


def _lengths(values: list[int]) -> Lengths:
    if len(values) < 2:
        return Lengths(*[float(values[0])] * 2)
    return Lengths(statistics.median(values), statistics.quantiles(values, n=10)[-1])
