"""Variances of mean differences in closed form: over models, families, replicates and items.

Two crossed samples stand behind a mean difference: units (models, or replicates of an adapter) and
clusters of items. Its variance is that over units plus that over clusters minus that of their
interaction, which both hold (Cameron, Gelbach and Miller 2011, J. Bus. Econ. Stat. 29:238; for
reading studies: Baayen, Davidson and Bates 2008). Degrees of freedom are Satterthwaite's.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """Variance of an estimate and the degrees of freedom behind it."""

    variance: float
    df: float


ZERO = 1e-15  # a variance below it is none
COMPARED = 0.95  # confidence at which the narrower of two intervals is chosen
NOTHING = Spread(math.nan, math.nan)


def over_units(values: np.ndarray, groups: Sequence[object]) -> Spread:
    """Variance of the mean of `values` when groups of them are drawn.

    Cluster-robust with the CR2 correction and the degrees of freedom of Bell and McCaffrey (2002,
    Surv. Methodol. 28:169) for a mean. Groups of one each: the usual s²/n with n - 1.
    """
    values = np.asarray(values, dtype=float)
    n = len(values)
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    if n < 2 or len(names) < 2:
        return NOTHING
    sizes = np.bincount(member)
    sums = np.bincount(member, weights=values - values.mean())
    scale = 1 / (n * np.sqrt(1 - sizes / n))
    variance = float(((sums * scale) ** 2).sum())
    # Each group's linear form in the independent values, and how much they overlap.
    forms = (member[:, None] == np.arange(len(names))) * scale
    forms = forms - forms.mean(axis=0)
    overlap = forms.T @ forms
    return Spread(variance, float(np.trace(overlap) ** 2 / (overlap**2).sum()))


def over_clusters(influence: np.ndarray) -> float:
    """Variance of a sum over clusters; `influence`: clusters along the last axis, summing to 0."""
    clusters = influence.shape[-1]
    if clusters < 2:
        return 0.0
    return float((influence**2).sum()) * float(clusters) / float(clusters - 1)


def agreeing(difference: float, clusters: int) -> float:
    """Variance of a mean where all clusters show the same difference: that with three more that show none.

    So n items that all agree say what the rule of three allows (Hanley and Lippman-Hand 1983, J. Am.
    Med. Assoc. 249:1743): about 3/n of all such items may differ. 0 for no difference: scores that are
    the same on every item may all lie at a floor.
    """
    more = 3
    total = clusters + more
    return difference**2 * clusters * more / total**2 / (total - 1)


def alike(spreads: Sequence[Spread]) -> bool:
    """Whether variances may be equal (Bartlett's test, 1937, at 5 %)."""
    from scipy.special import chdtrc

    variances = np.array([s.variance for s in spreads])
    dfs = np.array([s.df for s in spreads])
    if len(spreads) < 2 or (variances <= 0).any():
        return False
    total = dfs.sum()
    pooled = (dfs * variances).sum() / total
    statistic = total * math.log(pooled) - (dfs * np.log(variances)).sum()
    correction = 1 + ((1 / dfs).sum() - 1 / total) / (3 * (len(spreads) - 1))
    return bool(chdtrc(len(spreads) - 1, max(0.0, statistic / correction)) > 0.05)


def pool(
    spreads: Sequence[Spread], interactions: Sequence[float], alikeness: float = 0.0
) -> list[Spread]:
    """Variances over units of several languages, each with the strength of all.

    What an interaction with items (known well, from many items) leaves of a variance is taken to be
    the same in every language; own variances where Bartlett's test says otherwise. `alikeness`: mean
    correlation between the languages' units, which makes them count for less than separate ones.
    """
    spreads = list(spreads)
    if len(spreads) < 2 or not all(math.isfinite(s.variance) for s in spreads):
        return spreads
    if not alike(spreads):
        return spreads
    variances = np.array([s.variance for s in spreads])
    noise = np.array(interactions, dtype=float)
    noise = noise if np.isfinite(noise).all() else np.zeros(len(noise))
    # Below 0 by chance where units hardly differ: cut at 0, intervals would be too wide.
    mean = max(float((variances - noise).mean()), -float(noise.min()) / 2)
    count = len(spreads)
    overlap = alikeness**2 + (1 - alikeness**2) * np.eye(count)
    typical = np.array([max(mean + e, 1e-300) for e in noise])
    df = float(np.mean([s.df for s in spreads]))
    doubt = 2 * (overlap * np.outer(typical, typical)).sum() / count**2 / df
    return [Spread(float(t), float(2 * t**2 / doubt)) for t in typical]


def likeness(columns: Sequence[np.ndarray]) -> float:
    """Mean correlation between columns of units' values, 0 at least; NaN for fewer than four units.

    Single correlations of so few units say little, their mean over pairs of languages more.
    """
    if len(columns) < 2:
        return 0.0
    if len(columns[0]) < 4 or len({len(column) for column in columns}) > 1:
        return math.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.corrcoef(np.array(columns))
    return max(0.0, float(np.nan_to_num(found[np.triu_indices(len(columns), 1)]).mean()))


def with_items(units: Spread, shared: float, interaction: float, clusters: int) -> Spread:
    """Variance over units and clusters of items together.

    The difference of two variances that are nearly equal has next to no degrees of freedom. The
    interaction then stays in: that variance is too large, if anything, but known better.
    """
    if not math.isfinite(units.variance) or clusters < 2:
        return units
    if units.variance + max(0.0, shared - interaction) < ZERO:
        return Spread(0.0, units.df)
    if shared <= interaction:
        return units
    own = units.variance**2 / units.df
    variance = units.variance + shared - interaction
    found = Spread(variance, variance**2 / (own + (shared**2 + interaction**2) / (clusters - 1)))
    sure = units.variance + shared
    bound = Spread(sure, sure**2 / (own + shared**2 / (clusters - 1)))
    return min(found, bound, key=lambda spread: half_width(spread, COMPARED))


def two_sided(estimate: float, spread: Spread) -> float:
    """Student's two-sided p of no difference; NaN without a variance."""
    p = 2 * beyond(abs(estimate), spread)
    return p if math.isnan(p) else min(1.0, p)


def beyond(distance: float, spread: Spread) -> float:
    """One-sided p of an estimate that lies `distance` from its null value, towards the claim.

    NaN where nothing varies: scores that are all the same are evidence of nothing.
    """
    from scipy.special import stdtr

    if not spread.variance > ZERO or not spread.df > 0:
        return math.nan
    return float(stdtr(spread.df, -distance / math.sqrt(spread.variance)))


def half_width(spread: Spread, confidence: float) -> float:
    """Half of the interval's width; NaN where nothing varies, as an interval of no width is none."""
    from scipy.special import stdtrit

    if not spread.variance > ZERO or not math.isfinite(spread.variance) or not spread.df > 0:
        return math.nan
    t = float(stdtrit(spread.df, (1 + confidence) / 2))
    return t * math.sqrt(spread.variance)
