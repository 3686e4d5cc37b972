"""A mean by prediction-powered inference: a judge's values of all units, corrected by people's of some.

Angelopoulos, Duchi and Zrnic, "PPI++: Efficient Prediction-Powered Inference" (arXiv:2311.01453),
section 4, with its power tuning: the weight of the judge is what makes the variance smallest, and 0
where it tells nothing. Units are those of a simple random sample.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Corrected:
    """A corrected mean with its interval. `weight`: of the judge, 0 to 1; `labelled`, `others`: units."""

    estimate: float
    stderr: float
    low: float
    high: float
    weight: float
    labelled: int
    others: int


def corrected_mean(
    people: Sequence[float],
    judge: Sequence[float],
    others: Sequence[float],
    confidence: float,
    clusters: Sequence[object] = (),
    ends: tuple[float, ...] = (),
) -> Corrected:
    """The mean that people would give to all units.

    `people`, `judge`: values of the labelled units by both; `others`: the judge's of all other units.
    `clusters`: of the labelled units, then of the others, where units of one question are no
    independent witnesses; the variance is then one over clusters.
    `ends`: the smallest and the largest value that there can be, where values are few, as those of
    verdicts are. The variance then counts a unit at each end beside the labelled ones (as Agresti and
    Coull's interval does, 1998, The American Statistician 52:119), since a dozen that agree do not
    show how far others would be off. The estimate stays as it is.
    The interval is Student's t over labelled units, with a degree of freedom less for the weight; it
    has no ends with fewer than three of them.
    """
    from scipy.stats import t

    y, f, u = (np.asarray(values, dtype=float) for values in (people, judge, others))
    n, many = len(y), len(u)
    if n < 3:
        nan = math.nan
        return Corrected(float(y.mean()) if n else nan, nan, nan, nan, 0.0, n, many)
    weight = 0.0
    if many and (spread := float(np.var(np.concatenate([f, u]), ddof=1))) > 0:
        covariance = float(np.mean((y - y.mean()) * (f - f.mean())))
        weight = min(1.0, max(0.0, covariance / ((1 + n / many) * spread)))
    estimate = float(np.mean(y - weight * f) + (weight * u.mean() if many else 0.0))
    far = np.array(ends) - weight * float(np.mean([*f, *u])) if len(ends) else np.array([])
    variance = float(np.var([*(y - weight * f), *far], ddof=2)) / n
    if many > 1:
        variance += weight**2 * float(np.var(u, ddof=1)) / many
    df = n - 2
    if len(set(clusters)) < len(clusters):
        pulls = [*((y - weight * f) - np.mean(y - weight * f)) / n, *(weight * (u - u.mean()) / many if many else ())]  # fmt: skip
        sums: dict[object, float] = {}
        for name, pull in zip(clusters, pulls, strict=True):
            sums[name] = sums.get(name, 0.0) + pull
        df = len(set(clusters[:n])) - 2
        if df < 1:
            return Corrected(estimate, math.nan, math.nan, math.nan, weight, n, many)
        pulls = [*sums.values(), *(far - np.mean(y - weight * f)) / n]
        variance = sum(value**2 for value in pulls) * (df + 2) / (df + len(ends))
    error = math.sqrt(variance)
    half = float(t.ppf((1 + confidence) / 2, df)) * error
    return Corrected(estimate, error, estimate - half, estimate + half, weight, n, many)


def labels_needed(
    difference: float, spread: float, correlation: float, *, level: float = 0.05, power: float = 0.8
) -> int:
    """Units that people must label to see a difference, beside a judge that labels very many.

    `spread`: standard deviation of the value of a unit; `correlation`: of people with the judge.
    """
    from scipy.special import ndtri

    z = float(ndtri(1 - level / 2) + ndtri(power))
    return max(2, math.ceil((z * spread / difference) ** 2 * (1 - correlation**2)))
