"""Prediction-powered inference: as ppi-python has it, unbiased under a biased judge, with coverage."""

import numpy as np
import pytest
from mothertongue.people.ppi import corrected_mean, labels_needed


@pytest.mark.parametrize(
    ("n", "many", "estimate", "stderr"), [(20, 80, 0.061146458787640, 0.206335952), (50, 400, 0.28879, 0.123251142)]
)  # fmt: skip
def test_the_estimate_is_that_of_ppi_python(n, many, estimate, stderr):
    """ppi-python 0.2.3 on the same values: ppi_mean_pointestimate and ppi_mean_ci (alpha .05).

    0.061146458787640356 and (-0.34326457523882403, 0.46555749281410475), so a standard error of
    0.20633595168911625; 0.2887899999999999 and (0.047222199772255474, 0.5303578002277443), 0.123251142.
    Ours is a little larger: it divides by n - 2.
    """
    rng = np.random.default_rng(5)
    for size, rest in ((20, 80), (50, 400)):
        z = rng.normal(size=size + rest)
        people = (z + rng.normal(size=size + rest) * 0.8 + 0.3).round(3)
        judge = (z * 0.9 + 0.7 + rng.normal(size=size + rest) * 0.3).round(3)
        if size == n:
            break
    found = corrected_mean(people[:n], judge[:n], judge[n:], 0.95)
    assert found.estimate == pytest.approx(estimate, abs=1e-12)
    assert stderr < found.stderr < stderr * np.sqrt(n / (n - 2)) * 1.01
    assert (found.labelled, found.others) == (n, many)


def simulated(n, many, rng, *, pairwise):
    """(true mean, people, judge of the labelled, judge of the others); the judge is biased by .26 to .7."""
    z = rng.normal(size=n + many)
    people = 0.2 + z + rng.normal(size=n + many) * 0.8
    judge = 0.9 * z + 0.9 + rng.normal(size=n + many) * 0.4
    if not pairwise:
        return 0.2, people[:n], judge[:n], judge[n:]
    won, said = (people > 0).astype(float), (judge > 0).astype(float)
    return 0.5620470, won[:n], said[:n], said[n:]  # Phi(.2 / sqrt(1.64))


@pytest.mark.parametrize("pairwise", [False, True])
@pytest.mark.parametrize(("n", "many"), [(12, 60), (20, 80), (100, 200)])
def test_the_corrected_mean_is_unbiased_and_covers(n, many, pairwise):
    """4,000 runs each: 94.6, 94.3 and 95.1 % of ratings, 94.9, 94.5 and 94.8 % of verdicts."""
    rng = np.random.default_rng(7)
    ends = (0.0, 1.0) if pairwise else ()
    covered, estimates, raw, widths, alone = 0, [], [], [], []
    runs = 700
    for _ in range(runs):
        truth, people, judge, others = simulated(n, many, rng, pairwise=pairwise)
        found = corrected_mean(people, judge, others, 0.95, ends=ends)
        covered += found.low <= truth <= found.high
        estimates.append(found.estimate)
        raw.append(np.mean(others))
        widths.append(found.high - found.low)
        own = corrected_mean(people, np.zeros(n), [], 0.95, ends=ends)
        alone.append(own.high - own.low)
    assert 0.93 - 0.015 < covered / runs < 0.97 + 0.01
    assert abs(np.mean(estimates) - truth) < (0.03 if n < 20 else 0.02) < 0.2 < np.mean(raw) - truth
    assert np.mean(widths) < np.mean(alone)  # a judge that goes along with people is worth labels


def test_a_judge_that_tells_nothing_costs_nothing():
    rng = np.random.default_rng(3)
    people, noise, others = rng.normal(size=200), rng.normal(size=200), rng.normal(size=800)
    found = corrected_mean(people, noise, others, 0.95)
    alone = corrected_mean(people, np.zeros(200), [], 0.95)
    assert found.weight < 0.2
    assert found.high - found.low < 1.02 * (alone.high - alone.low)


def test_units_of_one_question_are_one_witness():
    """Each question three times over (three seeds): the interval stays as wide."""
    rng = np.random.default_rng(4)
    z = rng.normal(size=150)
    people, judge = z[:50] + rng.normal(size=50) * 0.5, z + 0.5
    single = corrected_mean(people, judge[:50], judge[50:], 0.95)
    names = [*np.repeat(np.arange(50), 3), *np.repeat(np.arange(50, 150), 3)]
    again = corrected_mean(
        np.repeat(people, 3), np.repeat(judge[:50], 3), np.repeat(judge[50:], 3), 0.95, names
    )
    assert again.estimate == pytest.approx(single.estimate, abs=0.01)
    assert again.stderr == pytest.approx(single.stderr, rel=0.05)


def test_as_many_labels_as_are_needed_find_the_gap_four_times_in_five():
    n = labels_needed(0.4, 1.3, 0.6)
    assert n < labels_needed(0.4, 1.3, 0.0) == 83
    rng, found = np.random.default_rng(11), 0
    for _ in range(600):
        z = rng.normal(size=n + 3000)
        people = 0.4 + 1.3 * (0.6 * z[:n] + 0.8 * rng.normal(size=n))
        found += corrected_mean(people, z[:n], z[n:], 0.95).low > 0
    assert 0.72 < found / 600 < 0.86
