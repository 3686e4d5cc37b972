"""The comparison of judges as one page of sortable tables."""

import csv
from pathlib import Path

from mothertongue.files import atomic
from mothertongue.process.log import log_to
from mothertongue.report.categories import ANSWERS
from mothertongue.report.page import render
from mothertongue.report.table import Column, Entry, Mark, Page, Table

TABLES = {
    "gaps": "Gap by judge: rating on native data minus the mean over translators (points of 1 to 5)",
    "dependence": "Gaps of two judges over questions that both scored, and their difference",
    "coverage": "Coverage: answers scored, declined and rated unreadably, by condition",
    "agreement": "Agreement: quadratic-weighted kappa, Spearman's rank correlation, mean difference",
    "lengths": "Rating and answer length within an adapter's answers: Spearman's rank correlation, slope",
}
SECTIONS = {"judge": "judges", "judge_a": "judges", "judge_b": "judges", "model": "models"}
SECTIONS |= {
    "questions": "questions",
    "language": "languages",
    "data": "data",
    "scope": "languages",
}
COUNTS = ("n", "asked", "seed", "answers", "both_scored", "scored", "mean_characters", "adapters")
COUNTS += ("declined", "unreadable", "addresses_judge")
COUNTS += ("native_characters", "translated_characters", "native_unscored", "translated_unscored")
INTERVALS = {  # column -> columns of its interval
    "gap": ("low", "high"),
    "length_adjusted": ("length_adjusted_low", "length_adjusted_high"),
    "difference": ("low", "high"),
    "per_100_characters": ("low", "high"),
    "kappa": ("kappa_low", "kappa_high"),
    "mean_difference": ("difference_low", "difference_high"),
}
DIGITS = {"p": 3, "p_holm": 3}
KEYS = 2  # columns that name a row


def entry(name: str, text: str, labels: dict[str, dict[str, str]]) -> Entry:
    """A cell: names in words, numbers as numbers; empty stands for all values."""
    if name in SECTIONS:
        return labels.get(SECTIONS[name], {}).get(text, text) or "all"
    try:
        return float(text)
    except ValueError:
        return text or None


def digits_of(name: str) -> int:
    """Decimals of a column."""
    return 0 if name in COUNTS else DIGITS.get(name, 2)


def with_ends(name: str, row: dict[str, str], labels: dict[str, dict[str, str]]) -> Entry:
    """A cell; with its interval where the table has one."""
    value = entry(name, row[name], labels)
    ends = [row.get(end) for end in INTERVALS.get(name, ())]
    if not isinstance(value, float) or not ends or not all(ends):
        return value
    return Mark(value, interval=(float(ends[0] or 0), float(ends[1] or 0)))


def read_table(name: str, path: Path, labels: dict[str, dict[str, str]]) -> Table:
    """One of the comparison's CSV files as a table."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    names = list(rows[0]) if rows else []
    ends = {end for name, pair in INTERVALS.items() if name in names for end in pair}
    names = [name for name in names if name not in ends]
    columns = [Column(n.replace("_", " "), "", digits_of(n)) for n in names]
    found = [[with_ends(n, row, labels) for n in names] for row in rows]
    return Table(name, TABLES[name], columns, found, keys=KEYS)


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
            labels=snakemake.params.labels,
        )
