"""What to buy: the cheapest data for a score, and the best score for a budget, with uncertainty.

A choice is a kind of data that the study trained on at two sizes or more: native rows, one translator's,
or a mixture of fixed shares. Nothing outside its sizes is offered. The choice that looks best is called
so only if it beats every other one; its lead is tested against each, with Bonferroni's correction, on
the same curves that chose it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .curves import Curve, Floats
from .intervals import Estimate, fitted

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


class Market:
    """The curves of a study, and their prices."""

    def __init__(self, curves: Sequence[Curve], prices: Prices | None = None, level: float = 0.05):
        self.curves, self.prices, self.level = curves, prices, level

    def price(self, curve: Curve) -> float | None:
        """Dollars per row, if known."""
        return None if self.prices is None else self.prices.of(curve)

    def at(self, curve: Curve, rows: Floats) -> Estimate:
        """A curve's scores at numbers of rows."""
        return fitted([(curve, rows, 1.0)])

    def rows_for(self, curve: Curve, goal: float) -> Found | None:
        """Rows that reach a score within the curve's sizes; None where it does not reach it there."""
        rows = np.geomspace(curve.sizes[0], curve.sizes[-1], PLACES)
        found = self.at(curve, rows)
        half = found.half(self.level)
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
        first = None if low[0] == 0 else float(rows[low[0] - 1])
        enough = int(high[-1]) + 1 if len(high) else 0  # the first place that surely suffices
        last = None if enough == PLACES else float(rows[enough])
        return Found(reached, first, last)

    def leads(self, best: tuple[Curve, float], others: Sequence[tuple[Curve, float]]) -> bool:
        """Whether a curve at its rows is better than every other one at its own."""

        def between(other: Curve, rows: float) -> Estimate:
            first = best[0], np.array([best[1]]), 1.0
            return fitted([first, (other, np.array([rows]), -1.0)])

        found = [between(other, rows) for other, rows in others]
        level = self.level / max(len(others), 1)
        return bool(found) and all(one.value[0] - one.half(level)[0] > 0 for one in found)

    def offer(self, by: str, wanted: float, curve: Curve, rows: float, price: float) -> Offer:
        """What some rows cost and score."""
        found = self.at(curve, np.array([rows]))
        score, half = float(found.value[0]), float(found.half(self.level)[0])
        low, high = (score - half, score + half) if np.isfinite(half) else (None, None)
        money, native = price * rows, curve.share * rows
        return Offer(by, wanted, curve.kind, rows, native, money, money, money, score, low, high)


def best_for(market: Market, budget: float) -> list[Offer]:
    """What every kind of data scores for a budget; kinds that it buys too few rows of are left out."""
    bought: list[tuple[Curve, float]] = []
    offers: list[Offer] = []
    for curve in market.curves:
        price = market.price(curve)
        rows = 0.0 if price is None else budget / price if price else np.inf
        if price is not None and rows >= curve.sizes[0] * (1 - 1e-9):
            most = float(curve.sizes[-1])
            bought.append((curve, min(rows, most)))
            one = market.offer(BUDGET, budget, *bought[-1], price)
            offers.append(replace(one, limit=bool(rows > most * (1 + 1e-9))))
    if not offers:
        return []
    top = int(np.argmax([one.score for one in offers]))
    decided = market.leads(bought[top], bought[:top] + bought[top + 1 :])
    offers[top] = replace(offers[top], best=True, decided=decided)
    return offers


def cheapest_for(market: Market, goal: float) -> list[Offer]:
    """What every kind of data that reaches a score costs; `decided`: at equal money it scores more.

    A kind whose smallest set costs more than that is compared at this set, and one whose largest set
    costs less at that one.
    """
    offers: list[Offer] = []
    rows: list[tuple[Curve, float]] = []
    for curve in market.curves:
        price, found = market.price(curve), market.rows_for(curve, goal)
        if price is not None and found is not None:
            one = market.offer(SCORE, goal, curve, found.rows, price)
            low = None if found.low is None else price * found.low
            high = None if found.high is None else price * found.high
            offers.append(replace(one, dollars_low=low, dollars_high=high))
            rows.append((curve, found.rows))
    if not offers:
        return []
    top = int(np.argmin([one.dollars for one in offers]))
    money = offers[top].dollars
    others = [
        (curve, float(np.clip(money / price if price else np.inf, *curve.sizes[[0, -1]])))
        for curve in market.curves
        if (price := market.price(curve)) is not None and curve is not rows[top][0]
    ]
    offers[top] = replace(offers[top], best=True, decided=market.leads(rows[top], others))
    return offers
