"""Variances in closed form, and the page's family of tests: right against simulation and scipy."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from mothertongue.correlate import variance as v
from mothertongue.correlate.averages import Setting
from mothertongue.correlate.decisions import Adjusted, Closed, adjust_cells, nested
from mothertongue.correlate.groups import Group, cells_of, correlations_of
from mothertongue.correlate.samples import Sample, Share, over_replicates
from mothertongue.correlate.variance import Spread

MAIN = Setting("mono", 1e-4)
TERMS = ((("native", MAIN), 1.0), (("google", MAIN), -0.5), (("cohere", MAIN), -0.5))


# -- variances -----------------------------------------------------------------------------------


def test_units_of_one_each_are_student_s_t():
    values = np.random.default_rng(1).normal(1, 2, 7)
    spread = v.over_units(values, range(7))
    assert spread.variance == pytest.approx(values.var(ddof=1) / 7)
    assert spread.df == pytest.approx(6)
    theirs = scipy.stats.ttest_1samp(values, 0)
    assert v.two_sided(values.mean(), spread) == pytest.approx(theirs.pvalue)
    half = v.half_width(spread, 0.95)
    assert values.mean() - half == pytest.approx(theirs.confidence_interval(0.95).low)


def test_families_of_equal_size_are_a_t_test_of_their_means():
    values = np.random.default_rng(2).normal(0, 1, 8)
    families = ["a", "b", "c", "d"] * 2
    means = [values[place::4].mean() for place in range(4)]
    spread = v.over_units(values, families)
    assert spread.df == pytest.approx(3)
    p = scipy.stats.ttest_1samp(means, 0).pvalue
    assert v.two_sided(values.mean(), spread) == pytest.approx(p)


def test_replicates_pool_what_may_be_alike():
    scores = ([1.0, 2.0, 3.5], [4.0, 6.0, 5.5], [0.0, 1.5, 2.0])
    adapters = [(w, np.array(own)) for w, own in zip((1.0, -0.5, -0.5), scores, strict=True)]
    spread = over_replicates(adapters)
    pooled = np.mean([scores.var(ddof=1) for _, scores in adapters])
    assert spread.df == 6
    assert spread.variance == pytest.approx(pooled * 1.5 / 3)
    unlike = [(1.0, np.array([0.0, 100.0, 200.0])), (-1.0, np.array([0.0, 0.1, 0.2]))]
    assert over_replicates(unlike).df < 2.1  # Satterthwaite's


def test_passages_widen_an_interval_by_their_likeness():
    """Items of a passage that all agree are one observation."""
    values = np.repeat(np.random.default_rng(4).normal(0, 1, 50), 5) / 250
    values -= values.mean()
    by_item = v.over_clusters(values)
    by_passage = v.over_clusters(values.reshape(50, 5).sum(axis=1))
    assert by_passage / by_item == pytest.approx(5, rel=0.05)


def test_nothing_that_varies_is_no_evidence():
    assert math.isnan(v.two_sided(0.0, Spread(0.0, 7)))
    assert math.isnan(v.two_sided(3.0, v.NOTHING))


def test_items_that_all_agree_say_what_the_rule_of_three_allows():
    """A gap of 100 points on every item is one, and is no surer than its items are many."""
    for items in (10, 30, 120, 1000):
        half = v.half_width(Spread(v.agreeing(100.0, items), items - 1), 0.95)
        assert 0.9 * 300 / items < half < 1.2 * 300 / items
    assert v.agreeing(0.0, 120) == 0.0
    every = np.full((1, 40), 1 / 40)
    sample = Sample(
        ["one"], ["one"], np.array([100.0]), 100 * (every - every.mean()),
        [(1.0, np.full(3, 100.0)), (-1.0, np.zeros(3))], 0.0, 3, 40, 40, 100.0, 0.0,
    )  # fmt: skip
    assert v.half_width(sample.spread(), 0.95) == pytest.approx(8.0, abs=0.5)
    assert v.two_sided(sample.estimate, sample.spread()) < 0.001


@pytest.mark.parametrize("items", [10, 20, 50, 120])
def test_where_all_items_agree_the_true_difference_is_held(items):
    """Of studies in which all items agree, weighed by how often that happens."""
    half = v.half_width(Spread(v.agreeing(100.0, items), items - 1), 0.95) / 100
    missed = max(true**items for true in np.linspace(0, 1, 2001) if 1 - true > half)
    assert missed <= 0.05


def test_an_interval_over_models_and_items_is_never_wider_than_without_their_interaction():
    """Nearly equal variances have a difference without degrees of freedom: ±1,279 points once."""
    for units, df, shared, interaction in ((0.01, 2, 5.0, 4.9), (1e-9, 1, 3.0, 2.99), (2, 7, 1, 0)):
        own = v.with_items(Spread(units, df), shared, interaction, 60)
        sure = v.with_items(Spread(units, df), shared, 0.0, 60)
        assert 0 < v.half_width(own, 0.95) <= v.half_width(sure, 0.95) + 1e-12
        assert own.df >= min(df, 59)
    assert v.with_items(Spread(4.0, 2), 1.0, 1.5, 60) == Spread(4.0, 2)


def test_coverage_over_few_models_and_few_items():
    """Three models on 60 items: items shared by models, models' own luck, and nothing else."""
    rng = np.random.default_rng(21)
    covered = 0
    for _ in range(600):
        table = rng.normal(0, 1, 60) + rng.normal(0, 3, (3, 60)) + rng.normal(0, 0.1, (3, 1))
        pulls = (table - table.mean(axis=1, keepdims=True)) / 60
        sample = Sample(
            list("abc"), list("abc"), table.mean(axis=1), pulls, [], 0.0, 1, 60, 60, 0.0, 0.0
        )
        covered += abs(sample.estimate) <= v.half_width(sample.spread(), 0.95)
    assert 0.93 <= covered / 600 <= 0.995


