"""Exchange rates: sets hold the truth, and no rate is named where there is none (bench: in full)."""

from dataclasses import replace

import exchange_calibration as bench
import numpy as np
import pytest
from exchange_calibration import TRUTHS, Truth, run
from mothertongue.correlate import curves, intervals
from mothertongue.correlate import exchange as x
from mothertongue.correlate.curves import Curve, Point
from mothertongue.correlate.exchange_planning import Layout, Noise, Plan, Wish, cheapest, expected
from mothertongue.correlate.heights import Heights, compare_heights
from mothertongue.correlate.sizes import curves_of

FOUR, LOWER = TRUTHS[2], TRUTHS[6]
EXACT = {"training": 1e-6, "offset": 0.0, "by_size": 0.0, "spread": (5.0, 0.0, 0.0)}


def studies(truth: Truth, count: int = 1) -> list[bench.Study]:
    rng = np.random.default_rng(7)
    return [bench.simulate(truth, rng) for _ in range(count)]


def rate_of(truth: Truth, rows: int = bench.AT) -> x.Exchange:
    (study,) = studies(truth)
    return x.exchange(study.native, study.translated, rows)


@pytest.mark.parametrize("exponent", [0.15, 0.4, 1.0])
def test_a_rate_without_noise_is_found(exponent):
    found = rate_of(replace(FOUR, exponent=exponent, **EXACT))
    assert found.verdict == x.RATE
    assert found.rate == pytest.approx(4, rel=0.05)
    assert found.low < 4 < found.high < 1.3 * found.low


@pytest.mark.parametrize(("models", "draws"), [(1, 1), (1, 3), (3, 1), (4, 2)])
def test_sets_hold_the_true_rate(models, draws):
    found = run(replace(FOUR, models=models, draws=draws), 60)
    assert found["covered"] >= 85
    assert found["none"] <= 8


@pytest.mark.parametrize("models", [1, 3])
def test_a_plateau_is_no_rate(models):
    found = run(replace(LOWER, models=models), 40)
    assert found["none"] >= 95
    assert found["spurious"] <= 5


@pytest.mark.parametrize("other", [0.25, 0.7])
def test_curves_that_only_bend_differently_are_not_taken_for_plateaus(other):
    found = run(replace(FOUR, translated_exponent=other), 40)
    assert found["plateau"] <= 5
    assert found["covered"] >= 85


def test_curves_without_noise_level_off_where_they_do():
    (study,) = studies(replace(LOWER, **EXACT))
    found = compare_heights(study.native, study.translated)
    assert found.difference == pytest.approx(15, abs=1)
    assert found.native_higher
    turned = compare_heights(study.translated, study.native)
    assert turned.translated_higher


@pytest.mark.parametrize("models", [1, 3])
def test_rows_without_effect_have_no_rate(models):
    found = run(replace(TRUTHS[4], models=models), 40)
    assert found["none"] >= 95
    assert found["spurious"] <= 5


def test_scores_that_do_not_grow_tell_no_rate():
    found = run(Truth("flat", gain=0.001, spread=(5.0, 0.0, 0.2), models=1), 40)
    assert found["finite"] <= 10


def test_a_rate_beyond_the_largest_set_is_more_than_that():
    found = rate_of(replace(FOUR, rate=10, translated=(125, 250, 500, 1000), **EXACT))
    assert (found.verdict, found.low, found.high) == (x.MORE, 2.0, None)


def test_a_rate_below_the_smallest_set_is_less_than_that():
    found = rate_of(replace(FOUR, rate=0.5, translated=(500, 1000, 2000), **EXACT))
    assert (found.verdict, found.low, found.high) == (x.LESS, None, 1.0)


def test_more_rows_that_make_it_worse_are_none_in_range():
    (study,) = studies(replace(FOUR, **EXACT))
    worse = replace(study.translated, scores=study.translated.scores[..., ::-1].copy())
    assert x.exchange(study.native, worse, 500, heights=Heights()).verdict == x.NONE


def test_two_sizes_of_one_draw_have_no_interval():
    found = rate_of(replace(FOUR, models=1, draws=1, native=(250, 1000), translated=(1000, 4000)))
    assert (found.verdict, found.over) == (x.UNKNOWN, intervals.NOTHING)
    assert found.low is None
    assert found.high is None
    assert found.heights == Heights(), "two sizes show no bend"


