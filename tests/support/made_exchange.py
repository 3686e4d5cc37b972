"""Rates and scores as a study of several sizes would have them."""

from pathlib import Path

from mothertongue.correlate.averages import Cells, open_scores
from mothertongue.correlate.exchange_rows import RateRow
from mothertongue.correlate.intervals import MODELS_AND_DRAWS
from simulated_sizes import Truth, write


def made_cells(folder: Path) -> Cells:
    """Scores of three models in Spanish; the true rate is 4."""
    write(folder, {"es": Truth("4", 4.0)})
    return open_scores(folder / "scores.csv", folder / "correlate/study/about.json")


def rate(
    verdict: str,
    *,
    value: float | None = None,
    low: float | None = None,
    high: float | None = None,
    over: str = MODELS_AND_DRAWS,
) -> RateRow:
    """A rate at 500 native rows; the study has 125 to 4,000 translated ones."""
    place = "es", "qa", None, "acc", "google"
    return RateRow(
        *place, 500, verdict, value, low, high, 0.25, 8.0, over, 3, 3, 1, None, None, None, 0
    )
