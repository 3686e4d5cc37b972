"""What a difference between training conditions rests on: pieces, shares of them, samples of models."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from . import claims as c
from .averages import Setting, Test
from .variance import NOTHING, ZERO, Spread, agreeing, alike, over_clusters, over_units, with_items

Source = tuple[str, Setting]
Terms = tuple[tuple[Source, float], ...]  # weights: above 0 the first condition, below the second
# analysed as bits per token, word or byte: their logarithm
LOG_SCALE = ("perplexity", "word_perplexity", "byte_perplexity")
IN_BITS = (*LOG_SCALE, "bits_per_character", "bits_per_byte")
ENOUGH_FAMILIES = 4


class Piece(NamedTuple):
    """Where scores stand: one test, metric and language."""

    test: Test
    metric: str
    language: str


Where = tuple[Piece, str, str, Setting]  # a piece, model, data and setting


class Share(NamedTuple):
    """A piece's weight in a mean, and the difference that is looked at there."""

    piece: Piece
    share: float
    terms: Terms


class Pulls(NamedTuple):
    """What each cluster of a benchmark's items contributes to a difference."""

    influence: np.ndarray  # sums to 0
    there: np.ndarray  # which clusters have items


@dataclass(frozen=True)
class Part:
    """The difference of one model on one piece."""

    gap: float
    replicates: dict[Source, np.ndarray]  # scores of a source, one per seed
    sides: tuple[float, float]
    pulls: Pulls | None = None
    replicate_items: float = math.nan  # variance that replicates share with items, of the gap
    items: int = 0


@dataclass
class Sample:
    """A difference per model over some pieces."""

    models: list[str]
    families: list[str]
    gaps: np.ndarray
    influence: np.ndarray | None  # models x clusters that have items
    adapters: list[tuple[float, np.ndarray]]  # weight in the mean and scores of each, by seed
    replicate_items: float
    seeds: int | None
    items: int | None
    clusters: int | None
    first: float
    second: float
    left_out: list[str] = field(default_factory=list)

    @property
    def estimate(self) -> float:
        """Mean over models."""
        return float(self.gaps.mean())

    @property
    def basis(self) -> str:
        """What an interval can range over."""
        if len(self.models) >= 3:
            many = len(set(self.families)) >= ENOUGH_FAMILIES
            return c.FAMILIES if many and len(set(self.families)) < len(self.models) else c.MODELS
        if all(len(scores) > 1 for _, scores in self.adapters):
            return c.REPLICATES
        return c.MODELS if len(self.models) == 2 else c.ADAPTERS

    @cached_property
    def shared(self) -> float:
        """Variance over clusters of items of the mean over models.

        Where every item shows the same difference, that of three more items without any.
        """
        if self.influence is None:
            return 0.0
        found = over_clusters(self.influence.mean(axis=0))
        return found if found > ZERO else agreeing(self.estimate, self.influence.shape[1])

    @cached_property
    def interaction(self) -> float:
        """The part of the variance over units that is the units' own luck with the items."""
        if self.influence is None:
            return math.nan
        if self.basis == c.REPLICATES:
            return self.replicate_items
        groups = self.families if self.basis == c.FAMILIES else self.models
        total = 0.0
        for name in dict.fromkeys(groups):
            own = [place for place, other in enumerate(groups) if other == name]
            total += over_clusters(self.influence[own].sum(axis=0) / len(self.models))
        return total

    @cached_property
    def units(self) -> Spread:
        """Variance over models, families or replicates."""
        if self.basis == c.ADAPTERS:
            return NOTHING
        if self.basis == c.REPLICATES:
            return over_replicates(self.adapters)
        groups = self.families if self.basis == c.FAMILIES else self.models
        return over_units(self.gaps, groups)

    def spread(self, units: Spread | None = None) -> Spread:
        """Variance of the estimate over units (pooled ones, if given) and items."""
        units = self.units if units is None else units
        if self.influence is None:
            return units
        return with_items(units, self.shared, self.interaction, self.clusters or 0)


def over_replicates(adapters: Sequence[tuple[float, np.ndarray]]) -> Spread:
    """Variance of a weighted sum of adapters' means over their replicates."""
    own = [Spread(float(scores.var(ddof=1)), len(scores) - 1.0) for _, scores in adapters]
    shares = np.array([weight**2 / len(scores) for weight, scores in adapters])
    variances, dfs = np.array([s.variance for s in own]), np.array([s.df for s in own])
    if len(own) > 1 and alike(own):
        pooled = float((dfs * variances).sum() / dfs.sum())
        return Spread(pooled * float(shares.sum()), float(dfs.sum()))
    parts = shares * variances
    if not parts.sum() > 0:
        return Spread(0.0, float(dfs.sum()))
    return Spread(float(parts.sum()), float(parts.sum() ** 2 / (parts**2 / dfs).sum()))
