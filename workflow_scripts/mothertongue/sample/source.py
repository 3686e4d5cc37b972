"""Read instruction data of any usual shape from local files, addresses or the hub, as one table.

The table has Aya's columns: `inputs`, `targets`; `language_code` where the data tells languages apart;
optionally `id`, `language`, `annotation_type`; `_turns` and `_system` where a row has several turns or
a system message; and `_file`, `_revision`, `_row`: where a row comes from.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from .. import hub
from ..errors import InputError, first_line
from ..files import (
    file_hash,
    is_missing,
    matching_files,
    patterns_of,
    read_json_rows,
    text_hash,
    written_ids,
)
from ..urls import fetch, is_url
from .formats import column_names, is_as_named, read_records
from .rows import ROLES, Turn
from .shapes import Conversation, conversations

TEXT = (pl.String, pl.Null, pl.Categorical, pl.Enum)
NEEDED = ("inputs", "targets", "language_code")
AYA = {"instruction": "inputs", "output": "targets"}  # field of a row -> column
OPTIONAL = ("id", "language", "annotation_type")


def read_table(path: Path, needed: Iterable[str], optional: Iterable[str] = ()) -> pl.DataFrame:
    """Read text columns of a parquet, JSON Lines or JSON file, with the row number as `_row`."""
    needed, optional = list(needed), list(optional)
    frame = _read_parquet(path) if path.suffix == ".parquet" else _read_json(path, needed, optional)
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)} (there are: {', '.join(frame.columns)};"
            f" wanted: {', '.join(needed)}, one row per instruction and answer)"
        )
    if frame.is_empty():
        raise InputError(f"{path}: no rows")
    columns = [*needed, *(c for c in optional if c in frame.columns)]
    if "id" in columns:
        ids = frame["id"]
        if not (ids.dtype in TEXT or ids.dtype.is_integer() or ids.dtype.is_float()):
            raise InputError(f"{path}: column 'id' holds {ids.dtype}, not text or numbers")
        frame = frame.with_columns(pl.Series("id", written_ids(ids.to_list()), pl.String))
    for column in columns:
        kind = frame.schema[column]
        if kind not in TEXT:
            raise InputError(f"{path}: column '{column}' holds {kind}, not text; save it as text")
        texts = frame[column].cast(pl.String)
        if texts.str.contains("\0", literal=True).any():
            number = (texts.str.contains("\0", literal=True).arg_true()[0]) + 1
            raise InputError(f"{path}, row {number}: '{column}' holds a NUL character; remove it")
    return frame.select(
        *(pl.col(c).cast(pl.String) for c in columns),
        pl.int_range(1, pl.len() + 1).alias("_row"),
    )


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except Exception as error:  # polars raises many kinds for a broken file
        raise InputError(f"{path}: not a readable parquet file ({first_line(error)})") from None


def _read_json(path: Path, needed: list[str], optional: list[str]) -> pl.DataFrame:
    """Rows of JSON Lines or of a JSON array; columns that nobody asks for are null."""
    if path.suffix in (".csv", ".tsv", ".txt", ".xlsx"):
        raise InputError(
            f"{path}: cannot read '{path.suffix}' files; use .jsonl, .json or .parquet"
        )
    rows = read_json_rows(path)
    if not rows:
        raise InputError(f"{path}: no rows")
    found = list(dict.fromkeys(name for row in rows for name in row))
    names = [name for name in (*needed, *optional) if name in found]
    for number, row in enumerate(rows, start=1):
        for column in names:
            value = None if is_missing(row.get(column)) else row[column]
            if not (value is None or isinstance(value, str)) and column != "id":
                raise InputError(
                    f"{path}, row {number}: '{column}' holds {type(value).__name__}, not text; write"
                    " it in quotes"
                )
    texts = {
        c: [row.get(c) if isinstance(row.get(c), str) else None for row in rows] for c in names
    }
    if "id" in names:
        texts["id"] = written_ids([row.get("id") for row in rows])
    others = dict.fromkeys(name for name in found if name not in names)
    return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String)).with_columns(
        pl.lit(None, pl.String).alias(name) for name in others
    )


def read_source(dataset: Mapping[str, Any], key: str) -> pl.DataFrame:
    """Read a whole dataset of any shape: `path`, or `hub` with `revision`, `name`, `split`; `columns`.

    Files in Aya's columns are read as they are; all others become Aya's columns. `lock` in a hub dataset
    is the path of the hub's lock (hub.py); `key` names the dataset in messages (`sample.dataset`).
    """
    if dataset.get("hub"):
        name, asked = dataset["hub"], dataset.get("revision")
        lock = hub.read_lock(dataset.get("lock") or "")
        split = dataset.get("split") or "train"
        commit, paths = hub.dataset_files(name, dataset.get("name"), split, asked, lock)
        frames = [_from(path, dataset, key, name, commit) for path in paths]
        joined = pl.concat(frames, how="diagonal")
        return joined.with_columns(pl.int_range(1, pl.len() + 1).alias("_row"))
    lock = hub.read_lock(dataset.get("lock") or "")
    with TemporaryDirectory() as folder:
        places: dict[str, Path] = {}
        for pattern in patterns_of(dataset["path"]):
            if is_url(pattern):
                places[pattern] = hub.url_copy(lock, pattern) or _fetched(pattern, Path(folder))
            else:
                found = matching_files(pattern, f"{key}.path")
                places |= {path.as_posix(): path for path in found}
        frames = [
            _from(path, dataset, key, name, f"sha256:{file_hash(path)[:12]}")
            for name, path in places.items()
        ]
    return pl.concat(frames, how="diagonal")


def _fetched(url: str, folder: Path) -> Path:
    """The file at an address, under its own name's ending."""
    path = folder / f"{text_hash(url)[:16]}{''.join(Path(urlsplit(url).path).suffixes)}"
    path.write_bytes(fetch(url))
    return path


