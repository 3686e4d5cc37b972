"""People among themselves, and people against each judge."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from ..judge.pairs import AGAINST, PairPlace, read_verdicts
from ..judge.records import Place, read_ratings
from .draw import BASE
from .ppi import corrected_mean
from .records import Label, Unit

RESAMPLES = 500

Ratings = dict[Unit, dict[str, float]]  # unit -> training data -> a judge's rating


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree in one language. `alpha`: Krippendorff's, ordinal; over items labelled twice.

    `same`: per cent of pairs of labels that are equal; `first`: of decided pairs, those in which the
    answer shown first was chosen.
    """

    language: str
    mode: str
    annotators: int
    labels: int
    twice: int
    alpha: float
    low: float
    high: float
    same: float
    first: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """People's and a judge's mean of one condition on the same answers, and how they go along."""

    judge: str
    language: str
    questions: str
    condition: str
    labelled: int
    people: float
    of_judge: float
    difference: float
    low: float
    high: float
    correlation: float
    same_side: float | None


def agreements(labels: Sequence[Label], confidence: float, seed: int) -> list[Agreement]:
    """A row per language."""
    import krippendorff

    found = []
    for language in sorted({one.unit.language for one in labels}):
        own = [one for one in labels if one.unit.language == language]
        people = sorted({one.annotator for one in own})
        by_thing: dict[tuple[Unit, str, str | None], dict[str, float]] = defaultdict(dict)
        for one in own:
            by_thing[one.unit, one.a, one.b][one.annotator] = one.value
        twice = [said for said in by_thing.values() if len(said) > 1]
        table = np.array([[said.get(name, math.nan) for said in twice] for name in people])

        def alpha(table: np.ndarray) -> float:
            known = table[~np.isnan(table)]
            if len(known) == 0 or len(np.unique(known)) < 2:
                return math.nan  # nothing varies: there is no chance agreement to compare with
            return float(krippendorff.alpha(table, level_of_measurement="ordinal"))

        rng = np.random.default_rng(seed)
        drawn = [alpha(table[:, rng.integers(len(twice), size=len(twice))]) for _ in range(RESAMPLES)] if twice else []  # fmt: skip
        known = [value for value in drawn if not math.isnan(value)]
        tail = (1 - confidence) / 2
        low, high = np.quantile(known, [tail, 1 - tail]) if known else (math.nan, math.nan)
        pairs = [(a, b) for said in twice for i, a in enumerate(list(said.values())) for b in list(said.values())[i + 1 :]]  # fmt: skip
        decided = [one.choice == "A" for one in own if one.b and one.choice != "tie"]
        found.append(
            Agreement(
                language,
                "pairwise" if own[0].b else "rating",
                len(people),
                len(own),
                len(twice),
                alpha(table) if twice else math.nan,
                float(low),
                float(high),
                100 * fmean(a == b for a, b in pairs) if pairs else math.nan,
                100 * fmean(decided) if decided else None,
            )
        )
    return found


def ratings_of(paths: Iterable[Path]) -> dict[str, Ratings]:
    """Judge -> ratings of tuned models' answers, by unit and training data.

    Of a pairwise judge: its verdict on `pair(a, b)`, 1 where a's answer is better, .5 where neither is.
    """
    found: dict[str, Ratings] = defaultdict(lambda: defaultdict(dict))
    for path in paths:
        if AGAINST in path.name:
            of = PairPlace.of(path)
            for row in read_verdicts(path) if BASE not in (of.place.data, of.against) else ():
                if row.first is not None and row.second is not None:
                    own = found[of.place.judge][unit_of(of.place, row.id)]
                    own[pair(of.place.data, of.against)] = (row.first + row.second) / 2
            continue
        place = Place.of(path)
        if place.data == BASE:
            continue
        for one in read_ratings(path):
            if one.rating is not None:
                found[place.judge][unit_of(place, one.id)][place.data] = one.rating
    return found


def unit_of(place: Place, question: str) -> Unit:
    """The unit of a question in the files of one adapter's answers."""
    own = (place.language, place.questions, question)
    return Unit(*own, place.model, place.scope, place.lr, place.seed)


def pair(a: str, b: str) -> str:
    """A pair of conditions as one condition."""
    return f"{a} against {b}"


def preference(own: Mapping[str, float], a: str, b: str | None) -> float | None:
    """A judge's value of an item: its rating, or which of two it says is better, or rates higher."""
    if b is None:
        return own.get(a)
    if (said := own.get(pair(a, b))) is not None:
        return said
    if a not in own or b not in own:
        return None
    return 0.5 + 0.5 * math.copysign(1.0, own[a] - own[b]) if own[a] != own[b] else 0.5


def values_of(labels: Iterable[Label]) -> dict[tuple[Unit, str, str | None], float]:
    """People's mean of every answer or pair that they labelled."""
    said: dict[tuple[Unit, str, str | None], list[float]] = defaultdict(list)
    for one in labels:
        said[one.unit, one.a, one.b].append(one.value)
    return {thing: fmean(values) for thing, values in said.items()}


def beside(
    labels: Sequence[Label], judges: Mapping[str, Ratings], confidence: float
) -> list[Beside]:
    """People against each judge, by condition."""
    from scipy.stats import spearmanr

    found = []
    things = values_of(labels)
    places = sorted({(u.language, u.questions, a, b or "") for u, a, b in things})
    for judge, ratings in judges.items():
        for language, questions, a, b in places:
            both = [
                (value, rated)
                for (unit, first, second), value in things.items()
                if (unit.language, unit.questions, first, second or "")
                == (language, questions, a, b)
                and (rated := preference(ratings.get(unit, {}), first, second)) is not None
            ]
            if not both:
                continue
            said = np.array([value for value, _ in both])
            told = np.array([value for _, value in both])
            pairwise, scale = bool(b), 100 if b else 1
            off = [float(value) for value in scale * (said - told)]
            shift = corrected_mean(off, [0.0] * len(off), [], confidence)
            varied = len(both) > 2 and np.ptp(said) > 0 and np.ptp(told) > 0
            found.append(
                Beside(
                    judge,
                    language,
                    questions,
                    pair(a, b) if b else a,
                    len(both),
                    scale * float(said.mean()),
                    scale * float(told.mean()),
                    shift.estimate,
                    shift.low,
                    shift.high,
                    float(spearmanr(said, told).statistic) if varied else math.nan,
                    100 * float(np.mean(np.sign(said - 0.5) == np.sign(told - 0.5)))
                    if pairwise
                    else None,
                )
            )
    return found
