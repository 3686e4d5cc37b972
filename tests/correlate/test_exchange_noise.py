"""Noise of learning curves is found again, and what a study cannot tell keeps its assumption by name."""

from dataclasses import replace

import exchange_calibration as bench
import numpy as np
import pytest
from exchange_calibration import TRUTHS, Truth
from made_exchange import made_cells
from mothertongue.correlate.exchange_noise import found_in, noise_of
from mothertongue.correlate.exchange_planning import Designs, Noise, Wish, cheapest, plan_row
from mothertongue.report.exchange_designs import designs_text

WISH = Wish(width=3, rate=4, rows=500, native=1000, gain=8)
FOUR = TRUTHS[2]


def mean_noise(truth: Truth, studies: int = 60) -> tuple[Noise, tuple[str, ...]]:
    """Components, averaged as variances over simulated studies."""
    rng = np.random.default_rng(3)
    found, named = [], ()
    for _ in range(studies):
        one = bench.simulate(truth, rng)
        seeded = [
            replace(curve, between_seeds=truth.training**2, seeds=truth.seeds)
            for curve in (one.native, one.translated)
        ]
        noise, named = noise_of(*seeded)
        found.append((noise.models, noise.draws, noise.training))
    return Noise(*np.sqrt((np.array(found) ** 2).mean(axis=0))), named


def test_components_are_those_that_scores_were_drawn_from():
    found, measured = mean_noise(replace(FOUR, models=4, draws=5))
    assert set(measured) == {"models", "draws", "training"}
    assert found.draws == pytest.approx(np.hypot(FOUR.offset, FOUR.by_size), rel=0.15)
    assert found.training == pytest.approx(FOUR.training)
    louder, _ = mean_noise(replace(FOUR, models=4, draws=5, offset=2.0))
    assert louder.draws == pytest.approx(np.hypot(2.0, FOUR.by_size), rel=0.15)


def test_what_one_model_and_one_draw_cannot_tell_is_assumed():
    found, measured = mean_noise(replace(FOUR, models=1, draws=1), studies=3)
    assert measured == ("training",)
    assert (found.models, found.draws) == pytest.approx((Noise().models, Noise().draws))


def test_designs_follow_from_results_and_say_so(tmp_path):
    (found,) = found_in(made_cells(tmp_path), WISH)
    assert found.measured == ("models", "draws", "training")
    assert found.wish.gain == pytest.approx(17, abs=5)  # 12 points from 125 to 1,000 rows
    plans = cheapest(found.wish, found.noise)
    assert plan_row(plans[0], "es", "qa", found.measured)["measured"] == "models draws training"
    place = Designs(
        found.wish, found.noise, plans, "es", "qa", "Questions, Spanish", found.measured
    )
    text = designs_text(WISH, [place])
    assert text.startswith("Exchange rate: designs")
    assert "this study's results" in text
    assert "assumed" not in text
    part = designs_text(WISH, [replace(place, measured=("training",))])
    assert "assumed: 0" in part
    assert "between draws of rows" in part.split("assumed")[1]
    assert "(assumed: 8 points" in designs_text(WISH, [Designs(WISH, Noise(), [])])
