"""The comparison of judges as tables."""

import csv
from collections.abc import Mapping
from pathlib import Path

from ..report.table import Column, Entry, Mark, Table

TABLES = {
    "gaps": "Gap by judge: rating on native data minus the mean over translators (points of 1 to 5)",
    "dependence": "Gaps of two judges over questions that both scored, and their difference",
    "coverage": "Coverage: answers scored, declined and rated unreadably, by condition",
    "agreement": "Agreement: quadratic-weighted kappa, Spearman's rank correlation, mean difference",
    "lengths": "Rating and answer length within an adapter's answers: Spearman's rank correlation, slope",
}


OTHER_TABLES = {  # of judge_pages.py
    "wins": "Win rates: how often answers of one condition are preferred to those of another",
    "strengths": "Strengths of three or more conditions (Bradley and Terry): log-odds against native data",
    "biases": "What judges lean to: the answer that is shown first, and the longer one",
    "alpha": "Agreement of all judges: Krippendorff's alpha",
    "members": "Judges against the others: the difference, and models of the judge's own family",
}


SECTIONS = {"judge": "judges", "judge_a": "judges", "judge_b": "judges", "model": "models"}


SECTIONS |= {
    "questions": "questions",
    "language": "languages",
    "data": "data",
    "against": "data",
    "scope": "languages",
}


COUNTS = (
    *("n", "asked", "seed", "answers", "both_scored", "scored", "mean_characters", "adapters"),
    *("declined", "unreadable", "addresses_judge", "native_characters", "translated_characters"),
    *("native_unscored", "translated_unscored", "unscored", "wins", "losses", "ties"),
    *("inconsistent", "longer", "pairs", "decided", "judges"),
)
INTERVALS = {  # column -> columns of its interval
    "gap": ("low", "high"),
    "length_adjusted": ("length_adjusted_low", "length_adjusted_high"),
    "difference": ("low", "high"),
    "per_100_characters": ("low", "high"),
    "kappa": ("kappa_low", "kappa_high"),
    "mean_difference": ("difference_low", "difference_high"),
    "win_rate": ("win_low", "win_high"),
    "at_equal_length": ("equal_low", "equal_high"),
    "first_preferred": ("first_low", "first_high"),
    "longer_preferred": ("longer_low", "longer_high"),
    "alpha": ("alpha_low", "alpha_high"),
    "against_the_others": ("others_low", "others_high"),
    "strength": ("strength_low", "strength_high"),
}


DIGITS = {"p": 3, "p_holm": 3}


KEYS = 2  # columns that name a row


def entry(name: str, text: str, labels: Mapping[str, Mapping[str, str]]) -> Entry:
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


def with_ends(name: str, row: dict[str, str], labels: Mapping[str, Mapping[str, str]]) -> Entry:
    """A cell; with its interval where the table has one."""
    value = entry(name, row[name], labels)
    ends = [row.get(end) for end in INTERVALS.get(name, ())]
    if not isinstance(value, float) or not ends or not all(ends):
        return value
    return Mark(value, interval=(float(ends[0] or 0), float(ends[1] or 0)))


def read_table(name: str, path: Path, labels: Mapping[str, Mapping[str, str]]) -> Table:
    """One of the comparison's CSV files as a table."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    names = list(rows[0]) if rows else []
    ends = {end for name, pair in INTERVALS.items() if name in names for end in pair}
    names = [name for name in names if name not in ends]
    columns = [Column(n.replace("_", " "), "", digits_of(n)) for n in names]
    found = [[with_ends(n, row, labels) for n in names] for row in rows]
    return Table(name, {**TABLES, **OTHER_TABLES}[name], columns, found, keys=KEYS)
