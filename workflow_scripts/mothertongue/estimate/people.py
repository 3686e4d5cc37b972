"""How many labels of people would decide a gap that matters (judge.people)."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..people.gaps import POINTS, SHARE
from ..people.ppi import labels_needed
from ..prompts.judging import PAIRWISE
from .sheets import PeopleSheet

SPREADS = {"rating": 1.4, PAIRWISE: 45.0}  # of a question's gap, until labels tell it
UNITS = {"rating": "points of 5", PAIRWISE: "% won"}
ALIKE = (0.0, 0.3, 0.6)  # correlation of people with a judge, until labels tell it


class LabelRow(NamedTuple):
    """Labels of one language that would show a gap as small as matters, four times in five.

    `planned`: questions in the sample that the study draws; `needed`: questions; `labels`: of them,
    with all their conditions and what two people label. `source`: assumed, or whose gaps told it.
    """

    language: str
    source: str
    gap: float
    unit: str
    spread: float
    correlation: float
    planned: int
    needed: int
    labels: int


def label_rows(sheet: PeopleSheet, gaps: Path) -> list[LabelRow]:
    """Rows of every language. `gaps`: gaps.csv of labels that are there, if any."""
    matters = SHARE if sheet.mode == PAIRWISE else POINTS
    known = _measured(gaps, matters)
    found = []
    for language, sides in sheet.sides.items():
        told = [(f"{judge}, {against}", spread, alike) for code, judge, against, spread, alike in known if code == language]  # fmt: skip
        assumed = [("assumed", SPREADS[sheet.mode], alike) for alike in ALIKE]
        for source, spread, alike in told or assumed:
            needed = labels_needed(matters, spread * (1 - 1e-9), alike)  # a measured one is met
            found.append(
                LabelRow(
                    language,
                    source,
                    matters,
                    UNITS[sheet.mode],
                    spread,
                    alike,
                    sheet.items // sides,
                    needed,
                    math.ceil(needed * sides * (1 + sheet.overlap)),
                )
            )
    return found


def _measured(path: Path, matters: float) -> list[tuple[str, str, str, float, float]]:
    """Language, judge, other data, spread and correlation, as labels of this study tell them."""
    if not path.is_file():
        return []
    from scipy.special import ndtri

    z = float(ndtri(0.975) + ndtri(0.8))
    found = []
    with path.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["model"] or not row["correlation"] or not int(row["needed"]):
                continue
            alike = min(0.99, max(0.0, float(row["correlation"])))
            spread = math.sqrt(int(row["needed"]) / (1 - alike**2)) * matters / z
            found.append((row["language"], row["judge"], row["against"], spread, alike))
    return found


def labels_text(rows: Sequence[LabelRow]) -> str:
    """The rows for the terminal."""
    lines = ["Labels by people that would show a gap that matters, with 80 % power:"]
    for row in rows:
        beside = f"beside a judge with r = {row.correlation:.2f}" if row.correlation else "alone"
        lines.append(
            f"  {row.language}: {row.needed:,} questions, {row.labels:,} labels, {beside}"
            f" ({row.gap:g} {row.unit}, spread {row.spread:.3g}, {row.source});"
            f" {row.planned:,} questions are planned"
        )
    return "\n".join(lines)
