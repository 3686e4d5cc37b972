"""Reads plain tables: CSV or JSON Lines with `item` and `score`, and what else they say of a row.

Columns: item, score; where they are: task, metric, language, model, replicate (or seed), cluster, weight,
chance, prompt. The same columns make a frame for `mothertongue.compare`, with `run` beside them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError, first_line
from ...files import read_jsonl
from ..records import COLUMNS, Block, Log, Settings

if TYPE_CHECKING:
    import polars as pl

NEEDED = ("item", "score")
KEYS = ("task", "metric", "language", "model", "replicate")
OTHER_NAMES = {
    "seed": "replicate", "benchmark": "task", "id": "item", "item_id": "item", "value": "score",
}  # fmt: skip
WORDS = {"Float64": "number", "String": "text"}
LOWER = ("perplexity", "bits", "loss", "error", "wer", "cer", "ter")


def is_plain(names: list[str]) -> bool:
    """Whether columns are those of a plain table."""
    named = {OTHER_NAMES.get(name, name) for name in names}
    return set(NEEDED) <= named


def read(path: Path) -> Log:
    """A CSV, TSV, JSON Lines or Parquet file; its task is empty where no column names it."""
    import polars as pl

    try:
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
        elif path.suffix in (".jsonl", ".ndjson"):
            table = read_lines(path)
        else:
            with path.open("rb") as handle:
                tabs = b"\t" in handle.readline()
            table = pl.read_csv(path, separator="\t" if tabs else ",", infer_schema_length=1000)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: cut or not readable ({first_line(error)})") from None
    return Log(tuple(blocks_of(table, str(path), "")))


def read_lines(path: Path) -> "pl.DataFrame":
    """A JSON Lines file; of one that polars cannot read, what is wrong with which line."""
    import polars as pl

    try:
        return pl.read_ndjson(path, infer_schema_length=1000)
    except pl.exceptions.PolarsError:
        return pl.DataFrame(read_jsonl(path), infer_schema_length=None)


def blocks_of(table: "pl.DataFrame", source: str, task: str = "scores") -> Iterator[Block]:
    """The blocks of a plain table; `task` names the one that no column names."""
    import polars as pl

    renamed = {
        old: new
        for old, new in OTHER_NAMES.items()
        if old in table.columns and new not in table.columns
    }
    table = table.rename(renamed)
    for name in NEEDED:
        if name not in table.columns:
            raise InputError(f"{source}: no column '{name}'; found {', '.join(table.columns)}")
    if table.is_empty():
        raise InputError(f"{source}: no rows; evaluate again")
    if empty := table["item"].null_count():
        raise InputError(f"{source}: {empty:,} rows have no item; give each an id of its own")
    given = [
        pl.col(name).cast(getattr(pl, kind))
        if name in table.columns
        else pl.lit(1.0 if name == "weight" else None, getattr(pl, kind)).alias(name)
        for name, kind in COLUMNS.items()
    ]
    for name, kind in COLUMNS.items():
        if name in table.columns and table[name].dtype.is_nested():
            raise InputError(f"{source}: {name} is a list or an object; give one {WORDS[kind]}")
    try:
        table = table.with_columns(given)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{source}: no number where one is wanted ({first_line(error)})") from None
    keys = [name for name in KEYS if name in table.columns]
    parts = table.partition_by(keys, as_dict=True, maintain_order=True) if keys else {(): table}
    for values, part in parts.items():
        own = {k: "" if v is None else str(v) for k, v in zip(keys, values, strict=True)}
        metric = own.get("metric") or "score"
        yield Block(
            own.get("task") or task,
            metric,
            part.select(list(COLUMNS)),
            own.get("language", ""),
            own.get("model", ""),
            own.get("replicate", ""),
            lower_is_better=any(word in metric.lower() for word in LOWER),
            settings=Settings(),
            source=source,
        )
