"""Reads evaluation logs of several tools; a file's content tells whose it is."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...errors import InputError, first_line
from ...files import read_json
from ..records import Block, Log
from . import every_eval, inspect_logs, lighteval, lm_eval, own, plain

SEED = re.compile(r"(?:^|[-_./+=])seed[-_=]?(\d+)(?=$|[-_./+])", re.IGNORECASE)
KINDS = (
    "lm-evaluation-harness (--log_samples), Inspect, lighteval details, Every Eval Ever, score files of"
    " a study, CSV or JSON Lines with item and score"
)
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tar")
Reader = Callable[[Path], Log]


def reader_of(path: Path) -> Reader | None:
    """What reads a file, by its content; None for a file that is no log."""
    if path.name.startswith(".") or path.suffix in (".log", ".md", ".txt", ".yaml", ".html"):
        return None
    with path.open("rb") as handle:
        head = handle.read(65536)
    if inspect_logs.is_log(path, head):
        return inspect_logs.read
    if path.suffix == ".json":
        return reader_of_json(path)
    if path.suffix in (".jsonl", ".ndjson"):
        return reader_of_lines(path, head)
    if path.suffix == ".parquet":
        return reader_of_parquet(path)
    if path.suffix in (".csv", ".tsv"):
        return plain.read if plain.is_plain(columns_of(path)) else None
    return None


def columns_of(path: Path) -> list[str]:
    """The columns of a file that is a table by its name; none of any other."""
    if path.suffix not in (".csv", ".tsv"):
        return names_of_parquet(path) if path.suffix == ".parquet" else []
    with path.open("rb") as handle:
        line = handle.readline(65536).decode("utf-8-sig", "replace").strip()
    return [name.strip('"') for name in line.split("\t" if "\t" in line else ",")]


def names_of_parquet(path: Path) -> list[str]:
    """The columns of a Parquet file."""
    import polars as pl

    try:
        return list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError):
        raise InputError(f"{path}: cut or damaged, no Parquet file; evaluate again") from None


def reader_of_json(path: Path) -> Reader | None:
    """What reads a JSON file."""
    try:
        content = read_json(path)
    except InputError as error:
        raise InputError(f"{error}; evaluate again, or leave it out") from None
    if not isinstance(content, dict):
        return None
    known: list[tuple[Callable[[dict[str, object]], bool], Reader]] = [
        (lm_eval.is_results, lm_eval.read),
        (every_eval.is_record, every_eval.read),
        (own.is_score, own.read),
    ]
    return next((read for is_own, read in known if is_own(content)), None)


def reader_of_lines(path: Path, head: bytes) -> Reader | None:
    """What reads a JSON Lines file by itself."""
    line = head.partition(b"\n")[0]
    if b'"doc_id"' in line or (line.strip() == b"[" and b'"doc_id"' in head):
        return lm_eval.read_samples
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return plain.read if isinstance(row, dict) and plain.is_plain(list(row)) else None


def reader_of_parquet(path: Path) -> Reader | None:
    """What reads a Parquet file by itself; the items of a study's score are read beside it."""
    names = names_of_parquet(path)
    if lighteval.is_details(names):
        return lighteval.read
    if path.name.startswith("details_"):
        raise InputError(
            f"{path}: no columns doc and metric, or full_prompt and metrics, as lighteval writes"
            f" them; found {', '.join(names)}"
        )
    return plain.read if plain.is_plain(names) else None


def read(path: Path) -> Log:
    """Every log of a file or folder as one."""
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if path.is_file():
        reader = reader_of(path)
        if reader is None:
            raise unknown(path, [path])
        return with_seeds(read_by(reader, path), path.parent, "scores")
    found = {one: reader_of(one) for one in sorted(path.rglob("*")) if one.is_file()}
    readers = {one: reader for one, reader in found.items() if reader is not None}
    whole = {one for one, reader in readers.items() if reader is not lm_eval.read_samples}
    if any(readers[one] is lm_eval.read for one in whole):  # reads its samples itself
        readers = {one: reader for one, reader in readers.items() if one in whole}
    if not readers:
        raise unknown(path, list(found))
    logs = [with_seeds(read_by(reader, one), path, one.stem) for one, reader in readers.items()]
    return later(logs)


def read_by(reader: Reader, path: Path) -> Log:
    """What a reader finds; a file that holds something else than its tool writes is an `InputError`."""
    import polars as pl

    try:
        return reader(path)
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {first_line(error)}"
    except pl.exceptions.PolarsError as error:
        what = first_line(error)
    raise InputError(
        f"{path}: damaged, or not as the tool that it is of writes it ({what}); evaluate again"
    )


def unknown(path: Path, files: list[Path]) -> InputError:
    """What to say of a file or folder without any log."""
    if len(files) == 1 and not files[0].stat().st_size:
        return InputError(f"{files[0]}: empty; evaluate again")
    if packed := [one for one in files if one.suffix in PACKED]:
        return InputError(f"{packed[0]}: packed; unpack it first")
    if path.is_file() and (names := columns_of(path)):
        return InputError(f"{path}: no columns item and score; found {', '.join(names)[:200]}")
    where = "no log in this folder" if path.is_dir() else "no log that is known"
    return InputError(f"{path}: {where}; these are: {KINDS}")


def with_seeds(log: Log, below: Path, task: str) -> Log:
    """The log with replicates told by `seed1` in the model's name or in the path below a folder.

    `task`: what a table is called whose rows name no task.
    """
    named = [replace(block, task=block.task or task) for block in log.blocks]
    return replace(log, blocks=tuple(with_seed(block, below) for block in named))


def with_seed(block: Block, below: Path) -> Block:
    """A block with its replicate, and the model's name without it."""
    if block.replicate:
        return block
    named = SEED.search(block.model)
    if named:
        return replace(block, model=SEED.sub("", block.model), replicate=named[1])
    source = Path(block.source)
    inner = str(source.relative_to(below)) if source.is_relative_to(below) else source.name
    placed = SEED.search(inner)
    return replace(block, replicate=placed[1]) if placed else block


def later(logs: list[Log]) -> Log:
    """Logs as one; of a task that a model was asked several times, the last by name."""
    blocks: dict[tuple[str, ...], Block] = {}
    groups: dict[str, tuple[str, ...]] = {}
    notes = [note for log in logs for note in log.notes]
    for log in logs:
        for name, tasks in log.groups.items():
            groups[name] = tuple(dict.fromkeys((*groups.get(name, ()), *tasks)))
        for block in log.blocks:
            key = (block.task, block.metric, block.language, block.model, block.replicate)
            if key in blocks and block.main:
                notes.append(
                    f"{block.task} was run more than once ({blocks[key].source}); {block.source} is"
                    " used"
                )
            blocks[key] = block
    return Log(tuple(blocks.values()), groups, tuple(notes))
