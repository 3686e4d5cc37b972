"""Rows that a condition was trained on, for scores.csv: native ones, and those of any translation."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..files import read_jsonl
from ..study.mixes import NATIVE, Mix


@dataclass(frozen=True, slots=True)
class Size:
    """Training rows of each origin, and the draw that they are (1 where nothing is drawn)."""

    native_rows: int
    translated_rows: int
    draw: int | None

    def columns(self) -> dict[str, int | None]:
        """The columns of scores.csv."""
        return {name: getattr(self, name) for name in Size.__slots__}


UNTUNED = Size(0, 0, None)
Sizes = dict[tuple[str, str], Size]  # by data (a segment of a path) and scope


def read_sizes(training_sets: Iterable[Path]) -> Sizes:
    """The size of every training set …/{data}/{scope}/train.jsonl."""
    found: Sizes = {}
    for path in training_sets:
        data, scope = path.parts[-3:-1]
        mix = Mix.parse(data)
        parts = [row["origin"].get("part", data) for row in read_jsonl(path)]
        native = parts.count(NATIVE)
        found[data, scope] = Size(native, len(parts) - native, mix.draw or 1)
    return found
