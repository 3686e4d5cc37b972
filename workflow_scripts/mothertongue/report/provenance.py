"""Where a study's numbers come from: tables of software, models, data, money and time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ..correlate.facts import Facts
from .provenance_files import (
    Account,
    Adapter,
    Answered,
    Job,
    Scored,
    TranslatedSet,
    read_translated,
    short,
)
from .table import Column, Entry, Field, Table, tabulate

Versions = Sequence[Mapping[str, str]]  # of libraries, one mapping per result


def when(seconds: float | None) -> str | None:
    """A date and time in UTC."""
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def joined(values: Iterable[object]) -> str | None:
    """Distinct values in one cell."""
    return ", ".join(sorted({str(value) for value in values if value})) or None


def software_table(stages: Mapping[str, Versions], tools: Mapping[str, str]) -> Table:
    """Versions by stage; more than one version of a library in a stage is shown as such."""
    columns = [Column("Library")] + [Column(stage, "", 0) for stage in stages]
    table = Table("software", "Library versions that results were made with", columns)
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for stage, results in stages.items():
        for versions in results:
            for name, version in versions.items():
                found[name][stage][version] += 1
    for name in sorted(found):
        row: list[Entry] = [name]
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
    mixed = mixed_versions(stages)
    if mixed:
        table.notes.append(f"Results of several versions stand side by side: {', '.join(mixed)}.")
    return table


def mixed_versions(stages: Mapping[str, Versions]) -> list[str]:
    """Libraries of which a stage's results had more than one version."""
    return sorted(
        {
            name
            for results in stages.values()
            for name in {name for versions in results for name in versions}
            if len({versions[name] for versions in results if name in versions}) > 1
        }
    )


def model_table(
    adapters: list[Adapter], scored: list[Scored], answered: list[Answered], facts: Facts
) -> Table:
    """Bases: revision or hash, quantisation, dtype, device, engines of evaluations and answers."""

    def trained(name: str) -> list[Adapter]:
        return [adapter for adapter in adapters if adapter.model == name]

    def read(name: str) -> list[Scored]:
        return [one for one in scored if one.model == name]

    def both(name: str) -> list[Adapter | Scored]:
        return [*trained(name), *read(name)]

    def revisions(name: str) -> str | None:
        own = [adapter.base_revision for adapter in trained(name)]
        return joined(own or [one.revision for one in read(name)])

    fields: list[Field[str]] = [
        Field(Column("Model"), facts.model_label),
        Field(Column("base", "", 0), lambda name: joined(one.base for one in both(name))),
        Field(Column("revision or hash", "", 0), revisions),
        Field(
            Column("quantisation", "", 0),
            lambda name: joined(one.quantisation for one in both(name)),
        ),
        Field(Column("compute dtype", "", 0), lambda name: joined(one.dtype for one in both(name))),
        Field(Column("devices", "", 0), lambda name: joined(one.device for one in both(name))),
        Field(
            Column("engines", "", 0, "who computed evaluations and answers"),
            lambda name: joined(
                [
                    *(one.engine for one in read(name)),
                    *(one.engine for one in answered if one.model == name),
                ]
            ),
        ),
        Field(Column("adapters", "files", 0), lambda name: len(trained(name))),
        Field(Column("evaluations", "files", 0), lambda name: len(read(name))),
    ]
    return tabulate("models", "Base models", fields, facts.models)


PROOFS = {None: None, True: "passed", False: "FAILED"}
ADAPTER: list[Field[Adapter]] = [
    Field(Column("Condition"), lambda one: one.name),
    Field(Column("adapter", "", 0), lambda one: short(one.sha256)),
    Field(Column("training set", "", 0), lambda one: short(one.training_set)),
    Field(Column("validation set", "", 0), lambda one: short(one.validation_set)),
    Field(
        Column("proof", "", 0, "saved adapter, loaded afresh, does what the trained one did"),
        lambda one: PROOFS[one.proved],
    ),
    Field(Column("weights", "trained", 0, "of LoRA, or all"), lambda one: one.trained_weights),
    Field(Column("LoRA modules", "trained", 0), lambda one: one.lora_modules),
]


class Wording(NamedTuple):
    """A prompt or template that a study used. `text` is the name of a file in mothertongue/prompts/."""

    used_by: str
    text: str
    source: str
    sha256: str


WORDING = [
    Field[Wording](Column("Used by"), lambda one: one.used_by),
    Field[Wording](Column("text", "", 0), lambda one: one.text),
    Field[Wording](Column("source", "", 0), lambda one: one.source),
    Field[Wording](Column("SHA-256", "", 0), lambda one: short(one.sha256)),
]


def prompt_table(used: list[Wording]) -> Table:
    """The prompts and templates that models saw."""
    return tabulate("prompts", "Prompts and templates", WORDING, used)


def adapter_table(adapters: list[Adapter]) -> Table:
    """Every adapter: hash, training sets' hashes, proof."""
    title = "Adapters and their training sets (first characters of SHA-256)"
    followed = any(one.tracked for one in adapters)
    fields = (
        ADAPTER + [Field(Column("run at its tracker", "", 0), lambda one: one.tracked)] * followed
    )
    return tabulate("adapters", title, fields, adapters)


