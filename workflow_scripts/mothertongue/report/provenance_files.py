"""Reads how adapters, scores, translations and replies were made, from the files beside them.

Each file is read once, into a record; `provenance` makes tables of them.
"""

import csv
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..correlate.averages import in_order
from ..files import read_json

SHORT = 12  # characters of a hash that tables show
STAGES = (
    *("sample", "translate", "keep", "roundtrip", "finetune", "evaluate", "answer", "judge"),
    *("correlate", "report"),
)  # in the order in which a study passes through them


def short(value: str | None) -> str | None:
    """The beginning of a hash."""
    return value[:SHORT] if value else None


def words(value: Any) -> str | None:
    """A value as text: dictionaries as JSON."""
    if value is None or value == {}:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Adapter:
    """The making of an adapter, from the provenance.json that fine-tuning writes."""

    model: str
    name: str  # of its condition: model/data/scope/lr/seed
    base: str | None
    base_revision: str  # a commit, or hashes of its files
    quantisation: str | None
    dtype: str | None
    device: str | None
    processes: int
    seconds: float
    versions: Mapping[str, str]
    sha256: str | None
    training_set: str | None
    validation_set: str | None
    proved: bool | None  # the saved adapter, loaded afresh, does what the trained one did
    trained_weights: int | None  # of the adapter; of a full fine-tuning, all
    lora_modules: int | None
    tracked: str | None = None  # tracker and place of its run


@dataclass(frozen=True, slots=True)
class Scored:
    """The making of one evaluation, from its score file."""

    benchmark: str
    language: str
    model: str | None
    task: str | None
    task_version: int | str | None
    shots: int | None
    at: float  # when the file was written, in Unix seconds
    versions: Mapping[str, str]
    base: str | None
    revision: str | None  # or the beginning of the weights' hash
    quantisation: str | None
    dtype: str | None
    device: str | None
    engine: str | None  # who computed, with its version
    files: Mapping[str, str]  # of items, with their hashes


@dataclass(frozen=True, slots=True)
class Answered:
    """The making of one answer set."""

    model: str
    engine: str | None


@dataclass(frozen=True, slots=True)
class TranslatedSet:
    """The making of one translated set, from the report beside it."""

    translator: str
    name: str
    asked: int | None
    rows: int | None
    mended: int | None
    flagged: int | None
    flagged_kinds: str | None
    left_out: int | None
    left_out_kinds: str | None
    source_characters: int | None
    characters: int | None
    calls: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """What one service was asked and paid."""

    name: str
    replies: int
    refused: int
    read_tokens: int | None
    written_tokens: int | None
    characters: int | None
    dollars: float
    first: float | None
    last: float | None
    adapted: tuple[str, ...]  # parameters that the service declined, and what was done


@dataclass(frozen=True, slots=True)
class Job:
    """Time and memory of one finished job, from Snakemake's benchmark file."""

    seconds: float
    cpu_seconds: float
    megabytes: float

    @property
    def measured(self) -> bool:
        """Whether CPU time and memory tell what the job took.

        A job that runs in a preloaded process only waits for it, and Snakemake measures what waits.
        """
        return self.cpu_seconds > 0.05 * self.seconds


def read_adapters(paths: Iterable[Path]) -> list[Adapter]:
    """The making of every adapter."""
    return [_adapter(read_json(path)) for path in paths]


def _adapter(run: Mapping[str, Any]) -> Adapter:
    c, base, sets = run["condition"], run["base"], run.get("sets") or {}
    files, proof, lora = base.get("files") or {}, run.get("proof") or {}, run.get("lora") or {}
    return Adapter(
        model=c["model"],
        name=f"{c['model']}/{c['data']}/{c['scope']}/{c['lr']}/seed{c['seed']}",
        base=words(base.get("base")),
        base_revision=base.get("commit")
        or ", ".join(f"{file} {str(sha256)[:SHORT]}" for file, sha256 in files.items()),
        quantisation=run.get("quantisation"),
        dtype=run.get("dtype"),
        device=run.get("device"),
        processes=run.get("processes") or 1,
        seconds=run["seconds"],
        versions=run.get("versions") or {},
        sha256=run.get("adapter_sha256"),
        training_set=sets.get("training"),
        validation_set=sets.get("validation"),
        proved=bool(proof.get("equal")) if proof else None,
        trained_weights=lora.get("weights") or run.get("trained_weights"),
        lora_modules=lora.get("modules"),
        tracked=": ".join(filter(None, (run.get("tracked") or {}).values())) or None,
    )


