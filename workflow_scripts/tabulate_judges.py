"""The comparison of judges as one page of sortable tables."""

from pathlib import Path

from mothertongue.files import atomic
from mothertongue.judge.labels import with_warnings
from mothertongue.process.log import log_to
from mothertongue.report.categories import ANSWERS
from mothertongue.report.judges import TABLES, read_table
from mothertongue.report.page import render
from mothertongue.report.table import Page


def main(*, tables: dict[str, Path], page: Path, labels: dict[str, dict[str, str]]) -> None:
    """Write the page; a table without rows is named with the reason."""
    made = [read_table(name, Path(tables[name]), labels) for name in TABLES]
    notes = [f"{table.title.split(':')[0]}: nothing to show." for table in made if not table.rows]
    gaps = next(table for table in made if table.name == "gaps")
    place = next((i for i, c in enumerate(gaps.columns) if c.label == "seed"), None)
    seeds = sorted({f"{r[place]:g}" for r in gaps.rows if r[place] is not None}, key=int)
    if len(labels["judges"]) < 2:
        notes.append("With a single judge, judges cannot be compared with one another.")
    text = render(
        Page(
            "",
            "judges",
            "Judges compared",
            "Do the judges agree, and does the gap depend on the judge?",
            "Two judges see different gaps where “depends” says so (after Holm's correction over the"
            " rows); only then can they stand on opposite sides. A gap that length explains is gone in the column"
            " “length adjusted”. Answers without a rating are counted for native and translated data.",
            "n: in every row (n: questions that count, of those asked). Metric: rating from 1 to 5."
            f" Seeds: {', '.join(seeds) or 'none'}. Intervals: over questions; over models too where"
            " a row is about three or more. “all”: every value of that column together.",
            ANSWERS,
            "Judges",
            {},
            [table for table in made if table.rows],
            notes,
        )
    )
    with atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            tables={name: Path(snakemake.input[name]) for name in TABLES},
            page=Path(snakemake.output.page),
            labels=with_warnings(snakemake.params.labels, snakemake.input.warned),
        )
