"""Writes typed records as CSV files, and reads them back."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from ..errors import InputError
from ..files import atomic

if TYPE_CHECKING:
    from dataclasses import Field


TYPES = {"str": "String", "int": "Int64", "float": "Float64", "bool": "Boolean"}


class Record(Protocol):
    """A dataclass whose fields are the columns of a table."""

    __dataclass_fields__: ClassVar[dict[str, "Field[Any]"]]


R = TypeVar("R", bound=Record)


def write_records(path: Path, records: Iterable[Record], columns: Mapping[str, str]) -> int:
    """Write records as CSV, empty where a number is not known; returns how many.

    `columns`: column -> polars type, in order.
    """
    import polars as pl

    schema = {name: getattr(pl, kind)() for name, kind in columns.items()}
    rows = [{name: row.get(name) for name in schema} for row in map(asdict, records)]
    table = pl.DataFrame(rows, schema=schema)
    with atomic(path) as temporary:
        table.fill_nan(None).write_csv(temporary)
    return table.height


def columns_of(kind: type[R]) -> dict[str, str]:
    """Polars types of a record's columns, in order."""

    def plain(one: Any) -> str:
        return one.__name__ if isinstance(one, type) else str(one).split(" ")[0]

    return {one.name: TYPES[plain(one.type)] for one in fields(kind)}


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Rows of a table as records; columns that the record does not know are left out."""
    import polars as pl

    try:
        rows = pl.read_csv(path, infer_schema_length=None).to_dicts()
    except pl.exceptions.NoDataError:
        raise InputError(f"{path}: empty file; delete it and run again") from None
    known = {field.name for field in fields(kind)}
    return [
        kind(**{name: without_nan(value) for name, value in row.items() if name in known})
        for row in rows
    ]


def without_nan(value: Any) -> Any:
    """A value of a table; None for NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