def read_scored(paths: Iterable[Path]) -> list[Scored]:
    """The making of every evaluation."""
    return [_scored(Path(path), read_json(path)) for path in paths]


def _scored(path: Path, content: Mapping[str, Any]) -> Scored:
    made = content.get("provenance") or {}
    task = made.get("task", content.get("task"))  # with its settings, where provenance has them
    settings = task if isinstance(task, dict) else {}
    name = settings.get("name") or (task if isinstance(task, str) else None)
    return Scored(
        benchmark=content.get("benchmark", ""),
        language=content.get("language", ""),
        model=(content.get("condition") or {}).get("model"),
        task=words(name),
        task_version=settings.get("version"),
        shots=settings.get("shots"),
        at=path.stat().st_mtime,
        versions=made.get("versions") or {},
        base=made.get("base"),
        revision=made.get("revision") or short(made.get("base_weights")),
        quantisation=made.get("quantisation"),
        dtype=made.get("compute_dtype"),
        device=made.get("device"),
        engine=_engine_of(made),
        files=made.get("files") or {},
    )


def read_answered(paths: Iterable[Path]) -> list[Answered]:
    """The making of every answer set, by its provenance; the folders name its model."""
    return [Answered(path.parents[5].name, _engine_of(read_json(path))) for path in paths]


def _engine_of(made: Mapping[str, Any]) -> str | None:
    """The engine that provenance names, with its version; results of version 1.1 name none."""
    engine = made.get("engine")
    if not isinstance(engine, Mapping):
        return None
    return " ".join(str(engine[key]) for key in ("name", "version") if engine.get(key))


def by_kind(counts: Mapping[str, int] | None) -> str | None:
    """Counts by kind, the largest first."""
    ordered = sorted((counts or {}).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{kind} {number}" for kind, number in ordered) or None


def read_translated(path: Path) -> TranslatedSet:
    """The making of one translated set; earlier versions left no row out."""
    report = read_json(path)
    trip = Path(path).parts[-3] == "roundtrip"
    scope, _, way = Path(path).name.removesuffix(".report.json").partition(".")
    characters = report.get("characters") or {}
    return TranslatedSet(
        translator=report.get("translator", ""),
        name=f"{scope}, {'way out' if way else 'round trip'}"
        if trip
        else f"{scope}, back to be rated"
        if way
        else scope,
        asked=report.get("asked", report.get("rows")),
        rows=report.get("rows"),
        mended=report.get("mended_rows"),
        flagged=report.get("flagged_rows", report.get("quarantined_rows")),
        flagged_kinds=by_kind(report.get("flagged", report.get("problems"))),
        left_out=report.get("left_out_rows"),
        left_out_kinds=by_kind(report.get("left_out")),
        source_characters=characters.get("source"),
        characters=characters.get("translation"),
        calls=words(report.get("calls")),
        notes=tuple(report.get("notes", ())),
    )


def read_accounts(store: Path) -> list[Account]:
    """What services were asked and paid, from the store of replies; nothing without a store."""
    if not store.is_file():
        return []
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60)
    try:
        spent = dict(database.execute("SELECT account, usd FROM spent"))
        rows = database.execute(
            "SELECT account, COUNT(*), SUM(input_tokens), SUM(output_tokens), SUM(characters),"
            " MIN(at), MAX(at) FROM replies GROUP BY account ORDER BY account"
        ).fetchall()
        refused = dict(database.execute("SELECT account, COUNT(*) FROM rejected GROUP BY account"))
        adapted: dict[str, list[str]] = defaultdict(list)
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'notes'").fetchone():
            for account, note in database.execute("SELECT account, note FROM notes"):
                adapted[account].append(note)
    finally:
        database.close()
    return [
        Account(
            name=account,
            replies=number,
            refused=refused.get(account, 0),
            read_tokens=read,
            written_tokens=written,
            characters=characters,
            dollars=spent.get(account, 0.0),
            first=first,
            last=last,
            adapted=tuple(adapted[account]),
        )
        for account, number, read, written, characters, first, last in rows
    ]


def read_jobs(benchmarks: Path) -> dict[str, list[Job]]:
    """Finished jobs by stage, from Snakemake's benchmark files."""
    found: dict[str, list[Job]] = defaultdict(list)
    for path in sorted(benchmarks.rglob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle, delimiter="\t"):
                job = Job(*(as_number(row.get(key)) for key in ("s", "cpu_time", "max_rss")))
                found[path.relative_to(benchmarks).parts[0]].append(job)
    return {stage: found[stage] for stage in in_order(STAGES, found)}


def as_number(text: str | None) -> float:
    """A number of a benchmark file; `-` and `NA` are 0."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
