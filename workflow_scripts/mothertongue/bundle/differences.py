"""Where two files of results differ: file, row, column and both values.

Numbers that agree to `CLOSE` count as equal, since processors and libraries round differently in the
last digits; everything else has to be the same text.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..files import read_json

CLOSE = 1e-9  # relative; absolute for numbers below 1
TABLES = (".csv", ".json", ".parquet", ".tex")


class Difference(NamedTuple):
    """One value that is not the same in the bundle and when it is recomputed."""

    file: str
    place: str
    bundled: str
    recomputed: str

    def __str__(self) -> str:
        """The difference in one line."""
        return (
            f"{self.file}, {self.place}: {self.bundled} in the bundle, {self.recomputed} recomputed"
        )


Cell = object


def equal(first: Cell, second: Cell) -> bool:
    """Whether two values are the same, numbers to `CLOSE`."""
    if first == second:
        return True
    try:
        a, b = float(first), float(second)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    if isinstance(first, bool) or isinstance(second, bool):
        return False
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE)


def _shown(value: Cell) -> str:
    text = "nothing" if value is None or value == "" else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _rows(path: Path) -> tuple[list[str], list[list[Cell]]]:
    """Names of the columns, and rows of cells."""
    if path.suffix == ".parquet":
        import polars as pl

        frame = pl.read_parquet(path)
        return frame.columns, [list(row) for row in frame.iter_rows()]
    with path.open(encoding="utf-8", newline="") as handle:
        names, *rows = csv.reader(handle)
    return names, [list(row) for row in rows]


def _of_tables(first: Path, second: Path) -> Iterator[tuple[str, Cell, Cell]]:
    (names, rows), (other_names, other_rows) = _rows(first), _rows(second)
    if names != other_names:
        yield "columns", ", ".join(names), ", ".join(other_names)
        return
    for number, (row, other) in enumerate(zip(rows, other_rows), start=1):
        for name, a, b in zip(names, row, other):
            if not equal(a, b):
                yield f"row {number}, column {name}", a, b
    if len(rows) != len(other_rows):
        yield "number of rows", len(rows), len(other_rows)


def _of_json(first: Cell, second: Cell, place: str) -> Iterator[tuple[str, Cell, Cell]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in {**first, **second}:
            inside = (
                f"{place}.{key}" if "column " in place else f"{place}, column {key}".lstrip(", ")
            )
            yield from _of_json(first.get(key), second.get(key), inside)
    elif isinstance(first, list) and isinstance(second, list):
        for number, (a, b) in enumerate(zip(first, second), start=1):
            yield from _of_json(a, b, f"{place}, row {number}" if place else f"row {number}")
        if len(first) != len(second):
            yield f"{place or 'list'}, number of rows", len(first), len(second)
    elif not equal(first, second):
        yield place or "content", first, second


def _of_lines(first: Path, second: Path) -> Iterator[tuple[str, Cell, Cell]]:
    lines, others = (p.read_text(encoding="utf-8").splitlines() for p in (first, second))
    for number, (a, b) in enumerate(zip(lines, others), start=1):
        if a != b:
            yield f"line {number}", a.strip(), b.strip()
    if len(lines) != len(others):
        yield "number of lines", len(lines), len(others)


def differences(name: str, bundled: Path, recomputed: Path) -> list[Difference]:
    """Every value that differs between two files of the same `name` and form."""
    for path, place in ((bundled, "bundle"), (recomputed, "recomputed")):
        if not path.is_file():
            there = "is there", "is missing"
            ours, theirs = there[::-1] if place == "bundle" else there
            return [Difference(name, "file", ours, theirs)]
    if bundled.read_bytes() == recomputed.read_bytes():
        return []
    try:
        if bundled.suffix in (".csv", ".parquet"):
            found = [*_of_tables(bundled, recomputed)]
        elif bundled.suffix == ".json":
            found = [*_of_json(read_json(bundled), read_json(recomputed), "")]
        else:
            found = [*_of_lines(bundled, recomputed)]
    except Exception as error:  # a damaged file, of any form
        return [Difference(name, "file", f"unreadable ({error})", "readable")]
    return [Difference(name, place, _shown(a), _shown(b)) for place, a, b in found]
