"""What is said to be needed would decide, and the planned gap is found as often as promised."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from mothertongue.correlate.planning import Luck, Planned, smallest_gap
from mothertongue.correlate.power import needed
from mothertongue.correlate.samples import Sample


def test_what_is_needed_would_decide():
    rng = np.random.default_rng(14)
    gaps = 1.0 + rng.normal(0, 3, 4)
    sample = Sample(list("abcd"), list("abcd"), gaps, None, [], math.nan, 1, None, None, 0.0, 0.0)
    asked = needed(sample, sample.units, 2.0, 0.95)
    variance = gaps.var(ddof=1) / asked.models if asked.models else 0
    assert asked.models > 4
    z = abs(gaps.mean()) / math.sqrt(variance)
    assert z > 2.7 or (2 - abs(gaps.mean())) / math.sqrt(variance) > 2.9


def test_nothing_is_needed_where_nothing_varies():
    """Scores that are all the same tell nothing of what more of them would bring."""
    gaps, still = np.zeros(3), np.zeros((3, 20))
    sample = Sample(list("abc"), list("abc"), gaps, still, [], 0.0, 1, 20, 20, 50.0, 50.0)
    assert needed(sample, sample.units, 2.0, 0.95) is None


def test_the_planned_gap_is_found_in_four_of_five_studies():
    plan = Planned("quiz", 6, 6, 1, 2, 2, 500)
    luck = Luck(1.5, 0.5, 40.0, "assumed")
    gap = smallest_gap(plan, luck)
    rng = np.random.default_rng(15)
    variance = 0.5**2 + 1.5**2 * 1.5 / 2 + 40.0**2 / 500
    values = rng.normal(gap, math.sqrt(variance), (4000, 6))
    found = (scipy.stats.ttest_1samp(values, 0, axis=1).pvalue < 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.03)
    assert smallest_gap(replace(plan, seeds=3), luck) < gap
    assert smallest_gap(replace(plan, models=1, seeds=1), luck) == math.inf
