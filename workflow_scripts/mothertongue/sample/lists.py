"""English rows that a language lists itself."""

from typing import Any

import polars as pl

from ..errors import InputError
from ..files import file_hash, matching_files
from ..sample.draw import dataset_rows
from ..sample.rows import Row
from ..sample.source import read_table

ENGLISH = "en"


def listed_rows(path: str, language: str, english: list[Row], rules: dict[str, Any]) -> list[Row]:
    """English rows that a file lists: in full (inputs, targets, perhaps id), or by id alone."""
    key = f"languages.{language}.english_rows"
    (file,) = matching_files(path, key)
    table = read_table(file, (), ("id", "inputs", "targets"))
    if {"inputs", "targets"} <= set(table.columns):
        table = table.with_columns(
            pl.lit(file.as_posix()).alias("_file"),
            pl.lit(f"sha256:{file_hash(file)[:12]}").alias("_revision"),
        )
        return dataset_rows(table, ENGLISH, **rules)[0]
    if "id" not in table.columns:
        raise InputError(f"{file}: needs columns inputs and targets, or id ({key})")
    known = {row.id: row for row in english}
    unknown = [name for name in table["id"] if name not in known]
    if unknown:
        raise InputError(
            f"{file}: {len(unknown)} ids are not English rows of the data, such as '{unknown[0]}'"
        )
    return [known[name] for name in dict.fromkeys(table["id"])]
