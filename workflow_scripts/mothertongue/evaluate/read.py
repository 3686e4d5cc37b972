"""Read benchmark files: parquet, CSV, TSV, JSON Lines, JSON, MGSM's TSV and SQuAD's JSON.

Lines end at \\n (or \\r\\n) alone: U+2028 and U+0085 are text.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError, first_line
from ..files import read_json, read_jsonl, read_text

Row = dict[str, Any]
KINDS = ".jsonl, .parquet, .csv, .tsv or .json"


def read_rows(path: str | Path) -> list[Row]:
    """Read a table (parquet, CSV, TSV, JSON Lines, a JSON list) or SQuAD JSON as rows."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such benchmark file")
    match path.suffix.lower():
        case ".parquet":
            import polars as pl

            try:
                return pl.read_parquet(path).to_dicts()
            except Exception as error:  # polars raises many kinds for a broken file
                raise InputError(f"{path}: not a parquet file ({first_line(error)})") from None
        case ".csv":
            return _read_csv(path)
        case ".tsv":
            return _read_tsv(path)
        case ".jsonl":
            return read_jsonl(path)
        case ".json":
            if _is_json_lines(path):  # the hub has such files
                return read_jsonl(path)
            content = read_json(path)
            return content if _is_table(content) else _read_squad(path, content)
        case other:
            raise InputError(f"{path}: cannot read '{other}' files; use {KINDS}")


def _read_csv(path: Path) -> list[Row]:
    """CSV with a header; quotes as RFC 4180 says."""
    csv.field_size_limit(2**31 - 1)  # a passage may be long
    try:
        lines = [line for line in csv.reader(io.StringIO(read_text(path))) if line]
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error})") from None
    return _with_header(path, lines)


def _read_tsv(path: Path) -> list[Row]:
    """TSV: a header that names the column `question`, or MGSM's question TAB answer without one."""
    lines = [line.removesuffix("\r") for line in read_text(path).split("\n")]
    cells = [
        (number, line.split("\t")) for number, line in enumerate(lines, start=1) if line.strip()
    ]
    if cells and "question" in (name.strip() for name in cells[0][1]):
        return _with_header(path, [parts for _, parts in cells])
    rows = []
    for number, parts in cells:
        if len(parts) != 2:
            raise InputError(
                f"{path}, line {number}: expected question TAB answer, or a first line that names"
                f" the columns (found {len(parts)} cells)"
            )
        rows.append({"question": parts[0], "answer_number": parts[1].strip()})
    return rows


def _with_header(path: Path, lines: list[list[str]]) -> list[Row]:
    """Rows of cells below a header."""
    if not lines:
        return []
    header = [name.strip() for name in lines[0]]
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise InputError(
            f"{path}: the header names '{repeated[0]}' more than once; give each column its own name"
        )
    rows = []
    for number, parts in enumerate(lines[1:], start=1):
        if len(parts) > len(header):
            raise InputError(
                f"{path}, row {number}: {len(parts)} cells under {len(header)} columns; quote cells"
                " that hold the separator"
            )
        rows.append(dict(zip(header, [*parts, *[None] * (len(header) - len(parts))], strict=True)))
    return rows


def _is_json_lines(path: Path) -> bool:
    """Whether the first line is an object and not the last one."""
    with path.open("rb") as handle:
        try:
            return isinstance(json.loads(handle.readline()), dict) and bool(handle.read().strip())
        except (ValueError, RecursionError):
            return False


def _is_table(content: Any) -> bool:
    return isinstance(content, list) and all(isinstance(row, dict) for row in content)


def _scalars(entry: Mapping[str, Any]) -> Row:
    """What an entry says of itself, its parts left out."""
    return {key: value for key, value in entry.items() if not isinstance(value, list | dict)}


def _read_squad(path: Path, content: Any) -> list[Row]:
    """SQuAD JSON: one row per question, in file order."""
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        found = (
            f"; found: {', '.join(map(str, content))[:200]}" if isinstance(content, dict) else ""
        )
        raise InputError(
            f"{path}: neither a list of objects nor SQuAD JSON (no list 'data'{found})"
        )
    try:
        return [
            {
                **_scalars(article),
                **_scalars(paragraph),
                **_scalars(qa),
                "subject": article.get("title", ""),
                "answers": [answer["text"] for answer in qa["answers"]],
            }
            for article in content["data"]
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        ]
    except KeyError as error:
        raise InputError(f"{path}: not SQuAD JSON (no key {error})") from None
    except (TypeError, AttributeError) as error:
        raise InputError(f"{path}: not SQuAD JSON ({error})") from None
