"""Ranks several runs, with intervals that hold for all pairs of them at once.

The scores of runs on the same items are correlated. The largest of all studentised pairwise differences
is drawn from their joint distribution (a multivariate t, whose covariance is that over clusters); an
interval of a rank counts the runs that are shown to be better and to be worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..correlate.samples import over_replicates
from ..correlate.variance import ZERO
from .engine import Shares, complete, models_of, of_scores, offsets

DRAWS = 20_000


@dataclass(frozen=True)
class Ranked:
    """A run's place: its score, its difference from the best other run, and its possible ranks."""

    run: str
    score: float
    difference: float  # from the best of the others
    low: float | None
    high: float | None
    best_rank: int
    worst_rank: int


@dataclass(frozen=True)
class Ranking:
    """Runs from best to worst on one task, group or all tasks."""

    name: str
    language: str
    metric: str
    items: int
    rows: tuple[Ranked, ...]

    @property
    def best(self) -> list[str]:
        """Runs that may be the best."""
        return [row.run for row in self.rows if row.best_rank == 1]


def rank(name: str, shares: Shares, runs: Sequence[str], confidence: float) -> Ranking:
    """Rank runs by their mean over cells."""
    scores, influence, replicates, items = table_of(shares, runs)
    covariance, df = covariance_of(influence, replicates, scores)
    means = scores.mean(axis=0)
    gaps = means[:, None] - means
    own = np.diag(covariance)
    variances = np.maximum(own[:, None] + own - 2 * covariance, 0.0)
    errors = np.where(variances > ZERO, np.sqrt(variances), np.nan)
    half = critical(covariance, errors, df, confidence) * errors
    first = shares[0][0].cell
    rows = []
    for place in np.argsort(-means, kind="stable"):
        others = [other for other in range(len(runs)) if other != place]
        best = max(others, key=lambda other: means[other])
        gap, width = float(gaps[place, best]), float(half[place, best])
        known = bool(np.isfinite(width))
        with np.errstate(invalid="ignore"):
            better = int((gaps[place, others] + half[place, others] < 0).sum())
            worse = int((gaps[place, others] - half[place, others] > 0).sum())
        lower = shares[0][0].lower_is_better
        rows.append(
            Ranked(
                runs[place],
                float(-means[place] if lower else means[place]),
                gap,
                gap - width if known else None,
                gap + width if known else None,
                1 + better,
                len(runs) - worse,
            )
        )
    one = len(shares) == 1
    metrics = " / ".join(dict.fromkeys(s.cell.metric for s, _ in shares))
    return Ranking(name, first.language if one else "", metrics, items, tuple(rows))


Table = tuple[np.ndarray, np.ndarray, list[list[np.ndarray]], int]


def table_of(shares: Shares, runs: Sequence[str]) -> Table:
    """Scores (models x runs), influence (runs x clusters), replicates of each run's models, items."""
    models = models_of(shares, runs)
    start, size = offsets(shares)
    scores, influence = np.zeros((len(models), len(runs))), np.zeros((len(runs), size))
    replicates: list[list[np.ndarray]] = [[np.zeros(0)] * len(models) for _ in runs]
    used, items = np.zeros(size, dtype=bool), 0
    for cell, share in shares:
        there = complete(cell, runs, models)
        items += int(there.sum())
        begin = start[cell.cell.task, cell.cell.metric]
        place = slice(begin, begin + cell.clusters)
        used[place] |= np.bincount(cell.codes[there], minlength=cell.clusters) > 0
        for column, run in enumerate(runs):
            for row, model in enumerate(models):
                found = of_scores(cell, ((run, 1.0),), model, there)
                scores[row, column] += share * found.gap
                influence[column, place] += share * found.influence / len(models)
                old, new = replicates[column][row], share * found.scores[0]
                shorter = min(len(old), len(new)) if len(old) else len(new)
                replicates[column][row] = new[:shorter] + (old[:shorter] if len(old) else 0.0)
    return scores, influence[:, used], replicates, items


def covariance_of(
    influence: np.ndarray, replicates: list[list[np.ndarray]], scores: np.ndarray
) -> tuple[np.ndarray, float]:
    """Covariance of the runs' means, and its degrees of freedom.

    Over clusters, plus over models (three or more) or replicates (two or more of each). What the two
    have in common counts twice, which makes intervals too wide, if anything.
    """
    clusters = influence.shape[1]
    covariance = influence @ influence.T * clusters / max(1, clusters - 1)
    df = float(max(1, clusters - 1))
    models = len(scores)
    if models > 2:
        return covariance + np.cov(scores.T) / models, float(min(df, models - 1))
    if all(len(own) > 1 for run in replicates for own in run):
        spreads = [over_replicates([(1 / models, own) for own in run]) for run in replicates]
        covariance = covariance + np.diag([spread.variance for spread in spreads])
        df = min(df, sum(spread.df for spread in spreads))
    return covariance, df


def critical(covariance: np.ndarray, errors: np.ndarray, df: float, confidence: float) -> float:
    """How many standard errors all pairwise differences stay within at once."""
    rng = np.random.default_rng(0)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = rng.standard_normal((DRAWS, len(values))) @ root.T
    drawn /= np.sqrt(rng.chisquare(df, (DRAWS, 1)) / df)
    rows, columns = np.triu_indices(len(values), 1)
    known = np.isfinite(errors[rows, columns])
    if not known.any():
        return float("nan")
    rows, columns = rows[known], columns[known]
    largest = np.abs(drawn[:, rows] - drawn[:, columns]) / errors[rows, columns]
    return float(np.quantile(largest.max(axis=1), confidence))
