"""Prints a comparison: a rich table on a terminal, aligned text where it is piped."""

from collections.abc import Sequence
from typing import TextIO

from .results import BETTER, EQUIVALENT, WORSE, Comparison
from .words import (
    HEAD,
    RANKING_HEAD,
    cells,
    notes,
    ranking_cells,
    ranking_title,
)

COLOURS = {BETTER: "green", WORSE: "red", EQUIVALENT: "cyan"}
RIGHT = (2, 3, 5, 6, 8, 9, 10)  # columns of numbers
LEAST = (
    9,
    8,
    5,
    1,
    10,
)  # columns that a narrow terminal goes without: chance, detectable and so on
Row = tuple[str, ...]


def show(comparison: Comparison, out: TextIO) -> None:
    """Print mismatches first, then the table, rankings and notes."""
    rich = out.isatty()
    write = show_rich if rich else show_plain
    for line in comparison.mismatches:
        print(f"Different tests: {line}", file=out)
    for second in comparison.runs[1:]:
        own = [r for r in comparison.results if r.second == second]
        head = tuple({"first": comparison.runs[0], "second": second}.get(n, n) for n in HEAD)
        write(
            "", head, [cells(r) for r in own], [COLOURS.get(r.verdict, "") for r in own], RIGHT, out
        )
    for ranking in comparison.rankings:
        rows = [ranking_cells(row) for row in ranking.rows]
        write(ranking_title(ranking), RANKING_HEAD, rows, [""] * len(rows), (2,), out)
    for line in (*comparison.notes, *notes(comparison)):
        print(line, file=out)


def show_rich(
    title: str,
    head: Row,
    rows: Sequence[Row],
    colours: Sequence[str],
    right: Sequence[int],
    out: TextIO,
) -> None:
    """A table with colours; on a narrow terminal without the columns that are missed least."""
    from rich.console import Console
    from rich.table import Table

    console = Console(file=out)
    widths = [max(map(len, column)) + 3 for column in zip(head, *rows, strict=True)]
    kept = list(range(len(head)))
    for place in LEAST if len(head) == len(HEAD) else ():
        if sum(widths[one] for one in kept) >= console.width:
            kept.remove(place)
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for place in kept:
        table.add_column(head[place], justify="right" if place in right else "left")
    for row, colour in zip(rows, colours, strict=True):
        table.add_row(*(row[place] for place in kept), style=colour or None)
    console.print(table)


def show_plain(
    title: str,
    head: Row,
    rows: Sequence[Row],
    colours: Sequence[str],
    right: Sequence[int],
    out: TextIO,
) -> None:
    """Aligned columns, two spaces apart."""
    if title:
        print(title, file=out)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        padded = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(padded).rstrip(), file=out)
    print(file=out)
