"""Reading and writing files: JSON Lines, JSON and YAML, atomic writing, hashes."""

import glob
import hashlib
import json
import math
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .characters import without_invisible
from .errors import InputError

Row = dict[str, Any]
SURROGATE = re.compile("[\ud800-\udfff]")
CLOCKS_DIFFER = 300.0  # seconds by which the clock of a file server may be ahead


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; rename it to `path` if the block succeeds.

    Readers therefore see the old file, the whole new file, or none. The temporary name ends in
    the same suffix, since some writers choose their format by it. What a killed writer of the same
    file has left is removed: two never write one file at a time.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    name = re.compile(rf"\.{re.escape(path.stem)}\.\d+\.tmp{re.escape(path.suffix)}")
    for left in path.parent.iterdir():
        if name.fullmatch(left.name) and left != temporary:
            left.unlink(missing_ok=True)
    try:
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_jsonl(path: str | Path) -> list[Row]:
    """Read a JSON Lines file of objects; an unreadable line is an `InputError` with its number."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    rows: list[Row] = []
    with path.open("rb") as handle:
        for number, raw in enumerate(handle, start=1):
            if not raw.strip():
                continue
            try:
                row = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError:
                raise InputError(
                    f"{path}, line {number}: not UTF-8; save the file as UTF-8"
                ) from None
            except (ValueError, RecursionError) as error:
                if not rows and raw.lstrip(b"\xef\xbb\xbf \t").startswith(b"["):
                    raise InputError(_array(path)) from None
                raise InputError(f"{path}, line {number}: not valid JSON ({error})") from None
            if isinstance(row, list) and not rows:
                raise InputError(_array(path))
            if not isinstance(row, dict):
                raise InputError(f"{path}, line {number}: expected a JSON object {{…}}")
            if b"\\u" in raw and SURROGATE.search(json.dumps(row, ensure_ascii=False)):
                raise InputError(
                    f"{path}, line {number}: holds half a character (a lone surrogate, such as an"
                    " emoji cut in two), which no UTF-8 file can; mend or remove the row"
                )
            rows.append(row)
    return rows


def _array(path: Path) -> str:
    return (
        f"{path}: a JSON array; JSON Lines is wanted, one object per line"
        f" (jq -c '.[]' {path.name} > {path.stem}{'-lines' * (path.suffix == '.jsonl')}.jsonl)"
    )


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, line ends as they are; a byte-order mark is dropped."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; save the file as UTF-8") from None


def read_json_rows(path: str | Path) -> list[Row]:
    """Rows of a JSON array of objects, or of JSON Lines."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as handle:
        start = handle.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start != b"[":
        return read_jsonl(path)
    rows: list[Row] = read_json(path)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise InputError(f"{path}, row {number}: expected a JSON object {{…}}")
    return rows


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: null, NaN, an empty list, a text without a visible character."""
    if value is None:
        return True
    if isinstance(value, str):
        return not without_invisible(value).strip()
    if isinstance(value, list | tuple | dict):
        return not value
    try:
        return math.isnan(value)
    except (TypeError, ValueError, OverflowError):
        return str(value) in ("NaT", "<NA>")


def written_id(value: Any) -> str:
    """An id as text: 7.0, as pandas writes an integer beside a missing one, is 7."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def written_ids(values: Sequence[Any]) -> list[str | None]:
    """Ids of one file as texts, None where one is missing; 0 is an id.

    Where a number and a text would be written alike (1 and "1"), the text is quoted.
    """
    numbers = {written_id(v) for v in values if not is_missing(v) and not isinstance(v, str)}

    def written(value: Any) -> str | None:
        if is_missing(value):
            return None
        quoted = isinstance(value, str) and value in numbers
        return f'"{value}"' if quoted else written_id(value)

    return [written(value) for value in values]


def write_jsonl(path: str | Path, rows: Iterable[Row]) -> None:
    """Write objects as UTF-8 JSON Lines, atomically."""
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8") as handle:
        for row in rows:
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_json(path: str | Path, content: Any) -> None:
    """Write one JSON document, indented, keys in the given order, atomically."""
    with atomic(path) as temporary:
        text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read one JSON document; unreadable content is an `InputError` naming the file."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error})") from None


def text_hash(*texts: str) -> str:
    """SHA-256 (hex) of texts, separated so that ("ab", "c") and ("a", "bc") differ."""
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def file_hash(path: str | Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def refuse_dates_ahead(paths: Iterable[str | Path], now: float | None = None) -> None:
    """Raise InputError naming files dated after `now`, Unix seconds; files not there are passed over.

    Snakemake takes an output for stale while an input is newer, which such an input always is.
    """
    limit = (time.time() if now is None else now) + CLOCKS_DIFFER
    ahead = []
    for path in sorted(map(str, paths)):
        try:
            if os.stat(path).st_mtime > limit:
                ahead.append(path)
        except OSError:
            continue  # not there, or said elsewhere
    if ahead:
        more = f" and {len(ahead) - 3} more" if len(ahead) > 3 else ""
        raise InputError(
            f"dated ahead of this machine's clock: {', '.join(ahead[:3])}{more}; what is made from"
            " them would be made again at every start. Set the clock right, then give them today's"
            " date (docs/troubleshooting.md)"
        )


def refuse_unwritable(paths: Iterable[str | Path]) -> None:
    """Raise InputError naming folders in which these files could not be made.

    Asked before the first job: some folders are first written to after days of work.
    """
    shut: dict[str, None] = {}
    for folder in dict.fromkeys(os.path.dirname(path) or "." for path in map(str, paths)):
        while not os.path.lexists(folder):
            folder = os.path.dirname(folder) or "."
        if not (os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)):
            shut[folder] = None
    if shut:
        more = f" and {len(shut) - 3} more" if len(shut) > 3 else ""
        raise InputError(
            f"cannot write into {', '.join(list(shut)[:3])}{more}: read-only, or no permission;"
            " make it writable for you, or put a link to another folder in its place"
        )


def patterns_of(paths: str | Iterable[str]) -> list[str]:
    """One path or several, as a list."""
    return [paths] if isinstance(paths, str) else list(paths)


def existing_files(paths: str | Iterable[str]) -> list[str]:
    """Files that exist now, for a rule's input; the script tells what is missing."""
    return sorted(
        {name for p in patterns_of(paths) for name in glob.glob(p) if Path(name).is_file()}
    )


def looked_in(*paths: str | Path) -> str:
    """For the end of a message on files that are not there: the folder in which they were looked for.

    Empty where every path is absolute, since such a path says it.
    """
    if all(Path(path).is_absolute() for path in paths):
        return ""
    return f" in {Path.cwd()}; paths are relative to the folder in which you run"


def matching_files(paths: str | Iterable[str], key: str) -> list[Path]:
    """Files that paths or glob patterns name; one that names none is an `InputError`."""
    found: list[Path] = []
    for pattern in patterns_of(paths):
        names = sorted(name for name in glob.glob(pattern) if Path(name).is_file())
        if not names:
            raise InputError(f"{pattern}: no such file (configured as {key}){looked_in(pattern)}")
        found += [Path(name) for name in names if Path(name) not in found]
    return found


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file with the safe loader."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
