"""What to buy: the cheapest data for a score, and the best score for a budget, with uncertainty.

A choice is a kind of data that the study trained on at two sizes or more: native rows, one translator's,
or a mixture of fixed shares. Nothing outside its sizes is offered. The choice that looks best is called
so only if it beats every other one; its lead is tested against each, with Bonferroni's correction, on
the same curves that chose it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .curves import Curve, Floats, estimate, exponent_of, part

PLACES = 120


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per row; `translated` by translator."""

    native: float
    translated: Mapping[str, float]

    def of(self, curve: Curve) -> float | None:
        """Dollars per row of a kind of data; None where a translator's price is not known."""
        if curve.share == 1:
            return self.native
        translator = curve.kind.split(", ")[-1]
        if translator not in self.translated:
            return None
        return curve.share * self.native + (1 - curve.share) * self.translated[translator]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one kind of data costs, or scores. `wanted`: a score, or dollars, as `by` says.

    `best`: it looks best; `decided`: it beats every other kind that can be compared. `limit`: the
    largest set of the study, and the money would buy more.
    """

    by: str
    wanted: float
    kind: str
    rows: float
    native_rows: float
    dollars: float
    dollars_low: float | None
    dollars_high: float | None
    score: float
    score_low: float | None
    score_high: float | None
    best: bool = False
    decided: bool = False
    limit: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers of rows at which a curve reaches a score: the estimate and its set."""

    rows: float
    low: float | None
    high: float | None


SCORE = "score"
BUDGET = "budget"


def rows_for(curve: Curve, goal: float, exponent: float, level: float = 0.05) -> Found | None:
    """Rows that reach a score, within the curve's sizes; None where it does not reach it there."""
    rows = np.geomspace(curve.sizes[0], curve.sizes[-1], PLACES)
    found = estimate([part(curve, rows, exponent)], exponent)
    half = found.half(level)
    above = np.flatnonzero(found.value >= goal - 1e-9)
    if not len(above):
        return None
    place = int(above[0])
    reached = float(rows[place])
    if place:  # between two places, straight over log rows
        before, after = found.value[place - 1], found.value[place]
        share = (goal - before) / (after - before)
        reached = float(rows[place - 1] * (rows[place] / rows[place - 1]) ** share)
    low = np.flatnonzero(found.value + half >= goal)
    high = np.flatnonzero(found.value - half < goal)
    first = None if low[0] == 0 else float(rows[low[0]])
    enough = int(high[-1]) + 1 if len(high) else 0  # the first place that surely suffices
    last = None if enough == PLACES else float(rows[enough])
    return Found(reached, first, last)


def value_at(
    curve: Curve, rows: float, exponent: float, level: float = 0.05
) -> tuple[float, float | None, float | None]:
    """The curve's score at a number of rows, with its interval if there is one."""
    found = estimate([part(curve, np.array([rows]), exponent)], exponent)
    half = float(found.half(level)[0])
    score = float(found.value[0])
    return (score, score - half, score + half) if np.isfinite(half) else (score, None, None)


def leads(
    best: tuple[Curve, float], others: Sequence[tuple[Curve, float]], exponent: float, level: float
) -> bool:
    """Whether a curve at its rows is better than every other one at its own."""
    for other, rows in others:
        first = part(best[0], np.array([best[1]]), exponent)
        second = part(other, np.array([rows]), exponent, -1.0)
        found = estimate([first, second], exponent)
        if not found.value[0] - found.half(level / len(others))[0] > 0:
            return False
    return True


def best_for(
    curves: Sequence[Curve], prices: Prices, budget: float, level: float = 0.05
) -> list[Offer]:
    """What every kind of data scores for a budget; kinds that it buys too few rows of are left out."""
    exponent = exponent_of(curves)
    bought: list[tuple[Curve, float, float]] = []
    for curve in curves:
        price = prices.of(curve)
        if price is None:
            continue
        rows = budget / price if price else np.inf
        if rows >= curve.sizes[0] * (1 - 1e-9):
            bought.append((curve, min(rows, float(curve.sizes[-1])), price))
    offers = [
        _offer(BUDGET, budget, curve, rows, price, exponent, level) for curve, rows, price in bought
    ]
    if not offers:
        return []
    top = int(np.argmax([one.score for one in offers]))
    sets = [(curve, rows) for curve, rows, _ in bought]
    others = sets[:top] + sets[top + 1 :]
    decided = bool(others) and leads(sets[top], others, exponent, level)
    limits = [
        price == 0 or budget / price > curve.sizes[-1] * (1 + 1e-9) for curve, _, price in bought
    ]
    return [
        replace(one, best=place == top, decided=place == top and decided, limit=limit)
        for place, (one, limit) in enumerate(zip(offers, limits, strict=True))
    ]


def cheapest_for(
    curves: Sequence[Curve], prices: Prices, goal: float, level: float = 0.05
) -> list[Offer]:
    """What every kind of data that reaches a score costs; `decided`: at equal money it scores more."""
    exponent = exponent_of(curves)
    found: list[tuple[Curve, Found, float]] = []
    for curve in curves:
        price, reached = prices.of(curve), rows_for(curve, goal, exponent, level)
        if price is not None and reached is not None:
            found.append((curve, reached, price))
    if not found:
        return []
    costs = [price * reached.rows for _, reached, price in found]
    top = int(np.argmin(costs))
    equal = [
        (curve, float(np.clip(costs[top] / price if price else np.inf, *curve.sizes[[0, -1]])))
        for curve in curves
        if (price := prices.of(curve)) is not None and curve is not found[top][0]
    ]
    decided = bool(equal) and leads((found[top][0], found[top][1].rows), equal, exponent, level)
    offers = []
    for place, (curve, reached, price) in enumerate(found):
        one = _offer(SCORE, goal, curve, reached.rows, price, exponent, level)
        low = None if reached.low is None else price * reached.low
        high = None if reached.high is None else price * reached.high
        one = replace(one, best=place == top, decided=place == top and decided)
        offers.append(replace(one, dollars_low=low, dollars_high=high))
    return offers


def _offer(
    by: str, wanted: float, curve: Curve, rows: float, price: float, exponent: float, level: float
) -> Offer:
    score, low, high = value_at(curve, rows, exponent, level)
    money = price * rows
    native = curve.share * rows
    return Offer(by, wanted, curve.kind, rows, native, money, money, money, score, low, high)


def frontier(curve: Curve, price: float, exponent: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Dollars, score, and the ends of its interval, over a curve's sizes."""
    rows = np.geomspace(curve.sizes[0], curve.sizes[-1], PLACES)
    found = estimate([part(curve, rows, exponent)], exponent)
    half = found.half()
    return price * rows, found.value, found.value - half, found.value + half