def _from(
    path: Path, dataset: Mapping[str, Any], key: str, name: str, revision: str
) -> pl.DataFrame:
    columns = dataset.get("columns")
    if columns is None and is_as_named(path) and set(NEEDED) <= set(column_names(path)):
        print(f"{path}: read as Aya ({', '.join(NEEDED)})")
        frame = read_table(path, NEEDED, OPTIONAL)
    else:
        found = conversations(read_records(path), columns, key=f"{key}.columns")
        frame = _as_table(found)
    return frame.with_columns(pl.lit(name).alias("_file"), pl.lit(revision).alias("_revision"))


def _as_table(found: list[Conversation]) -> pl.DataFrame:
    """Conversations in Aya's columns; several turns stand as JSON in `_turns`."""
    columns: dict[str, list[str | None]] = {
        "inputs": [one.turns[0].content for one in found],
        "targets": [one.turns[-1].content for one in found],
        "language_code": [one.language for one in found],
        "id": [one.id for one in found],
        "annotation_type": [one.annotation_type for one in found],
        "_turns": [
            json.dumps([turn.content for turn in one.turns]) if len(one.turns) > 2 else None
            for one in found
        ],
        "_system": [one.system for one in found],
    }
    kept = {
        column: texts
        for column, texts in columns.items()
        if column in ("inputs", "targets") or any(text is not None for text in texts)
    }
    return pl.DataFrame(kept, schema=dict.fromkeys(kept, pl.String)).with_columns(
        pl.int_range(1, pl.len() + 1).alias("_row")
    )


def turns_of(item: Mapping[str, Any]) -> tuple[Turn, ...]:
    """The turns of a row of a table; a text that is missing is empty."""
    several = item.get("_turns")
    texts = json.loads(several) if several else (item["inputs"], item["targets"])
    return tuple(Turn(ROLES[number % 2], text or "") for number, text in enumerate(texts))


def read_aya(dataset: Mapping[str, Any], key: str = "sample.dataset") -> pl.DataFrame:
    """Read a dataset that tells its languages apart: one file for many of them, as Aya has it."""
    frame = read_source(dataset, key)
    if "language_code" not in frame.columns:
        raise InputError(
            f"{key}: no column language_code (there are: {', '.join(_named(frame))}), which would say whose"
            f" row is whose; name it in {key}.columns (language: …), or give each language a source of its"
            " own (languages.*.native)"
        )
    return frame


def english_table(english: Mapping[str, Any], dataset: Mapping[str, Any]) -> pl.DataFrame:
    """English rows: of their own source (`path` or `hub` in `english`), or those of a shared dataset."""
    if english.get("path") or english.get("hub"):
        return read_source(english, "sample.english")
    rows = {"code": english["code"], "annotation_type": english.get("annotation_type")}
    return language_rows(read_aya(english.get("dataset", dataset)), rows, "sample.english")


def _named(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if not name.startswith("_")]


def language_rows(frame: pl.DataFrame, aya: Mapping[str, Any], where: str) -> pl.DataFrame:
    """Rows of one language: `code`, optionally `language` and `annotation_type`."""
    chosen = frame
    for column, wanted in (
        ("language_code", aya["code"]),
        ("language", aya.get("language")),
        ("annotation_type", aya.get("annotation_type")),
    ):
        if wanted is None:
            continue
        if column not in chosen.columns:
            raise InputError(
                f"{where}: asks for {column} '{wanted}', but the data has no such column"
            )
        kept = chosen.filter(pl.col(column) == wanted)
        if kept.is_empty():
            there = sorted(v for v in chosen[column].unique().to_list() if v is not None)
            raise InputError(
                f"{where}: no row has {column} '{wanted}' (there are: {', '.join(there[:30])})"
            )
        chosen = kept
    return chosen
