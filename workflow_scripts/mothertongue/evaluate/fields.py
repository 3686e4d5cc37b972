"""Read cells of a benchmark's row: by which names a value goes, and which values are missing."""

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..files import is_missing

Row = Mapping[str, Any]


class MissingCell(InputError):
    """A row lacks a value that the test needs."""


class MissingColumn(InputError):
    """A row has none of the columns under which a value may stand."""


def cell(row: Row, where: str, *names: str) -> Any:
    """The first of these columns with a value, else `MissingCell`, or `MissingColumn`."""
    for name in names:
        if not is_missing(row.get(name)):
            return row[name]
    empty = next((name for name in names if name in row), None)
    if empty:
        raise MissingCell(
            f"{where}: '{empty}' is empty; mend the row, or leave such rows out with"
            " missing: drop under evaluate.benchmarks"
        )
    raise MissingColumn(f"{where}: no column '{names[0]}' (found: {', '.join(map(str, row))})")


def text(row: Row, where: str, *names: str) -> str:
    """The first of these columns with a value, as text."""
    return as_text(cell(row, where, *names), where, names[0])


def as_text(value: Any, where: str, name: str) -> str:
    """A value of the column `name` as text: texts and numbers have one, lists and bytes do not."""
    if isinstance(value, list | tuple | dict | bytes):
        raise InputError(f"{where}: '{name}' holds {type(value).__name__}, not text")
    return str(value)


def optional(row: Row, *names: str) -> str:
    """The first of these columns with a value, as text; empty if there is none."""
    return next((str(row[name]) for name in names if not is_missing(row.get(name))), "")
