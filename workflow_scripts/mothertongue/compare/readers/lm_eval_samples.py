"""Reads a samples file of lm-eval into a table: one row per document and filter.

A line holds the whole document and prompt, but only its two ends are wanted, and lm-eval writes keys in
a fixed order. So the middle of each line is cut out, and polars parses what is left of many lines at
once. A file whose lines look otherwise, or hold anything but numbers where the first line has numbers,
is parsed line by line as a whole, which is slower and names the line that is broken.

Columns: doc_id, filter, options (requests of the document), doc_hash, prompt_hash (empty where the log
has none), and one per metric: a number, or [log-likelihood, weight] of a rate.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError

if TYPE_CHECKING:
    import polars as pl

KNOWN = {  # keys of a sample that are no metrics
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash"),
}
RATES = {"word_perplexity", "byte_perplexity", "bits_per_byte"}  # logged as [likelihood, weight]
OPTION, HASH, FILTER = b'": {"arg_0": ', b', "doc_hash": ', b', "filter": "'
BLOCK, LINES = 1 << 18, 50_000  # bytes searched and lines parsed at once, about


def read_table(path: Path) -> "tuple[pl.DataFrame, list[str]]":
    """The rows of a samples file and the names of its metrics, the main one first."""
    rows = samples(path)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: empty; evaluate again")
    names = [name for name, value in first.items() if is_score(name, value)]
    if not names:
        raise InputError(f"{path}: its samples have no metric (--predict_only?)")
    found = quick_table(path, names)
    return (whole_table(path, names) if found is None else found), names


def schema_of(names: list[str]) -> "dict[str, pl.DataType]":
    """The columns that are read."""
    import polars as pl

    fixed = {"doc_id": pl.Int64(), "filter": pl.String(), "options": pl.Int64()}
    hashes = {"doc_hash": pl.String(), "prompt_hash": pl.String()}
    number, pair = pl.Float64(), pl.List(pl.Float64)
    return {**fixed, **hashes, **{name: pair if name in RATES else number for name in names}}


def is_score(name: str, value: object) -> bool:
    """Whether a key of a sample is a metric that is a mean over items."""
    if name in KNOWN:
        return False
    if isinstance(value, list):
        return name in RATES and len(value) == 2
    return isinstance(value, (int, float))


# -- many lines at once --------------------------------------------------------------------------


def quick_table(path: Path, names: list[str]) -> "pl.DataFrame | None":
    """The table from both ends of each line; None where a line looks otherwise or has no number."""
    import polars as pl

    schema, parts = schema_of(names), []
    read = {name: kind for name, kind in schema.items() if name != "options"}
    try:
        for text, options in shortened(path):
            part = pl.read_ndjson(text, schema=read)
            parts.append(part.with_columns(pl.Series("options", options, schema["options"])))
    except (ValueError, pl.exceptions.PolarsError):
        return None
    found = pl.concat(parts).select(list(schema))
    wanted = ["doc_id", "doc_hash", *names]
    pairs = [name for name in names if name in RATES]
    if any(found[name].has_nulls() for name in wanted):
        return None
    return None if any((found[name].list.len() != 2).any() for name in pairs) else found


def shortened(path: Path) -> Iterator[tuple[bytes, list[int]]]:
    """Lines without document and prompts, some at a time, and how many options each of them has.

    ValueError: a line looks otherwise. A quote within a text follows a backslash, so keys are not found
    there. A function call costs more than a search, so all is done in one loop; the end of a line is
    often as long as that of the line before.
    """
    with path.open("rb") as handle:
        parts: list[bytes] = []
        last: list[bytes] = []
        length = 0  # of the line's end that is kept
        while block := handle.read(BLOCK) + handle.readline():
            if not block.endswith(b"\n"):
                block += b"\n"
            start, end = 0, block.find(b"\n")
            while end >= 0:
                mark = end - length
                if not block.startswith(FILTER, mark) or mark < start:
                    at = block.rindex(HASH, start, end)
                    mark = block.rfind(FILTER, start, at)
                    mark = at if mark < 0 else mark
                    length = end - mark
                option = block.rindex(OPTION, start, mark)
                parts.append(block[start : block.index(b",", start)])
                parts.append(block[mark : end + 1])
                last.append(block[option - 6 : option])
                start = end + 1
                end = block.find(b"\n", start)
            if len(last) >= LINES:
                yield b"".join(parts), numbers(last)
                parts, last = [], []
        if last:
            yield b"".join(parts), numbers(last)


def numbers(last: list[bytes]) -> list[int]:
    """How many options there are, from the end of the last one's name: `args_3`."""
    known = {end: int(end.rpartition(b"_")[2]) + 1 for end in set(last)}
    return [*known.values()] * len(last) if len(known) == 1 else [known[end] for end in last]


# -- line by line --------------------------------------------------------------------------------


def whole_table(path: Path, names: list[str]) -> "pl.DataFrame":
    """The table from whole lines; what is no number is an `InputError`."""
    import polars as pl

    schema = schema_of(names)
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for row in samples(path):
        columns["doc_id"].append(int(row["doc_id"]))
        columns["filter"].append(row.get("filter") or "")
        columns["options"].append(len(row.get("arguments") or ()))
        columns["doc_hash"].append(row.get("doc_hash"))
        columns["prompt_hash"].append(row.get("prompt_hash"))
        for name in names:
            columns[name].append(number_of(path, row, name))
    return pl.DataFrame(columns, schema=schema)


def number_of(path: Path, row: dict[str, Any], name: str) -> float | list[float]:
    """A metric of a sample: a number, or two of a rate; NaN where it is missing."""
    value = row.get(name, float("nan"))
    try:
        if isinstance(value, str):
            raise TypeError
        if name not in RATES:
            return float(value)
        likelihood, weight = value
        return [float(likelihood), float(weight)]
    except (TypeError, ValueError):
        raise InputError(
            f"{path}, document {row['doc_id']}: {name} is no number; evaluate again"
        ) from None


def samples(path: Path) -> Iterator[dict[str, Any]]:
    """The samples of a file; one that cannot be read is an `InputError` with its line."""
    with path.open("rb") as handle:
        first = handle.read(1)
        handle.seek(0)
        if first == b"[":  # as 0.4.2 writes them
            try:
                yield from json.load(handle)
            except ValueError as error:
                raise InputError(f"{path}: cut or damaged ({error}); evaluate again") from None
            return
        for number, line in enumerate(handle, start=1):
            if line.isspace():
                continue
            try:
                row = json.loads(line)
                int(row["doc_id"])
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{path}, line {number}: cut or damaged, no sample of lm-eval; evaluate again"
                ) from None
            yield row