@pytest.mark.parametrize(
    ("models", "draws", "over"),
    [
        (3, 2, intervals.MODELS_AND_DRAWS),
        (3, 1, intervals.MODELS),
        (2, 2, intervals.DRAWS),
        (2, 1, intervals.TRAININGS),
    ],
)
def test_what_a_set_ranges_over(models, draws, over):
    assert rate_of(replace(FOUR, models=models, draws=draws)).over == over


def test_weights_are_those_of_least_squares():
    sizes, at = np.array([100.0, 200, 400, 800]), np.array([150.0, 700.0])
    scores = np.array([3.0, 5.0, 4.0, 9.0])
    design = np.stack([np.ones(4), sizes**-0.3], axis=1)
    c, a = np.linalg.lstsq(design, scores, rcond=None)[0]
    assert curves.weights(sizes, at, 0.3) @ scores == pytest.approx(c + a * at**-0.3)
    assert curves.height_weights(sizes, 0.3) @ scores == pytest.approx([c])


def test_an_estimate_over_models_is_students_t():
    values = np.random.default_rng(1).normal(size=(5, 1, 3))
    curve = Curve("native", 1.0, np.array([1.0, 2.0]), np.zeros((5, 1, 2)))
    one = intervals.Part(curve, values, np.zeros((3, 2)), 0.0)
    found = intervals.estimate([one])
    assert found.error == pytest.approx(values[:, 0].std(axis=0, ddof=1) / np.sqrt(5))
    assert found.df == pytest.approx(4)


# -- scores to curves ----------------------------------------------------------------------------


def points(kind: str, rows: int, draws, models=("a", "b"), native: float = 1.0) -> list[Point]:
    share = round(native * rows)
    return [
        Point("es", "qa", model, kind, share, rows - share, draw, seed, float(rows + seed))
        for model in models
        for draw in draws
        for seed in (1, 2)
    ]


def test_seeds_are_averaged_and_sets_of_all_rows_belong_to_every_draw():
    given = points("native", 100, [1, 2]) + points("native", 200, [1, 2])
    given += points("native", 423, [1])
    (curve,), left_out = curves_of(given)
    assert left_out == 0
    assert curve.whole
    assert curve.scores.shape == (2, 2, 3)
    assert curve.scores[0, 1].tolist() == [101.5, 201.5, 424.5]
    assert len(curve.points) == len(given)


def test_a_size_that_a_model_lacks_is_left_out_and_counted():
    given = points("native", 100, [1]) + points("native", 200, [1])
    given += points("native", 300, [1], models=("a",))
    (curve,), left_out = curves_of(given)
    assert curve.sizes.tolist() == [100, 200]
    assert left_out == 2


def test_one_native_size_makes_no_curve():
    given = points("native", 100, [1]) + points("google", 100, [1], native=0.0)
    assert curves_of([*given, *points("google", 200, [1], native=0.0)]) == ((), 0)


# -- planning ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("models", "draws", "seeds"), [(1, 3, 3), (3, 3, 3), (1, 5, 1)])
def test_the_planned_width_is_that_of_simulated_sets(models, draws, seeds):
    wish = Wish(width=3, rate=4, rows=500, native=1000, gain=FOUR.gain)
    plan = expected(Layout(models, FOUR.native, FOUR.translated, draws, seeds), wish, Noise())
    found = run(replace(FOUR, models=models, draws=draws, seeds=seeds), 40)
    assert plan.width == pytest.approx(found["ratio"], rel=0.3)


def test_the_cheapest_designs_are_as_narrow_as_wished_and_no_dearer_one_is_listed_before():
    wish = Wish(width=3, rate=4, rows=500, native=1000, gain=12)
    plans = cheapest(wish, Noise())
    assert plans
    assert all(plan.width <= 3 and plan.layout.draws > 1 for plan in plans)
    assert [p.layout.rows for p in plans] == sorted(p.layout.rows for p in plans)
    wider = cheapest(replace(wish, width=2), Noise())
    assert wider[0].layout.rows > plans[0].layout.rows
    assert cheapest(replace(wish, width=1.01), Noise()) == []
    assert Plan(plans[0].layout, 2.0, None).width == np.inf
