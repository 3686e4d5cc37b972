"""Differences between two runs, with the variances of `correlate`.

Items are paired and clustered; replicates (trainings with other seeds) are a second level, and three
models or more a third. The difference is always second minus first, in favour of the second.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..correlate import claims as c
from ..correlate.chance import is_no_better
from ..correlate.decisions import Tested
from ..correlate.replicates import Difference, added_up, over_items
from ..correlate.samples import Sample
from ..correlate.statistics import sign_flip_p
from ..correlate.variance import ZERO, Spread
from .matching import Scores

ITEMS, REPLICATES, MODELS = "items", "replicates and items", "models and items"
Shares = Sequence[tuple[Scores, float]]


class Estimate(NamedTuple):
    """A difference with its spread, its two-sided p and the p of equivalence."""

    sample: Sample
    tested: Tested
    p: float
    p_alike: float
    basis: str
    replicates: int
    at_chance: bool


def of_scores(
    scores: Scores, sides: Sequence[tuple[str, float]], model: str, there: np.ndarray
) -> Difference:
    """A weighted sum of the scores of runs of one model on a cell, over the items `there`."""
    groups = [(weight, scores.columns[run, model]) for run, weight in sides]
    every = np.array([column for _, own in groups for column in own])
    sign = -1 if scores.lower_is_better else 1
    return over_items(
        scores.values[np.ix_(there, every)],
        scores.weights[np.ix_(there, every)],
        scores.codes[there],
        scores.clusters,
        [(weight, len(own)) for weight, own in groups],
        scale=sign * scores.scale,
    )


def models_of(shares: Shares, runs: Sequence[str]) -> list[str]:
    """The models that all of these runs have on all of these cells."""
    first = [model for run, model in shares[0][0].columns if run == runs[0]]
    return [m for m in first if all((r, m) in s.columns for s, _ in shares for r in runs)]


def complete(scores: Scores, runs: Sequence[str], models: Sequence[str]) -> np.ndarray:
    """Which items all of these runs and models have."""
    every = [column for run in runs for model in models for column in scores.columns[run, model]]
    return np.asarray(np.isfinite(scores.values[:, every]).all(axis=1))


def offsets(shares: Shares) -> tuple[dict[tuple[str, str], int], int]:
    """Where the clusters of each task start in an influence over all, and how many there are."""
    start: dict[tuple[str, str], int] = {}
    size = 0
    for scores, _ in shares:
        key = (scores.cell.task, scores.cell.metric)
        if key not in start:
            start[key] = size
            size += scores.clusters
    return start, size


def sample_of(shares: Shares, first: str, second: str) -> Sample:
    """The difference of two runs over cells, for every model that has all of them."""
    models = models_of(shares, (first, second))
    start, size = offsets(shares)
    influence, there = np.zeros((len(models), size)), np.zeros(size, dtype=bool)
    gaps, firsts, seconds = np.zeros(len(models)), 0.0, 0.0
    adapters: dict[tuple[str, str], list[np.ndarray]] = {}
    replicate_items, items = 0.0, 0
    for scores, share in shares:
        own = complete(scores, (first, second), models)
        items += int(own.sum())
        begin = start[scores.cell.task, scores.cell.metric]
        place = slice(begin, begin + scores.clusters)
        there[place] |= np.bincount(scores.codes[own], minlength=scores.clusters) > 0
        for row, model in enumerate(models):
            found = of_scores(scores, ((second, 1.0), (first, -1.0)), model, own)
            gaps[row] += share * found.gap
            influence[row, place] += share * found.influence
            replicate_items += share**2 * found.replicate_items / len(models) ** 2
            seconds += share * float(np.abs(found.scores[0]).mean()) / len(models)
            firsts += share * float(np.abs(found.scores[1]).mean()) / len(models)
            for run, by_seed in zip((second, first), found.scores, strict=True):
                adapters.setdefault((run, model), []).append(share * by_seed)
    weight = {second: 1 / len(models), first: -1 / len(models)}
    kept = influence if there.all() else influence[:, there]
    return Sample(
        models=models,
        families=models,
        gaps=gaps,
        influence=kept,
        adapters=[(weight[run], added_up(own)) for (run, _), own in adapters.items()],
        replicate_items=replicate_items,
        seeds=min(len(own[0]) for own in adapters.values()),
        items=items,
        clusters=int(there.sum()),
        first=firsts,
        second=seconds,
    )


def estimate(shares: Shares, first: str, second: str, margin: float) -> Estimate:
    """The difference of two runs over cells; `margin`: the smallest that matters, or infinity."""
    sample = sample_of(shares, first, second)
    clusters = sample.clusters or 0
    many = len(sample.models) > 2
    if not many and sample.basis != c.REPLICATES:
        spread, basis = Spread(sample.shared, max(0.0, clusters - 1.0)), ITEMS
    else:
        spread, basis = sample.spread(), MODELS if many else REPLICATES
    differences = single_answers(shares, first, second) if basis == ITEMS else None
    if differences is not None:
        spread = Spread(adjusted_variance(differences), max(1.0, clusters - 1.0))
    tested = Tested(sample.estimate, spread, margin)
    p, p_alike = tested.p, tested.p_alike
    if differences is not None:  # McNemar's exact test
        p = sign_flip_p(differences, permutations=0, rng=np.random.default_rng(0))
    if spread.variance <= ZERO and basis == ITEMS:
        p = 1.0
        # No cluster differs: a share of differing ones of the margin or more is as likely as this.
        percent = all(scores.percent for scores, _ in shares)
        p_alike = (1 - min(1.0, margin / 100)) ** clusters if percent and margin < 100 else 1.0
    at_chance = len(shares) == 1 and all(
        side_at_chance(shares[0][0], run, sample.models) for run in (first, second)
    )
    return Estimate(sample, tested, p, p_alike, basis, sample.seeds or 1, at_chance)


def single_answers(shares: Shares, first: str, second: str) -> np.ndarray | None:
    """Differences of right and wrong answers to items without clusters; None for anything else."""
    if len(shares) > 1:
        return None
    scores = shares[0][0]
    models = models_of(shares, (first, second))
    there = complete(scores, (first, second), models)
    columns = [scores.columns[run, models[0]] for run in (first, second)]
    if len(models) > 1 or any(len(own) > 1 for own in columns):
        return None
    values = scores.values[np.ix_(there, np.array([own[0] for own in columns]))]
    if np.bincount(scores.codes[there]).max(initial=0) > 1 or scores.scale != 100:
        return None
    if not np.isin(values, (0.0, 1.0)).all():
        return None
    return np.asarray(values[:, 1] - values[:, 0])


def adjusted_variance(differences: np.ndarray) -> float:
    """Variance of a difference of paired proportions, in points, also where hardly any pair differs.

    One pair is added to either kind of those that differ (Bonett and Price 2012, J. Educ. Behav. Stat.
    37:479): without it, no pair that differs would be certainty.
    """
    n = len(differences) + 2
    up, down = (int((differences == way).sum()) + 1 for way in (1, -1))
    return 100**2 * ((up + down) / n - ((up - down) / n) ** 2) / n


def side_at_chance(scores: Scores, run: str, models: Sequence[str]) -> bool:
    """Whether a run is no better than guessing on a cell, for the mean over models."""
    if math.isnan(scores.chance) or scores.lower_is_better:
        return False
    there = complete(scores, (run,), models)
    found = [of_scores(scores, ((run, 1.0),), model, there) for model in models]
    influence = np.mean([one.influence for one in found], axis=0)
    used = np.bincount(scores.codes[there], minlength=scores.clusters) > 0
    return is_no_better(float(np.mean([one.gap for one in found])), influence[used], scores.chance)