# -- the page's family of tests ------------------------------------------------------------------


def test_the_closed_procedure_tries_the_hardest_sets():
    """The shortcut is the largest p over all sets, tried one by one, for equal correlations."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        t, df = rng.normal(1, 1.5, 6), np.full(6, 14.0)
        closed = Closed(t, df, np.eye(6), 0.5)
        for member in range(6):
            sets = [
                [member, *others]
                for size in range(6)
                for others in itertools.combinations([i for i in range(6) if i != member], size)
            ]
            assert closed.p([member]) == pytest.approx(max(closed._of_set(s) for s in sets))


def synthetic(rng, *, gap, models=8, groups=3, languages=3, noise=2.0):
    """Cells of a page whose models differ by luck alone."""
    found = []
    for name in range(groups):
        samples = {}
        for place in range(languages):
            luck = rng.normal(0, noise * math.sqrt(1.5), models)
            sample = Sample(
                [f"m{m}" for m in range(models)], [f"f{m}" for m in range(models)],
                gap + luck, None, [], math.nan, 1, None, None, 0.0, 0.0,
            )  # fmt: skip
            samples[str(place)] = ([Share(None, 1.0, TERMS)], sample)
        found.append(Group(str(name), "%", [], 2.0, cells_of(samples, 2.0)))
    return found


def verdicts(groups):
    """(p of a difference, p of equivalence) of every cell of a page."""
    tests = [([cell.tested for cell in group.cells.values()], None) for group in groups]
    found = adjust_cells(tests, correlations_of([group.cells for group in groups]), 0.05)
    return [(one.difference, one.alike) for cells, _ in found for one in cells]


@pytest.mark.slow
def test_a_page_without_a_difference_is_rarely_wrong_and_power_is_high():
    rng = np.random.default_rng(6)
    wrong = sum(min(d for d, _ in verdicts(synthetic(rng, gap=0.0))) <= 0.05 for _ in range(120))
    assert wrong / 120 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 120)
    pages = [verdicts(synthetic(rng, gap=3.0, noise=1.3)) for _ in range(25)]
    assert np.mean([d <= 0.05 for page in pages for d, _ in page]) >= 0.8
    pages = [verdicts(synthetic(rng, gap=0.0, noise=1.0)) for _ in range(25)]
    assert np.mean([alike <= 0.05 for page in pages for _, alike in page]) >= 0.7
    pages = [verdicts(synthetic(rng, gap=2.0, noise=1.0)) for _ in range(30)]
    assert np.mean([alike <= 0.05 for page in pages for _, alike in page]) <= 0.05


def test_parts_are_never_surer_than_their_cell():
    parent = Adjusted(0.3, 0.9, 0.96)
    one = nested((0.001, 0.999), parent, 0.5)
    assert (one.difference, one.alike) == (0.3, 1.0)
