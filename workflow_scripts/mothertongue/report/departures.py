"""Departures from the paper in the report and in docs/reproduction.md, made from the register."""

from collections.abc import Iterable, Sequence

from .register import TOPICS, Departure
from .table import Column, Field, Table, tabulate

HEADS = {
    "benchmark": "Benchmarks",
    "metric": "Metrics",
    "data": "Data",
    "recipe": "Fine-tuning",
    "judge": "Open answers and judges",
    "paper": "The paper itself",
}
NOTHING = "the register names nothing"


def of_score(
    rows: Iterable[Departure], benchmark: str, metric: str, language: str, data: str, scope: str
) -> list[str]:
    """What the register says of one score in particular, in few words."""
    return [
        row.short
        for row in rows
        if not row.general and row.concerns(benchmark, metric, language, data, scope)
    ]


def of_every_score(rows: Iterable[Departure]) -> str:
    """How many departures concern every score alike; nothing if none does."""
    number = sum(row.general for row in rows)
    return f"and {number} that concern every score (below)" if number else ""


def reasons_words(reasons: Sequence[str], rows: Sequence[Departure]) -> str:
    """A cell of known reasons to differ."""
    parts = [*dict.fromkeys(reasons), of_every_score(rows)]
    return "; ".join(part for part in parts if part) or NOTHING


def where_words(row: Departure) -> str:
    """Where the paper states it."""
    if row.section == "none":
        return "not stated"
    return f"§{row.section}" if row.section[0].isdigit() else row.section


def concerns_words(row: Departure) -> str:
    """Which scores it concerns; empty for every score."""
    return ", ".join((*row.benchmarks, *row.languages, *row.data, *row.scopes))


DEPARTURE: list[Field[Departure]] = [
    Field(Column("Topic"), lambda row: HEADS[row.topic]),
    Field(Column("Departure"), lambda row: row.short),
    Field(Column("concerns", "", 0), lambda row: concerns_words(row) or "every score"),
    Field(Column("stated in", "the paper", 0), where_words),
    Field(Column("states", "the paper", 0), lambda row: row.paper),
    Field(Column("here", "", 0), lambda row: row.ours),
    Field(Column("why", "", 0), lambda row: row.why),
    Field(Column("effect", "", 0), lambda row: row.effect),
]


def departures_table(rows: Sequence[Departure], benchmarks: Iterable[str] | None = None) -> Table:
    """The register as a table; of some benchmarks only, if they are named."""
    kept = set(benchmarks) if benchmarks is not None else None
    shown = [
        row
        for topic in TOPICS
        for row in rows
        if row.topic == topic
        and not (kept is not None and row.benchmarks and not kept & set(row.benchmarks))
    ]
    title = "Departures from the paper, and assumptions where it states nothing"
    return tabulate("departures", title, DEPARTURE, shown, keys=2)


def as_markdown(rows: Sequence[Departure]) -> str:
    """The register as sections of a Markdown page."""
    lines: list[str] = []
    for topic in TOPICS:
        own = [row for row in rows if row.topic == topic]
        if not own:
            continue
        lines += [
            f"## {HEADS[topic]}",
            "",
            "| departure | the paper | here | why | effect |",
            "|---|---|---|---|---|",
        ]
        for row in own:
            concerns = concerns_words(row)
            where = where_words(row)
            named = ", ".join(f"`{name}`" for name in (*row.keys, *row.files))
            cells = [
                f"**{row.short}**" + (f" ({concerns})" if concerns else ""),
                row.paper if where == "not stated" else f"{row.paper} ({where})",
                row.ours + (f" {named}" if named else ""),
                row.why,
                row.effect,
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)
