"""Statistics of paired comparisons and correlations; numpy only, every function seeded.

Items are the unit of resampling; seeds (several adapters per condition) are a second level.
A metric is the mean of item values, or for perplexity exp(sum of values / sum of weights).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

CHUNK = 4_000_000  # numbers drawn at a time


class Interval(NamedTuple):
    """An estimate with its confidence interval (NaN where it cannot be had)."""

    estimate: float
    low: float
    high: float


def percentile_interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """Central interval of bootstrap draws; NaN draws do not count."""
    draws = draws[np.isfinite(draws)]
    if len(draws) < 2:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def item_scores(
    values: np.ndarray, weights: np.ndarray, counts: np.ndarray, *, ratio: bool = False
) -> np.ndarray:
    """Scores of adapters when each item counts as often as it was drawn.

    values, weights: items x adapters; counts: draws x items. Returns draws x adapters: the weighted
    mean of the values, or exp of sum of values / sum of weights (perplexity). NaN where no item
    was drawn.
    """
    even = bool((weights == weights[:, :1]).all())  # the same for every adapter, as a rule
    total = counts @ (weights[:, :1] if even else weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = counts @ (values if ratio else values * weights) / total
    return np.asarray(np.exp(means) if ratio else means)


def item_counts(items: int, draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each item is drawn in bootstrap resamples: blocks of draws x items."""
    step = max(1, CHUNK // max(items, 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        drawn = rng.integers(items, size=(size, items)) + np.arange(size)[:, None] * items
        counts = np.bincount(drawn.ravel(), minlength=size * items)
        yield counts.reshape(size, items).astype(float)


def seed_weights(seeds: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Weights (draws x seeds) of a bootstrap over a condition's seeds; rows sum to 1.

    A bootstrap of so few is too narrow by (seeds - 1) / seeds in variance; its deviations are
    stretched to make up for it. One seed: no spread can be known, its weight is 1.
    """
    if seeds == 1:
        return np.ones((draws, 1))
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws) / seeds
    return 1 / seeds + (drawn - 1 / seeds) * math.sqrt(seeds / (seeds - 1))


def sign_flip_p(differences: np.ndarray, *, permutations: int, rng: np.random.Generator) -> float:
    """Two-sided p of a mean difference of 0 when each pair's sign is arbitrary.

    The paired permutation test. Exact for up to 12 pairs that differ and where all differences are
    equally large (then it is the sign test, McNemar's exact test for right and wrong answers);
    else by random flips. NaN differences are left out; 1 if nothing differs.
    """
    differences = np.asarray(differences, dtype=float)
    differences = differences[np.isfinite(differences)]
    largest = float(np.abs(differences).max(initial=0.0))
    if largest == 0:
        return 1.0
    differences = differences / largest
    differences = differences[np.abs(differences) > 1e-9]
    n = len(differences)
    sizes, counts = np.unique(np.round(np.abs(differences), 9), return_counts=True)
    observed = abs(differences.sum())
    slack = 1e-7 * np.abs(differences).sum()
    if len(sizes) == 1:
        plus = int((differences > 0).sum())
        return min(1.0, 2 * _binomial_tail(n, max(plus, n - plus)))
    if n <= 12:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(np.abs(signs @ differences) >= observed - slack))
    hits = 0
    by_size = 32 * len(sizes) <= n  # how many of each size turn is binomial: cheaper if few sizes
    step = permutations if by_size else max(1, CHUNK // n)
    for start in range(0, permutations, step):
        block = min(step, permutations - start)
        if by_size:
            sums = (2 * rng.binomial(counts, 0.5, size=(block, len(sizes))) - counts) @ sizes
        else:
            bits = np.frombuffer(rng.bytes(block * ((n + 7) // 8)), np.uint8).reshape(block, -1)
            turned = np.unpackbits(bits, axis=1, count=n).astype(np.float32)
            sums = differences.sum() - 2 * (turned @ differences.astype(np.float32))
        hits += int((np.abs(sums) >= observed - slack).sum())
    return (hits + 1) / (permutations + 1)


def _binomial_tail(n: int, k: int) -> float:
    """P(X >= k) for X ~ Binomial(n, 1/2)."""
    from scipy.special import bdtrc  # lighter to import than scipy.stats

    return float(bdtrc(k - 1, n, 0.5))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p values (family-wise error); NaN stays NaN and does not count."""
    p = np.asarray(p_values, dtype=float)
    known = np.flatnonzero(np.isfinite(p))
    adjusted = np.full(len(p), math.nan)
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return [float(value) for value in adjusted]


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r; NaN for fewer than three points or no spread in one of them."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) < 3:
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    if scale <= 1e-12 * max(len(x), 1):
        return math.nan
    return float(np.clip(x @ y / scale, -1, 1))


def correlation_interval(
    x: np.ndarray,
    y: np.ndarray,
    clusters: Sequence[str],
    *,
    resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> Interval:
    """Pearson's r with a bootstrap interval; whole clusters (models) are drawn."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    estimate = pearson(x, y)
    names, member = np.unique(np.asarray(clusters), return_inverse=True)
    if math.isnan(estimate) or len(names) < 3:
        return Interval(estimate, math.nan, math.nan)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    weights = drawn[:, member].astype(float)
    total = weights.sum(axis=1)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    xx = weights @ (x * x) / total - mean_x**2
    yy = weights @ (y * y) / total - mean_y**2
    xy = weights @ (x * y) / total - mean_x * mean_y
    with np.errstate(divide="ignore", invalid="ignore"):
        r = xy / np.sqrt(xx * yy)
    usable = np.isfinite(r) & (drawn > 0).sum(axis=1).__ge__(3)
    if usable.sum() < resamples / 2:
        return Interval(estimate, math.nan, math.nan)
    return Interval(estimate, *percentile_interval(np.clip(r[usable], -1, 1), confidence))


def correlation_p(
    x: np.ndarray,
    y: np.ndarray,
    clusters: Sequence[str],
    places: Sequence[str],
    *,
    permutations: int,
    rng: np.random.Generator,
) -> float:
    """Two-sided permutation p of no association.

    Clusters (models) exchange their y as a whole, place by place (language), with clusters that
    have the same places: points of one model are no independent witnesses. If no two clusters have
    the same places, single points are exchanged.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    observed = pearson(x, y)
    if math.isnan(observed):
        return math.nan
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    own: dict[str, dict[str, int]] = {}
    for index, (cluster, place) in enumerate(zip(clusters, places, strict=True)):
        own.setdefault(cluster, {})[place] = index
    alike: dict[tuple[str, ...], list[list[int]]] = {}
    for members in own.values():
        alike.setdefault(tuple(sorted(members)), []).append([members[p] for p in sorted(members)])
    blocks = [np.array(group) for group in alike.values()]
    if all(len(block) < 2 for block in blocks):
        blocks = [np.arange(len(x))[:, None]]
    r = np.zeros(permutations)
    for block in blocks:
        order = rng.permuted(np.tile(np.arange(len(block)), (permutations, 1)), axis=1)
        r += np.einsum("mp,dmp->d", x[block], y[block][order])
    return (int((np.abs(r / scale) >= abs(observed) - 1e-9).sum()) + 1) / (permutations + 1)


def fitted_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the least-squares line."""
    slope, offset = np.polyfit(x, y, 1)
    return slope, offset


def leave_one_out(
    x: np.ndarray, y: np.ndarray, clusters: Sequence[str]
) -> tuple[float, float, str]:
    """Smallest and largest r when one cluster is left out, and the cluster that moves r most."""
    x, y, own = np.asarray(x), np.asarray(y), np.asarray(clusters)
    whole = pearson(x, y)
    rest = {str(c): pearson(x[own != c], y[own != c]) for c in np.unique(own)}
    rest = {name: r for name, r in rest.items() if not math.isnan(r)}
    if not rest:
        return math.nan, math.nan, ""
    most = max(rest, key=lambda name: abs(rest[name] - whole))
    return min(rest.values()), max(rest.values()), most


def mean_interval(values: Iterable[float], confidence: float) -> Interval:
    """Mean of a few independent values (one per model) with Student's t interval.

    With so few units (8 models in the paper) a percentile bootstrap is too narrow.
    """
    from scipy.special import stdtrit

    known = np.asarray([v for v in values if math.isfinite(v)], dtype=float)
    if len(known) == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(known.mean())
    if len(known) < 2:
        return Interval(mean, math.nan, math.nan)
    half = stdtrit(len(known) - 1, (1 + confidence) / 2) * known.std(ddof=1) / math.sqrt(len(known))
    return Interval(mean, mean - float(half), mean + float(half))


def detectable(stderr: float, confidence: float, power: float = 0.8) -> float:
    """Smallest true difference that a two-sided test finds with the given power (normal theory)."""
    from scipy.special import ndtri

    if not math.isfinite(stderr):
        return math.nan
    return float((ndtri((1 + confidence) / 2) + ndtri(power)) * stderr)
