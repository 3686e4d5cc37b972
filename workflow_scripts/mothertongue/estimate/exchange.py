"""Designs of a study that would tell an exchange rate, for the estimate."""

from pathlib import Path

from ..correlate.averages import open_scores
from ..correlate.exchange_noise import found_in
from ..correlate.exchange_planning import Designs, Noise, Wish, cheapest


def exchange_designs(wish: Wish, root: Path) -> list[Designs]:
    """Designs for an exchange rate, by every test of the study's results, if it has some."""
    scores, about = root / "scores.csv", root / "correlate" / "study" / "about.json"
    designs = []
    if scores.is_file() and about.is_file():
        cells = open_scores(scores, about)
        for found in found_in(cells, wish):
            designs.append(
                Designs(
                    found.wish,
                    found.noise,
                    cheapest(found.wish, found.noise),
                    found.language,
                    found.test.benchmark,
                    f"{cells.test_label(found.test)}, {cells.facts.language(found.language)}",
                    tuple(found.measured),
                )
            )
    return designs or [Designs(wish, Noise(), cheapest(wish, Noise()))]
