"""Where a study's numbers come from: configuration, software, models, data, money and time."""

import csv
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..files import read_json
from .table import Column, Table

Json = dict[str, Any]
SHORT = 12  # characters of a hash that tables show


def when(seconds: float | None) -> str | None:
    """A date and time in UTC."""
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def short(value: str | None) -> str | None:
    """The beginning of a hash."""
    return value[:SHORT] if value else None


def words(value: Any) -> str | None:
    """A value as text: dictionaries as JSON."""
    if value is None or value == {}:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_scores_made(paths: Iterable[Path]) -> list[Json]:
    """Provenance of every evaluation, with benchmark, language, task and time of the file."""
    found = []
    for path in paths:
        content = read_json(path)
        entry = {key: content.get(key) for key in ("benchmark", "language", "task", "condition")}
        entry |= {"at": Path(path).stat().st_mtime}
        found.append({**entry, **(content.get("provenance") or {})})
    return found


def software_table(stages: dict[str, list[Json]], tools: dict[str, str]) -> Table:
    """Versions by stage; more than one version of a library in a stage is shown as such."""
    columns = [Column("Library")] + [Column(stage, "", 0) for stage in stages]
    table = Table("software", "Library versions that results were made with", columns)
    found: dict[str, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    for stage, entries in stages.items():
        for entry in entries:
            for name, version in (entry.get("versions") or {}).items():
                found[name][stage][version] += 1
    for name in sorted(found):
        row: list[Any] = [name]
        for stage in stages:
            counts = found[name][stage]
            several = len(counts) > 1
            row.append(
                ", ".join(f"{v} ({n} files)" if several else v for v, n in counts.most_common())
                or None
            )
        table.rows.append(row)
    for name, version in tools.items():
        table.notes.append(f"{name}: {version}.")
    mixed = [n for n in found for s in stages if len(found[n][s]) > 1]
    if mixed:
        table.notes.append(
            f"Results of several versions stand side by side: {', '.join(sorted(set(mixed)))}."
        )
    return table


def model_table(runs: list[Json], evaluations: list[Json], models: dict[str, Json]) -> Table:
    """Bases: revision or hash, quantisation, dtype, device."""
    table = Table(
        "models",
        "Base models",
        [
            Column("Model"),
            Column("base", "", 0),
            Column("revision or hash", "", 0),
            Column("quantisation", "", 0),
            Column("compute dtype", "", 0),
            Column("devices", "", 0),
            Column("adapters", "files", 0),
            Column("evaluations", "files", 0),
        ],
    )
    for name, entry in models.items():
        own = [run for run in runs if run["condition"]["model"] == name]
        read = [e for e in evaluations if (e.get("condition") or {}).get("model") == name]
        bases = {words(run["base"].get("base")) for run in own} | {e.get("base") for e in read}
        marks = set()
        for run in own:
            files = run["base"].get("files") or {}
            marks.add(run["base"].get("commit") or ", ".join(short(str(v)) for v in files.values()))
        marks |= {e.get("revision") or short(e.get("base_weights")) for e in read if not own}
        table.rows.append(
            [
                entry["label"],
                joined(bases),
                joined(marks),
                joined(
                    {r.get("quantisation") for r in own} | {e.get("quantisation") for e in read}
                ),
                joined({r.get("dtype") for r in own} | {e.get("compute_dtype") for e in read}),
                joined({r.get("device") for r in own} | {e.get("device") for e in read}),
                len(own),
                len(read),
            ]
        )
    return table


def joined(values: Iterable[Any]) -> str | None:
    """Distinct values in one cell."""
    return ", ".join(sorted({str(value) for value in values if value})) or None


def adapter_table(runs: list[Json]) -> Table:
    """Every adapter: hash, training sets' hashes, proof."""
    table = Table(
        "adapters",
        "Adapters and their training sets (first characters of SHA-256)",
        [
            Column("Condition"),
            Column("adapter", "", 0),
            Column("training set", "", 0),
            Column("validation set", "", 0),
            Column("proof", "", 0, "saved adapter, loaded afresh, does what the trained one did"),
            Column("weights", "LoRA", 0, "trained"),
            Column("modules", "LoRA", 0),
        ],
    )
    for run in runs:
        c = run["condition"]
        name = f"{c['model']}/{c['data']}/{c['scope']}/{c['lr']}/seed{c['seed']}"
        proof = run.get("proof") or {}
        lora = run.get("lora") or {}
        table.rows.append(
            [
                name,
                short(run.get("adapter_sha256")),
                short((run.get("sets") or {}).get("training")),
                short((run.get("sets") or {}).get("validation")),
                None if not proof else "passed" if proof.get("equal") else "FAILED",
                lora.get("weights"),
                lora.get("modules"),
            ]
        )
    return table


def test_table(evaluations: list[Json], labels: dict[str, str]) -> Table:
    """Every benchmark and language: task version, settings, item files."""
    table = Table(
        "tests",
        "Benchmarks",
        [
            Column("Benchmark"),
            Column("Language"),
            Column("task", "", 0),
            Column("shots", "", 0),
            Column("item files (SHA-256)", "", 0),
            Column("first", "scored (UTC)", 0),
            Column("last", "scored (UTC)", 0),
        ],
        keys=2,
    )
    groups: dict[tuple, list[Json]] = defaultdict(list)
    for entry in evaluations:
        groups[entry["benchmark"], entry["language"]].append(entry)
    for (benchmark, language), own in groups.items():
        task = own[0].get("task")
        settings = task if isinstance(task, dict) else {}
        files = {path: mark for entry in own for path, mark in (entry.get("files") or {}).items()}
        version = settings.get("version")
        name = words(settings.get("name") or (task if isinstance(task, str) else None))
        table.rows.append(
            [
                labels.get(benchmark, benchmark),
                language,
                f"{name}, version {version}" if version is not None else name,
                settings.get("shots"),
                joined(f"{Path(path).name} {short(mark)}" for path, mark in files.items()),
                when(min(entry["at"] for entry in own)),
                when(max(entry["at"] for entry in own)),
            ]
        )
    return table


def spending_table(store: Path) -> Table | None:
    """What services were asked and paid, from the store of replies; None without a store."""
    if not store.is_file():
        return None
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
    table = Table(
        "spending",
        "Services asked: replies, tokens, money",
        [
            Column("Account"),
            Column("replies", "", 0),
            Column("failed a check", "", 0),
            Column("read", "tokens", 0),
            Column("written", "tokens", 0),
            Column("characters", "", 0),
            Column("US dollars", "", 2, "by the prices in the configuration; 0 = replayed or free"),
            Column("first", "asked (UTC)", 0),
            Column("last", "asked (UTC)", 0),
            Column("adapted", "parameters", 0, "what the service declined, and what was done"),
        ],
    )
    for account, number, read, written, characters, first, last in rows:
        table.rows.append(
            [account, number, refused.get(account, 0), read, written, characters]
            + [spent.get(account, 0.0), when(first), when(last)]
            + ["; ".join(adapted[account]) or "none"]
        )
    return table if table.rows else None


def time_table(benchmarks: Path, runs: list[Json]) -> Table | None:
    """Hours per stage from Snakemake's benchmark files; None without any."""
    hours: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for path in sorted(benchmarks.rglob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle, delimiter="\t"):
                numbers = [as_number(row.get(key)) for key in ("s", "cpu_time", "max_rss")]
                hours[path.relative_to(benchmarks).parts[0]].append(tuple(numbers))
    if not hours:
        return None
    table = Table(
        "time",
        "Time and memory by stage, of the jobs whose results stand now",
        [
            Column("Stage"),
            Column("jobs", "", 0),
            Column("hours", "", 2, "summed over jobs, which may have run side by side"),
            Column("CPU hours", "", 2),
            Column("largest memory, GB", "", 1),
        ],
    )
    for stage, jobs in hours.items():
        wall, cpu, memory = zip(*jobs, strict=True)
        table.rows.append([stage, len(jobs), sum(wall) / 3600, sum(cpu) / 3600, max(memory) / 1024])
    gpu = [run for run in runs if run.get("device") not in (None, "cpu")]
    spent = sum(run["seconds"] * (run.get("processes") or 1) for run in gpu) / 3600
    table.notes.append(
        f"Fine-tuning took {spent:.1f} GPU-hours." if gpu else "Fine-tuning used no GPU."
    )
    return table


def as_number(text: str | None) -> float:
    """A number of a benchmark file; `-` and `NA` are 0."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def by_kind(counts: Json | None) -> str | None:
    """Counts by kind, the largest first."""
    ordered = sorted((counts or {}).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{kind} {number}" for kind, number in ordered) or None


def translation_table(reports: Iterable[Path], labels: dict[str, str]) -> Table:
    """Every translated set: rows asked, mended, flagged and left out, by kind; characters, calls."""
    table = Table(
        "translations",
        "Translated sets",
        [
            Column("Translator"),
            Column("Set"),
            Column("asked", "rows", 0),
            Column("written", "rows", 0, "those that the checks let pass, flagged ones included"),
            Column("mended", "rows", 0, "wrapping taken off that the source has not"),
            Column("flagged", "rows", 0, "kept with a soft fault"),
            Column("flagged by kind", "rows", 0),
            Column("left out", "rows", 0, "a hard fault, or no reply: never a row"),
            Column("left out by kind", "rows", 0),
            Column("source", "characters", 0),
            Column("translation", "characters", 0),
            Column("calls", "", 0),
        ],
        keys=2,
    )
    for path in reports:
        report = read_json(path)
        trip = Path(path).parts[-3] == "roundtrip"
        scope, _, way = Path(path).name.removesuffix(".report.json").partition(".")
        translator = report.get("translator", "")
        table.rows.append(
            [
                labels.get(translator, translator),
                f"{scope}, {'way out' if way else 'round trip'}" if trip else scope,
                report.get("asked", report.get("rows")),  # earlier versions left no row out
                report.get("rows"),
                report.get("mended_rows"),
                report.get("flagged_rows", report.get("quarantined_rows")),
                by_kind(report.get("flagged", report.get("problems"))),
                report.get("left_out_rows"),
                by_kind(report.get("left_out")),
                (report.get("characters") or {}).get("source"),
                (report.get("characters") or {}).get("translation"),
                words(report.get("calls")),
            ]
        )
        for note in report.get("notes", ()):
            line = f"{labels.get(translator, translator)}: {note}."
            table.notes += [line] if line not in table.notes else []
    return table
