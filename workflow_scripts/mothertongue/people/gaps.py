"""Judges' gaps between native and translated data, corrected by people's labels."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from .compare import Ratings, pair, preference, values_of
from .draw import NATIVE
from .ppi import corrected_mean, labels_needed
from .records import Label, Unit

ROUND_TRIP = "-rtt"
MEAN = "translated"  # the mean over translators
FEW = 12  # labelled units below which intervals of win rates are too narrow (tests/people/test_ppi.py)
POINTS = 0.4  # the smallest difference of ratings that matters: a tenth of their scale
SHARE = 10.0  # and of win rates, in percentage points

Values = dict[Unit, float]


@dataclass(frozen=True, slots=True)
class Gap:
    """Native against translated by a judge, by people, and by the judge corrected by people.

    In points of the rating, or in percentage points of native's wins beyond one half. `needed`:
    labelled units that would show a gap as small as matters, beside this judge.
    """

    judge: str
    language: str
    questions: str
    model: str | None
    against: str
    unit: str
    raw: float
    people: float
    people_low: float
    people_high: float
    corrected: float
    low: float
    high: float
    weight: float
    correlation: float
    labelled: int
    units: int
    needed: int
    note: str | None


def gaps(labels: Sequence[Label], judges: Mapping[str, Ratings], confidence: float) -> list[Gap]:
    """Each judge's gap, corrected: by language, question set and model, and over all models."""
    found = []
    things = values_of(labels)
    pairwise = any(b for _, _, b in things)
    for judge, ratings in judges.items():
        names = {name.removeprefix(pair(NATIVE, "")) for own in ratings.values() for name in own}
        kinds = sorted(name for name in names - {NATIVE} if pair("", "") not in name)
        for against in [*_means(kinds), *kinds]:
            people = dict(_people(things, against, kinds, pairwise))
            told = dict(_told(ratings, against, kinds, pairwise))
            groups: dict[tuple[str, str, str | None], list[Unit]] = defaultdict(list)
            for unit in sorted(told):
                groups[unit.language, unit.questions, unit.model].append(unit)
                groups[unit.language, unit.questions, None].append(unit)
            models = {(place[0], place[1]): sum(p[:2] == place[:2] and p[2] is not None for p in groups) for place in groups}  # fmt: skip
            for (language, questions, model), units in groups.items():
                if model is None and models[language, questions] < 2:
                    continue
                if any(unit in people for unit in units):
                    place = (judge, language, questions, model, against)
                    found.append(_gap(place, units, people, told, pairwise, confidence))
    return found


def _means(kinds: Sequence[str]) -> list[str]:
    return [MEAN] if sum(not name.endswith(ROUND_TRIP) for name in kinds) > 1 else []


def _sides(against: str, kinds: Sequence[str]) -> list[str]:
    return (
        [name for name in kinds if not name.endswith(ROUND_TRIP)] if against == MEAN else [against]
    )


def _people(
    things: Mapping[tuple[Unit, str, str | None], float],
    against: str,
    kinds: Sequence[str],
    pairwise: bool,
) -> Iterator[tuple[Unit, float]]:
    """People's gap of every unit of which they labelled each side."""
    others = _sides(against, kinds)
    for unit in {unit for unit, _, _ in things}:
        if pairwise:
            said = [things.get((unit, NATIVE, name)) for name in others]
            known = [value for value in said if value is not None]
            if len(known) == len(others):
                yield unit, 100 * (fmean(known) - 0.5)
        else:
            marks = [things.get((unit, name, None)) for name in (NATIVE, *others)]
            known = [value for value in marks if value is not None]
            if len(known) == len(marks):
                yield unit, known[0] - fmean(known[1:])


def _told(
    ratings: Ratings, against: str, kinds: Sequence[str], pairwise: bool
) -> Iterator[tuple[Unit, float]]:
    """A judge's gap of every unit of which it rated each side."""
    others = _sides(against, kinds)
    for unit, own in ratings.items():
        if pairwise:
            said = [preference(own, NATIVE, name) for name in others]
            wins = [value for value in said if value is not None]
            if len(wins) == len(others):
                yield unit, 100 * (fmean(wins) - 0.5)
        elif NATIVE in own and all(name in own for name in others):
            yield unit, own[NATIVE] - fmean(own[name] for name in others)


def _gap(
    place: tuple[str, str, str, str | None, str],
    units: Sequence[Unit],
    people: Values,
    told: Values,
    pairwise: bool,
    confidence: float,
) -> Gap:
    seen = [unit for unit in units if unit in people]
    rest = [unit for unit in units if unit not in people]
    y, f = [people[unit] for unit in seen], [told[unit] for unit in seen]
    u = [told[unit] for unit in rest]
    clusters = [unit.question for unit in (*seen, *rest)]
    ends = (-50.0, 50.0) if pairwise else ()
    own = corrected_mean(y, [0.0] * len(y), [], confidence, clusters[: len(y)], ends)
    better = corrected_mean(y, f, u, confidence, clusters, ends)
    spread = float(np.std(y, ddof=1)) if len(y) > 1 else math.nan
    varied = len(y) > 2 and np.ptp(y) > 0 and np.ptp(f) > 0
    correlation = float(np.corrcoef(y, f)[0, 1]) if varied else math.nan
    helped = 0.0 if math.isnan(correlation) else max(0.0, correlation)
    matters = SHARE if pairwise else POINTS
    needed = labels_needed(matters, spread, min(helped, 0.99)) if spread > 0 else 0
    return Gap(
        *place,
        "percentage points" if pairwise else "points",
        fmean([told[unit] for unit in units]),
        own.estimate,
        own.low,
        own.high,
        better.estimate,
        better.low,
        better.high,
        better.weight,
        correlation,
        len(seen),
        len(units),
        needed,
        f"fewer than {FEW} labelled questions: the interval may be too narrow"
        if len(seen) < FEW
        else None,
    )
