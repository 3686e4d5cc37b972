"""Designs of a study that would tell an exchange rate, for the estimate."""

from pathlib import Path

from ..correlate.averages import open_scores
from ..correlate.exchange_noise import found_in
from ..correlate.exchange_planning import Noise, Wish, cheapest, plan_row
from ..report.exchange_designs import assumed_text, measured_text, results_text


def exchange_designs(wish: Wish, root: Path) -> tuple[list[dict[str, object]], str]:
    """Designs for an exchange rate as rows and as text, by the study's results where it has some."""
    scores, about = root / "scores.csv", root / "correlate" / "study" / "about.json"
    if scores.is_file() and about.is_file():
        cells = open_scores(scores, about)
        rows, parts = [], []
        for found in found_in(cells, wish):
            plans = cheapest(found.wish, found.noise)
            place = found.language, found.test.benchmark
            rows += [plan_row(plan, *place, found.measured) for plan in plans]
            label = f"{cells.test_label(found.test)}, {cells.facts.language(found.language)}"
            parts.append(measured_text(label, found.wish, found.noise, found.measured, plans))
        if parts:
            return rows, results_text(wish, parts)
    plans = cheapest(wish, Noise())
    return [plan_row(plan) for plan in plans], assumed_text(wish, plans)
