"""The estimate as a table: one line per set, judge and stage, and their sum."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from ..api.forecast import FAILING
from ..files import atomic

Number = float | None  # None: not known


@dataclass(frozen=True, slots=True)
class Line:
    """One line of cost.csv. `basis`: counted, projected or recorded; `usd` is None without a price.

    `attempts`: expected further calls; `loads`: how often a base is loaded; `gpu_gb`: memory of a card;
    `disk_gb`: what all fine-tunings of a model leave.
    """

    stage: str
    who: str
    what: str
    basis: str
    requests: int = 0
    in_store: int = 0
    attempts: int = 0
    characters: int = 0
    tokens: float = 0
    usd: Number = 0
    hours: Number = 0
    gpu_hours: float = 0
    loads: int = 0
    gpu_gb: float = 0
    disk_gb: float = 0


COLUMNS = tuple(field.name for field in fields(Line))
ORDER = ("translate", "keep", "roundtrip", "finetune", "evaluate", "answer", "judge")


def with_total(lines: Iterable[Line]) -> list[Line]:
    """Lines in the order of the stages, with their sum as the last: sums of what is known."""
    found = sorted(lines, key=lambda line: ORDER.index(line.stage))
    sums = {name: sum(getattr(line, name) or 0 for line in found) for name in COLUMNS[4:]}
    total = Line("total", "", "", "", **sums)
    own = sum(line.tokens for line in found if line.requests)  # of services, not of GPUs
    most = max((line.gpu_gb for line in found), default=0)
    return [*found, replace(total, tokens=own, gpu_gb=most)]


def shown(column: str, value: str | Number) -> str:
    """A cell of the table as people read it."""
    if value is None:
        return "no price" if column == "usd" else "?"
    if isinstance(value, str):
        return value
    if column == "usd":
        return f"{value:,.2f}" if value else "-"
    if column in ("hours", "gpu_hours", "gpu_gb", "disk_gb"):
        return (f"{value:,.1f}" if value >= 0.05 else "<0.1") if value else "-"
    return f"{value:,.0f}" if value else "-"


def table(lines: Sequence[Line], dated: str) -> str:
    """Lines in columns, numbers to the right, and what a reader must know about them."""
    cells = [[name.replace("_", " ") for name in COLUMNS]]
    cells += [[shown(name, getattr(line, name)) for name in COLUMNS] for line in lines]
    widths = [max(len(row[place]) for row in cells) for place in range(len(COLUMNS))]
    text = [
        "  ".join(
            cell.ljust(width) if place < 4 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    rule = "-" * max(map(len, text))
    notes = [
        f"US dollars by the price table of {dated}.",
        "Hours at the configured limits, services one after another; GPU-hours of "
        "the card that is named below. counted: the requests themselves; projected: their texts do not exist yet.",
        "attempts: expected further calls after replies that fail a check, as many as in the store of"
        f" replies, else {100 * FAILING:g} % of the texts up to api.check_retries times; characters,"
        " tokens, money and hours hold them.",
        "loads: how often a base is loaded, once for all jobs that share one on a cluster;"
        " gpu_gb: GPU memory that jobs ask for; disk_gb: what fine-tunings leave, at most.",
    ]
    for who in dict.fromkeys(line.who for line in lines if line.usd is None):
        notes.append(f"{who}: no price for its model in prices.per_million; the total lacks it.")
    for who in dict.fromkeys(line.who for line in lines if line.hours is None):
        notes.append(
            f"{who}: a local model; its hours are not estimated, and the totals lack them."
        )
    return "\n".join([*text[:1], rule, *text[1:-1], rule, text[-1], "", *notes])


def write_lines(path: Path, lines: Iterable[Line]) -> None:
    """Write cost.csv."""
    write_table(path, COLUMNS, map(asdict, lines))


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV; numbers have four decimals at most."""
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(columns))
        writer.writeheader()
        writer.writerows(
            {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows
        )
