"""Means and differences over items and replicates, and what these contribute to their noise."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..scores import WIN_RATE
from .samples import LOG_SCALE, Piece, Source, Terms


class Difference(NamedTuple):
    """A weighted sum of mean scores over items, and what it rests on."""

    gap: float
    scores: list[np.ndarray]  # of each group of adapters, one per seed
    influence: np.ndarray  # what each cluster contributes; sums to 0
    replicate_items: float  # variance that replicates share with items


def over_items(
    values: np.ndarray,
    weights: np.ndarray,
    codes: np.ndarray,
    size: int,
    groups: Sequence[tuple[float, int]],
    *,
    ratio: bool = False,
    scale: float = 1.0,
) -> Difference:
    """A weighted sum of groups' mean scores over the same items.

    values, weights: items x adapters, group by group; groups: weight and number of adapters; codes:
    cluster of each item, below `size`. Scores are weighted means of the values (`ratio`: sums of
    values over sums of weights), times `scale`.
    """
    shares = values if ratio else values * weights
    total = weights.sum(axis=0)
    means = shares.sum(axis=0) / total
    pulls = scale * (shares - means * weights) / total
    gap, own, influence, start = 0.0, 0.0, np.zeros(size), 0
    scores = []
    for weight, count in groups:
        block = range(start, start + count)
        start += count
        scores.append(scale * means[list(block)])
        gap += weight * float(scores[-1].mean())
        by_cluster = np.array([np.bincount(codes, pulls[:, j], minlength=size) for j in block])
        influence += weight * by_cluster.mean(axis=0)
        if count > 1:
            apart = by_cluster - by_cluster.mean(axis=0)
            own += weight**2 * float((apart**2).sum() / (count - 1) / count)
    return Difference(gap, scores, influence, own)


def on_scale(metric: str, scores: np.ndarray) -> np.ndarray:
    """Scores as they are averaged: perplexity as bits per token."""
    return np.asarray(np.log2(scores)) if metric in LOG_SCALE else scores


def luck_of(piece: Piece, terms: Terms) -> Terms:
    """What the luck of training belongs to, with its weight in a difference.

    Each condition has its own; but every comparison with native data holds the luck of the same
    native adapter, so that the whole difference of win rates counts as one.
    """
    return ((terms[0][0], 1.0),) if piece.metric == WIN_RATE else terms


def drawn_together(
    piece: Piece, replicates: dict[Source, np.ndarray], terms: Terms
) -> dict[Source, np.ndarray]:
    """Scores of what has luck of its own, one per seed; of win rates the difference itself."""
    if piece.metric != WIN_RATE:
        return replicates
    parts = [weight * replicates[source] for source, weight in terms]
    return {terms[0][0]: added_up(parts)}


def shared_by_replicates(
    pulls: np.ndarray, codes: np.ndarray, size: int, groups: Sequence[tuple[float, int]]
) -> float:
    """Variance that replicates of a difference of means share with items.

    pulls: items x adapters, group by group, each less its mean; the rest as for `over_items`.
    """
    count = min(many for _, many in groups)
    if count < 2:
        return 0.0
    together, start = np.zeros((len(codes), count)), 0
    for weight, many in groups:
        together += weight * pulls[:, start : start + count] / len(codes)
        start += many
    by_cluster = np.array([np.bincount(codes, own, minlength=size) for own in together.T])
    return float(((by_cluster - by_cluster.mean(axis=0)) ** 2).sum() / (count - 1) / count)


def mean_of(replicates: dict[Source, np.ndarray], terms: Terms) -> float:
    """The weighted difference of means over replicates."""
    return sum(weight * float(replicates[source].mean()) for source, weight in terms)


def added_up(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Sums of one adapter's scores, seed by seed, over the seeds that all of them have."""
    shortest = min(map(len, scores))
    total = np.zeros(shortest)
    for own in scores:
        total = total + own[:shortest]
    return total


def sides_of(replicates: dict[Source, np.ndarray], terms: Terms) -> tuple[float, float]:
    """Score of the first and of the second condition, in their own sign."""
    sides = [0.0, 0.0]
    for source, weight in terms:
        sides[weight < 0] += abs(weight) * abs(float(replicates[source].mean()))
    return sides[0], sides[1]
