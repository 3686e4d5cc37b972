"""Read a data file of any usual format as records: parquet, JSON, JSON Lines, CSV, TSV, gz and zst.

The content tells the format, not the name: people call JSON Lines `.json` and tab-separated tables `.csv`.
Every record knows its place (file and line or row), so that a message can name it.
"""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, first_line
from ..files import SURROGATE, Row

PARQUET, GZIP, ZSTANDARD = b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
ARCHIVES = {b"PK\x03\x04": "a zip archive or an Excel file", b"%PDF": "a PDF file"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CHATS = ("messages", "conversations", "conversation")  # columns that hold whole conversations
SEPARATORS = ",\t;|"
WRAPPERS = (
    "data",
    "rows",
    "train",
    "examples",
    "items",
)  # keys under which a JSON object keeps its rows


@dataclass(frozen=True, slots=True)
class Record:
    """One row as the file has it. `place` names it in messages: `file, line 3`."""

    place: str
    values: Row


def read_records(path: str | Path) -> list[Record]:
    """Read every row of a file; an unreadable file or row is an `InputError` that names its place.

    Lines end at \\n or \\r\\n alone: U+2028 and U+0085 are text.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    content = _unpacked(path, path.read_bytes())
    if content[:4] == PARQUET:
        records = _parquet(path, content)
    else:
        text = _text(path, content)
        start = text.lstrip()[:1]
        if start == "[":
            records = _array(path, text)
        elif start == "{":
            records = _objects(path, text)
        else:
            records = list(_table(path, text))
    if not records:
        raise InputError(f"{path}: no rows")
    return records


def column_names(path: str | Path) -> list[str]:
    """The columns of a file's first rows; empty where it has none, or is no table."""
    path = Path(path)
    if path.is_file() and path.read_bytes()[:4] == PARQUET:
        import polars as pl

        try:
            return list(pl.read_parquet_schema(path))
        except Exception:  # polars raises many kinds for a broken file; who reads it says which
            return []
    try:
        return list(read_records(path)[0].values)
    except InputError:
        return []


def is_as_named(path: str | Path) -> bool:
    """Whether a file is parquet, or JSON in UTF-8, without packing, and its name says so."""
    path = Path(path)
    with path.open("rb") as handle:
        start = handle.read(64)
    if start[:4] == PARQUET:
        return path.suffix == ".parquet"
    is_json = start.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")
    return is_json and path.suffix in (".json", ".jsonl")


def _unpacked(path: Path, content: bytes) -> bytes:
    """The content of a gzip or Zstandard file; any other content as it is."""
    if content[:2] == GZIP:
        try:
            return gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: a damaged gzip file ({error}); download it again") from None
    if content[:4] == ZSTANDARD:
        return _from_zstandard(path, content)
    for magic, name in ARCHIVES.items():
        if content.startswith(magic):
            raise InputError(f"{path}: {name}; export the rows as CSV, JSON Lines or parquet")
    return content


def _from_zstandard(path: Path, content: bytes) -> bytes:
    """All frames of a Zstandard file. A frame that was cut short is an error, not fewer rows."""
    import zstandard

    parts = []
    while content:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            parts.append(frame.decompress(content))
        except zstandard.ZstdError as error:
            raise InputError(
                f"{path}: a damaged Zstandard file ({error}); download it again"
            ) from None
        if not frame.eof:
            raise InputError(f"{path}: a Zstandard file that was cut short; download it again")
        content = frame.unused_data
    return b"".join(parts)


def _text(path: Path, content: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte-order mark."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        if 3 * text.count("\0") > len(text):
            raise InputError(
                f"{path}: looks like UTF-16 without a byte-order mark; save the file as UTF-8"
            )
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(
            f"{path}, line {line}: holds a NUL character; save the file as UTF-8 text without it"
        )
    return text


def _parquet(path: Path, content: bytes) -> list[Record]:
    import polars as pl

    try:
        rows = pl.read_parquet(io.BytesIO(content)).to_dicts()
    except Exception as error:  # polars raises many kinds for a broken file
        raise InputError(f"{path}: not a readable parquet file ({first_line(error)})") from None
    return [Record(f"{path}, row {number}", row) for number, row in enumerate(rows, start=1)]


def _loads(text: str, place: str) -> Any:
    """One JSON value; NaN is missing, and half a character is an error."""
    try:
        value = json.loads(text, parse_constant=lambda name: None)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: not valid JSON ({error})") from None
    if "\\u" in text:
        written = json.dumps(value, ensure_ascii=False)
        if SURROGATE.search(written):
            raise InputError(
                f"{place}: holds half a character (a lone surrogate, such as an emoji cut in two),"
                " which no UTF-8 file can; mend or remove the row"
            )
        if "\\u0000" in written:
            raise InputError(f"{place}: holds a NUL character (\\u0000); remove it")
    return value


def _array(path: Path, text: str) -> list[Record]:
    """A JSON array of objects."""
    rows = _loads(text, str(path))
    return [_object(f"{path}, row {number}", row) for number, row in enumerate(rows, start=1)]


def _object(place: str, row: Any) -> Record:
    if not isinstance(row, dict):
        raise InputError(f"{place}: expected a JSON object {{…}}, found {type(row).__name__}")
    return Record(place, row)


def _objects(path: Path, text: str) -> list[Record]:
    """JSON Lines; or one JSON object that keeps its rows under a key such as `data`."""
    lines = [
        (number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()
    ]
    try:
        json.loads(lines[0][1])
    except (ValueError, RecursionError):  # an object over several lines, or a broken first line
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            whole = None
        if whole is not None:
            return _wrapped(path, _loads(text, str(path)))
    else:
        if len(lines) == 1:
            only = _loads(lines[0][1], f"{path}, line {lines[0][0]}")
            if any(isinstance(only.get(key), list) for key in WRAPPERS):
                return _wrapped(path, only)
    records = []
    for number, line in lines:
        place = f"{path}, line {number}"
        records.append(_object(place, _loads(line, place)))
    return records


def _wrapped(path: Path, content: Row) -> list[Record]:
    lists = [key for key in WRAPPERS if isinstance(content.get(key), list)]
    if len(lists) != 1:
        if all(not isinstance(value, list | dict) for value in content.values()):
            return [Record(f"{path}, row 1", content)]
        raise InputError(
            f"{path}: one JSON object (keys: {', '.join(map(str, content))[:200]}), not rows; write"
            " one object per line (JSON Lines), or an array of objects"
        )
    rows = content[lists[0]]
    return [_object(f"{path}, {lists[0]}[{number}]", row) for number, row in enumerate(rows)]


def _table(path: Path, text: str) -> Iterator[Record]:
    """A table with a header, separated by commas, tabs, semicolons or bars; quotes by RFC 4180."""
    csv.field_size_limit(2**31 - 1)  # an answer may be long
    header_line = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")
    separator = max(SEPARATORS, key=lambda mark: _cells(header_line, mark))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header: list[str] | None = None
    start = 1
    try:
        for cells in reader:
            place, start = f"{path}, line {start}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(path, cells)
                continue
            if len(cells) > len(header):
                raise InputError(
                    f"{place}: {len(cells)} cells under {len(header)} columns; put cells that hold"
                    f" {_named(separator)} in double quotes"
                )
            cells += [""] * (len(header) - len(cells))
            yield Record(place, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise InputError(
            f"{path}, line {start}: not a table ({error}); a double quote inside a quoted cell is"
            ' written twice ("")'
        ) from None


def _cells(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator), []))
    except csv.Error:
        return line.count(separator)


def _named(separator: str) -> str:
    return {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a bar"}[separator]


def _header(path: Path, cells: list[str]) -> list[str]:
    header = [name.strip() for name in cells]
    repeated = [name for name, count in Counter(header).items() if count > 1 and name]
    if repeated:
        raise InputError(
            f"{path}: the header names '{repeated[0]}' more than once; give each column its own name"
        )
    if len(header) == 1 and header[0] not in CHATS:
        raise InputError(
            f"{path}: neither JSON nor a table: the first line is one cell ('{header[0][:60]}')"
        )
    return [name or f"column {place}" for place, name in enumerate(header, start=1)]
