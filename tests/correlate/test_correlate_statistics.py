"""The analysis' statistics against SciPy, against plain loops, and on simulated truth."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
import scipy.stats
from mothertongue.correlate import statistics as st
from mothertongue.correlate.averages import Cells, Setting
from mothertongue.correlate.comparisons import item_row
from mothertongue.correlate.contrasts import GAP, Contrast, Result, resample
from mothertongue.correlate.facts import Facts
from mothertongue.correlate.gap_correlation import correlate, find_gaps
from mothertongue.correlate.items import Items

MAIN = Setting("mono", 1e-4)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


# -- against SciPy and plain loops ---------------------------------------------------------------


def test_pearson_is_scipy_s(rng):
    x, y = rng.normal(size=(2, 24))
    assert st.pearson(x, y) == pytest.approx(scipy.stats.pearsonr(x, y).statistic, abs=1e-12)


@pytest.mark.parametrize("x", [[1.0, 2.0], [3.0, 3.0, 3.0]])
def test_pearson_of_two_points_or_without_spread_is_unknown(x):
    assert math.isnan(st.pearson(x, list(range(len(x)))))


def test_few_pairs_are_flipped_exactly_as_scipy_flips_them(rng):
    differences = rng.normal(0.4, 1, 9)
    scipy_s = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    ours = st.sign_flip_p(differences, permutations=10, rng=rng)
    assert ours == pytest.approx(scipy_s.pvalue, abs=1e-12)


def test_equal_differences_are_the_exact_sign_test(rng):
    differences = np.array([100.0] * 30 + [-100.0] * 14 + [0.0] * 200)
    exact = scipy.stats.binomtest(30, 44).pvalue
    assert st.sign_flip_p(differences / 244, permutations=10, rng=rng) == pytest.approx(exact)


@pytest.mark.parametrize("grain", [0.5, None])  # few sizes: flipped by size; many: one by one
def test_many_pairs_agree_with_scipy_s_permutation_test(rng, grain):
    differences = rng.normal(size=150)
    differences += 0.14 - differences.mean()
    if grain:
        differences = np.round(differences / grain) * grain
    scipy_s = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=9_999, rng=rng
    )
    ours = st.sign_flip_p(differences, permutations=20_000, rng=rng)
    assert ours == pytest.approx(scipy_s.pvalue, abs=0.012)
    assert 0.001 < ours < 0.3


def test_no_difference_has_p_1(rng):
    assert st.sign_flip_p(np.array([0.0, 0.0, math.nan]), permutations=10, rng=rng) == 1.0


def test_holm_rejects_what_the_step_down_procedure_rejects(rng):
    for _ in range(200):
        p = rng.uniform(0, 0.2, 7) ** 2
        adjusted = st.holm(list(p))
        for level in (0.01, 0.05, 0.2):
            rejected = set()  # by the procedure's own words: stop at the first that does not pass
            for step, place in enumerate(np.argsort(p)):
                if p[place] * (len(p) - step) > level:
                    break
                rejected.add(int(place))
            assert {i for i, q in enumerate(adjusted) if q <= level} == rejected


def test_holm_leaves_unknown_p_out():
    assert st.holm([0.01, math.nan, 0.04])[0] == pytest.approx(0.02)
    assert math.isnan(st.holm([0.01, math.nan, 0.04])[1])


def test_interval_of_a_mean_is_student_s(rng):
    values = rng.normal(size=8)
    low, high = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = st.mean_interval([*values, math.nan], 0.95)
    assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize("ratio", [False, True])
def test_scores_of_resamples_are_those_of_the_items_drawn(rng, ratio):
    values, weights = rng.uniform(0, 3, (12, 4)), rng.integers(1, 9, (12, 4)).astype(float)
    (counts,) = st.item_counts(12, 30, rng)
    assert (counts.sum(axis=1) == 12).all()
    scores = st.item_scores(values, weights, counts, ratio=ratio)
    for draw, column in itertools.product(range(30), range(4)):
        drawn = np.repeat(np.arange(12), counts[draw].astype(int))
        v, w = values[drawn, column], weights[drawn, column]
        expected = math.exp(v.sum() / w.sum()) if ratio else np.average(v, weights=w)
        assert scores[draw, column] == pytest.approx(expected)


def test_resampled_seeds_vary_as_much_as_a_mean_of_them(rng):
    scores = rng.normal(50, 2, 3)
    means = st.seed_weights(3, 40_000, rng) @ scores
    assert means.std() == pytest.approx(scores.std(ddof=1) / math.sqrt(3), rel=0.02)
    assert means.mean() == pytest.approx(scores.mean(), abs=0.05)


def test_correlation_interval_is_scipy_s_when_every_point_is_its_own_cluster(rng):
    x = rng.normal(size=40)
    y = x + rng.normal(size=40)
    ours = st.correlation_interval(x, y, range(40), resamples=8000, confidence=0.9, rng=rng)
    scipy_s = scipy.stats.bootstrap(
        (x, y), st.pearson, paired=True, vectorized=False, n_resamples=4000,
        confidence_level=0.9, method="percentile", rng=rng,
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx(tuple(scipy_s), abs=0.03)


def test_correlation_p_of_single_points_is_scipy_s(rng):
    x = rng.normal(size=10)
    y = 0.5 * x + rng.normal(size=10)
    scipy_s = scipy.stats.permutation_test(
        (x,), lambda a: st.pearson(a, y), permutation_type="pairings", vectorized=False,
        n_resamples=4000, rng=rng,
    ).pvalue  # fmt: skip
    ours = st.correlation_p(x, y, range(10), ["es"] * 10, permutations=20_000, rng=rng)
    assert ours == pytest.approx(scipy_s, abs=0.03)


def test_correlation_p_respects_that_a_model_s_languages_go_together(rng):
    """Eight models of three near-identical languages: freely permuted points would find r daily."""
    models, places = np.repeat(range(8), 3), ["es", "ru", "zh"] * 8
    small = 0
    for _ in range(300):
        x, y = rng.normal(size=(2, 8)).repeat(3, axis=1) + 0.1 * rng.normal(size=(2, 24))
        small += st.correlation_p(x, y, models, places, permutations=400, rng=rng) <= 0.05
    assert small / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_leave_one_out_is_what_is_left(rng):
    x, y = rng.normal(size=(2, 9))
    models = np.repeat(["a", "b", "c"], 3)
    left = {m: scipy.stats.pearsonr(x[models != m], y[models != m]).statistic for m in "abc"}
    low, high, most = st.leave_one_out(x, y, models)
    assert (low, high) == pytest.approx((min(left.values()), max(left.values())))
    whole = st.pearson(x, y)
    assert most == max(left, key=lambda m: abs(left[m] - whole))


def test_a_gap_of_the_detectable_size_is_found_in_80_percent(rng):
    n, spread = 300, 40.0
    gap = st.detectable(spread / math.sqrt(n), 0.95)
    samples = rng.normal(gap, spread, (4000, n))
    found = (scipy.stats.ttest_1samp(samples, 0, axis=1).pvalue < 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.025)


# -- simulated truth -----------------------------------------------------------------------------


def contrast_of(sides: dict[str, float]) -> Contrast:
    """Native against the mean of the others."""
    plus = ((("native", MAIN), 1.0),)
    minus = tuple(((name, MAIN), weight) for name, weight in sides.items())
    return Contrast(GAP, "native", "translated", MAIN, plus, minus)


def one_study(values: dict[str, np.ndarray], weights: np.ndarray, *, ratio: bool) -> tuple:
    """A result to be filled in and its items; values: condition -> items x seeds."""
    columns, blocks, start = {}, [], 0
    for name, block in values.items():
        columns["es", "m", name, MAIN] = list(range(start, start + block.shape[1]))
        start += block.shape[1]
        blocks.append(block)
    table = np.column_stack(blocks)
    items = Items(table, np.repeat(weights[:, None], table.shape[1], axis=1), columns, ratio)
    others = [name for name in values if name != "native"]
    return Result("m", "es", contrast_of(dict.fromkeys(others, 1 / len(others))), []), items


def covered(truth: float, values: dict, weights: np.ndarray, rng, *, ratio: bool = False) -> bool:
    result, items = one_study(values, weights, ratio=ratio)
    resample([result], items, -1 if ratio else 1, 400, rng)
    row = item_row([result], confidence=0.95)
    return row.low <= truth <= row.high


@pytest.mark.slow
def test_intervals_of_300_items_cover_the_truth_in_93_to_97_percent():
    rng = np.random.default_rng(7)
    chance = {"native": 0.08, "google": 0.0, "cohere": 0.02}
    hits = 0
    for _ in range(1000):
        ease = rng.beta(2, 2, 300) * 0.9  # the same item is easy or hard for every condition
        values = {k: 100.0 * (rng.random((300, 1)) < ease[:, None] + d) for k, d in chance.items()}
        hits += covered(7.0, values, np.ones(300), rng)
    assert 930 <= hits <= 970


@pytest.mark.slow
def test_intervals_of_perplexity_cover_the_truth():
    """Sums over tokens: documents of unequal length, log-likelihoods that go with length."""
    rng = np.random.default_rng(8)
    rates = {"native": 2.0, "google": 2.1}
    truth = math.exp(2.1) - math.exp(2.0)
    hits = 0
    for _ in range(400):
        tokens = rng.integers(20, 200, 300).astype(float)
        hard = rng.normal(0, 0.3, 300)
        values = {
            k: (tokens * (rate + hard + rng.normal(0, 0.1, 300)))[:, None]
            for k, rate in rates.items()
        }
        hits += covered(truth, values, tokens, rng, ratio=True)
    assert 0.91 <= hits / 400 <= 0.98


@pytest.mark.slow
def test_intervals_take_seeds_into_account():
    """Adapters of other seeds score differently; intervals over items alone would miss the truth."""
    rng = np.random.default_rng(9)
    hits = {True: 0, False: 0}
    for _ in range(200):
        values = {}
        for name, level in (("native", 0.6), ("google", 0.5)):
            luck = level + rng.normal(0, 0.06, 6)
            values[name] = 100.0 * (rng.random((300, 6)) < luck)
        hits[True] += covered(10.0, values, np.ones(300), rng)
        means = {name: block.mean(axis=1, keepdims=True) for name, block in values.items()}
        hits[False] += covered(10.0, means, np.ones(300), rng)
    assert 0.88 <= hits[True] / 200 <= 0.98  # six seeds: the percentile interval is a little narrow
    assert hits[False] / 200 < 0.75


@pytest.mark.slow
def test_holm_keeps_false_positives_of_a_benchmark_below_5_percent():
    """No gap: 8 models x 3 languages, 300 items, 300 studies; one false positive spoils a study."""
    rng = np.random.default_rng(10)
    spoilt = plain = 0
    for _ in range(300):
        ease = rng.beta(2, 2, (24, 300))
        right = rng.random((3, 24, 300)) < ease
        differences = right[0] - (right[1].astype(float) + right[2]) / 2
        p = [st.sign_flip_p(d, permutations=999, rng=rng) for d in differences]
        plain += min(p) < 0.05
        spoilt += min(st.holm(p)) < 0.05
    assert spoilt / 300 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 300)
    assert plain / 300 > 0.5  # without the adjustment most studies would be spoilt


@pytest.mark.slow
def test_only_the_decoupled_r_is_centred_on_0_when_scores_are_chance():
    """400 benchmarks of 8 models, two translators, all of one true score: r must be about 0."""
    rng = np.random.default_rng(11)
    names = [f"b{place}" for place in range(400)]
    rows = [
        {"source": "study", "benchmark": name, "metric": "acc", "judge": None, "language": "es"}
        | {"model": f"m{model}", "data": data, "scope": "es", "learning_rate": 1e-4, "seed": 1}
        | {"score": 50 + rng.normal(), "stderr": None, "n": 300}
        for name in names
        for model in range(8)
        for data in ("native", "google", "cohere")
    ]
    about = {
        "learning_rate": 1e-4,
        "models": {f"m{model}": {} for model in range(8)},
        "data": {"native": {}, "google": {}, "cohere": {}},
        "languages": {"es": "Spanish"},
        "judges": {},
        "benchmarks": {name: {"metrics": ["acc"]} for name in names},
    }
    gaps = find_gaps(Cells(pl.DataFrame(rows), Facts.read(about)))
    found = correlate(gaps, resamples=10, confidence=0.95, seed=1)
    assert len(found) == 400
    tolerance = 4 * math.sqrt(1 / 7 / 400)
    assert abs(np.mean([row.decoupled_r for row in found])) < tolerance
    assert np.mean([row.r for row in found]) > 0.7  # chance alone: the shared term
    plain = [
        st.pearson([(r.native + r.translated) / 2 for r in own], [r.gap for r in own])
        for own in ([r for r in gaps if r.benchmark == name] for name in names)
    ]
    assert np.mean(plain) > 0.2  # the mean of native and an average of two is not free of it