def test_table(scored: list[Scored], facts: Facts) -> Table:
    """Every benchmark and language: task version, settings, item files."""

    def task(own: Sequence[Scored]) -> str | None:
        name, version = own[0].task, own[0].task_version
        return f"{name}, version {version}" if version is not None else name

    def files(own: Sequence[Scored]) -> str | None:
        found = {path: mark for one in own for path, mark in one.files.items()}
        return joined(f"{Path(path).name} {short(mark)}" for path, mark in found.items())

    fields: list[Field[list[Scored]]] = [
        Field(Column("Benchmark"), lambda own: facts.benchmark(own[0].benchmark).label),
        Field(Column("Language"), lambda own: own[0].language),
        Field(Column("task", "", 0), task),
        Field(Column("shots", "", 0), lambda own: own[0].shots),
        Field(Column("item files (SHA-256)", "", 0), files),
        Field(Column("first", "scored (UTC)", 0), lambda own: when(min(one.at for one in own))),
        Field(Column("last", "scored (UTC)", 0), lambda own: when(max(one.at for one in own))),
    ]
    groups: dict[tuple[str, str], list[Scored]] = defaultdict(list)
    for one in scored:
        groups[one.benchmark, one.language].append(one)
    return tabulate("tests", "Benchmarks", fields, groups.values(), keys=2)


ACCOUNT: list[Field[Account]] = [
    Field(Column("Account"), lambda one: one.name),
    Field(Column("replies", "", 0), lambda one: one.replies),
    Field(Column("failed a check", "", 0), lambda one: one.refused),
    Field(Column("read", "tokens", 0), lambda one: one.read_tokens),
    Field(Column("written", "tokens", 0), lambda one: one.written_tokens),
    Field(Column("characters", "", 0), lambda one: one.characters),
    Field(
        Column("US dollars", "", 2, "by the prices in the configuration; 0 = replayed or free"),
        lambda one: one.dollars,
    ),
    Field(Column("first", "asked (UTC)", 0), lambda one: when(one.first)),
    Field(Column("last", "asked (UTC)", 0), lambda one: when(one.last)),
    Field(
        Column("adapted", "parameters", 0, "what the service declined, and what was done"),
        lambda one: "; ".join(one.adapted) or "none",
    ),
]


def spending_table(accounts: list[Account]) -> Table | None:
    """What services were asked and paid; None where none was."""
    if not accounts:
        return None
    return tabulate("spending", "Services asked: replies, tokens, money", ACCOUNT, accounts)


STAGE: list[Field[tuple[str, list[Job]]]] = [
    Field(Column("Stage"), lambda stage: stage[0]),
    Field(Column("jobs", "", 0), lambda stage: len(stage[1])),
    Field(
        Column("hours", "", 2, "summed over jobs, which may have run side by side"),
        lambda stage: sum(job.seconds for job in stage[1]) / 3600,
    ),
    Field(Column("CPU hours", "", 2), lambda stage: cpu_hours(stage[1])),
    Field(Column("largest memory, GB", "", 1), lambda stage: largest_memory(stage[1])),
]


def cpu_hours(jobs: list[Job]) -> float | None:
    """Summed over jobs; None where that of a job is not known."""
    known = all(job.measured for job in jobs)
    return sum(job.cpu_seconds for job in jobs) / 3600 if known else None


def largest_memory(jobs: list[Job]) -> float | None:
    """In GB, over jobs; None where that of a job is not known."""
    return max(job.megabytes for job in jobs) / 1024 if all(job.measured for job in jobs) else None


def time_table(jobs: Mapping[str, list[Job]], adapters: list[Adapter]) -> Table | None:
    """Hours per stage; None without any finished job."""
    if not jobs:
        return None
    title = "Time and memory by stage, of the jobs whose results stand now"
    table = tabulate("time", title, STAGE, jobs.items())
    if not all(job.measured for own in jobs.values() for job in own):
        table.notes.append(
            "CPU hours and memory are left out where a job mostly waited, for a process that is kept"
            " loaded or for a service: only the job that waits is measured."
        )
    gpu = [one for one in adapters if one.device not in (None, "cpu")]
    spent = sum(one.seconds * one.processes for one in gpu) / 3600
    table.notes.append(
        f"Fine-tuning took {spent:.1f} GPU-hours." if gpu else "Fine-tuning used no GPU."
    )
    return table


TRANSLATED: list[Field[TranslatedSet]] = [
    Field(Column("Set"), lambda one: one.name),
    Field(Column("asked", "rows", 0), lambda one: one.asked),
    Field(
        Column("written", "rows", 0, "those that the checks let pass, flagged ones included"),
        lambda one: one.rows,
    ),
    Field(
        Column("mended", "rows", 0, "wrapping taken off that the source has not"),
        lambda one: one.mended,
    ),
    Field(Column("flagged", "rows", 0, "kept with a soft fault"), lambda one: one.flagged),
    Field(Column("flagged by kind", "rows", 0), lambda one: one.flagged_kinds),
    Field(
        Column("left out", "rows", 0, "a hard fault, or no reply: never a row"),
        lambda one: one.left_out,
    ),
    Field(Column("left out by kind", "rows", 0), lambda one: one.left_out_kinds),
    Field(Column("source", "characters", 0), lambda one: one.source_characters),
    Field(Column("translation", "characters", 0), lambda one: one.characters),
    Field(Column("calls", "", 0), lambda one: one.calls),
]


def translation_table(reports: Iterable[Path], labels: Mapping[str, str]) -> Table:
    """Every translated set: rows asked, mended, flagged and left out, by kind; characters, calls."""
    sets = [read_translated(path) for path in reports]

    def translator(one: TranslatedSet) -> str:
        return labels.get(one.translator, one.translator)

    fields = [Field(Column("Translator"), translator), *TRANSLATED]
    table = tabulate("translations", "Translated sets", fields, sets, keys=2)
    lines = [f"{translator(one)}: {note}." for one in sets for note in one.notes]
    table.notes += dict.fromkeys(lines)
    return table
