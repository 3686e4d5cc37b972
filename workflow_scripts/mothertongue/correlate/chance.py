"""Tells where a test cannot show a gap: both conditions score no better than guessing would."""

import math
from collections.abc import Mapping

import numpy as np

from .effects import Evidence
from .facts import BenchmarkFacts
from .samples import Part, Piece, Sample, Share, Terms
from .variance import over_clusters

RIGHT_OR_WRONG = ("acc", "em", "include")  # percentages of items that are right


def gap_terms(evidence: Evidence, piece: Piece, translator: str | None = None) -> Terms:
    """Native minus the mean over translators (or one of them) at the main setting; () if neither."""
    cells, main = evidence.cells, evidence.cells.main
    where = (piece.test, piece.metric, piece.language)
    native = cells.conditions(*where, "native", main)
    others = cells.conditions(*where, "translated", main)
    if translator is not None:
        others = [name for name in others if name == translator]
    if not native or not others:
        return ()
    plus = tuple(((name, main), 1.0 / len(native)) for name in native)
    return plus + tuple(((name, main), -1.0 / len(others)) for name in others)


def level_of(about: BenchmarkFacts, metric: str, language: str) -> float | None:
    """The best score without a model: guessing, the most frequent answer, an empty one.

    `chance` of the description (a number, or one per language), `chance_levels` by language and
    metric where they are known.
    """
    chance = about.chance
    if isinstance(chance, Mapping):
        chance = chance.get(language)
    levels = about.chance_levels.get(language) or {}
    found = [chance, *(levels.get(metric) or {}).values()]
    known = [float(v) for v in found if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return max(known, default=None)


def is_at_chance(evidence: Evidence, piece: Piece, sample: Sample, confidence: float) -> bool:
    """Whether neither side of the gap is above chance, for the mean over these models.

    The interval of a side ranges over items and the luck of training (what gaps of models differ by
    beyond their items), not over models: others might well be above chance.
    """
    from scipy.special import ndtri

    about = evidence.cells.facts.benchmark(piece.test.benchmark)
    chance = level_of(about, piece.metric, piece.language)
    main_metric = (about.metrics or (piece.metric,))[0]
    if (
        chance is None
        or piece.metric != main_metric
        or evidence.cells.sign(piece.test, piece.metric) < 0
    ):
        return False
    terms = gap_terms(evidence, piece)
    weights = [sum(w**2 for _, w in terms if (w > 0) is first) for first in (True, False)]
    spread = sample.units.variance
    noise = sample.interaction if math.isfinite(sample.interaction) else 0.0
    training = max(0.0, spread - noise) if math.isfinite(spread) else 0.0
    for side, (first, score) in enumerate(((True, sample.first), (False, sample.second))):
        own = tuple((s, abs(w)) for s, w in terms if (w > 0) is first)
        parts = [evidence.part(piece, model, own) for model in sample.models]
        variance = item_variance(about, piece, parts, score)
        if variance is None:
            return False
        variance += training * weights[side] / sum(weights)
        if score - float(ndtri((1 + confidence) / 2)) * math.sqrt(variance) > chance:
            return False
    return True


def item_variance(
    about: BenchmarkFacts, piece: Piece, parts: list[Part | None], score: float
) -> float | None:
    """Variance over items of a side's mean over models; None where nothing tells it."""
    known = [part for part in parts if part is not None]
    pulls = [part.pulls for part in known if part.pulls is not None]
    if known and len(pulls) == len(known):
        there = np.any([own.there for own in pulls], axis=0)
        return over_clusters(np.mean([own.influence for own in pulls], axis=0)[there])
    items = about.items.get(piece.language)
    if items and piece.metric in RIGHT_OR_WRONG and known:
        return max(score * (100 - score), 0.0) / items / len(known)
    return None


def places_at_chance(evidence: Evidence, confidence: float) -> set[Piece]:
    """Tests, metrics and languages in which both conditions are at chance."""
    found: set[Piece] = set()
    for test in evidence.cells.tests:
        metric = evidence.metric(test)
        for language in evidence.cells.languages(test):
            piece = Piece(test, metric, language)
            sample = gap_sample(evidence, piece)
            if sample is not None and is_at_chance(evidence, piece, sample, confidence):
                found |= {
                    Piece(test, name, language)
                    for name in evidence.cells.metrics(test, secondary=True)
                }
    return found


def gap_sample(evidence: Evidence, piece: Piece) -> Sample | None:
    """Native against translated on one piece."""
    terms = gap_terms(evidence, piece)
    return evidence.sample([Share(piece, 1.0, terms)]) if terms else None


def is_no_better(
    score: float, influence: np.ndarray, chance: float, confidence: float = 0.95
) -> bool:
    """Whether a score's interval over clusters of items reaches down to chance."""
    from scipy.special import ndtri

    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(over_clusters(influence))
    return score - half <= chance
