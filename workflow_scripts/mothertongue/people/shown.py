"""What people said of answers, as the answers browser shows it."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from ..judge.browser import PEOPLE, Said
from ..judge.pairs import LOSS, TIE, WIN, PairPlace
from ..judge.records import Place
from .records import Label


def said_by_people(labels: Iterable[Label]) -> Said:
    """Cells of ratings and verdicts: the mean of all who labelled an item, and a line for each."""
    grouped: dict[tuple[Any, ...], list[Label]] = defaultdict(list)
    for one in labels:
        grouped[one.unit, one.a, one.b].append(one)
    ratings: dict[tuple[Place, str], list[Any]] = {}
    pairs: dict[tuple[PairPlace, str], list[Any]] = {}
    for (unit, a, b), own in grouped.items():
        value = fmean(one.value for one in own)
        place = Place(
            "" if b is None else PEOPLE,
            *(unit.model, a, unit.scope, unit.lr, unit.seed, unit.questions, unit.language),
        )
        if b is None:
            lines = [f"{one.annotator}: {one.choice}" for one in own]
            ratings[place, unit.question] = [round(value, 2), None, lines]
        else:
            lines = [f"{one.annotator}: {verdict_of(one.value)}" for one in own]
            cell = [2 * value - 1, verdict_of(value), lines]
            pairs[PairPlace(place, b), unit.question] = cell
    return Said(ratings, pairs)


def verdict_of(value: float) -> str:
    """The verdict of a mean preference from 0 to 1."""
    return TIE if value == 0.5 else WIN if value > 0.5 else LOSS
