"""Rows of exchange.csv, curves.csv and purchase.csv: a study's curves, rates and offers as records."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ..files import read_json
from .averages import Cells
from .curves import Curve
from .exchange import exchange
from .heights import compare_heights
from .purchase import Market, Offer, Prices, best_for, cheapest_for
from .records import columns_of
from .sizes import Curves, all_curves

PLACES = 60  # of a curve as it is drawn


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate; `verdict`, `low`, `high` and `over` as in `exchange.Exchange`. Scores left out: `left_out`.

    `height`, `height_low`, `height_high`: native - translated where the curves level off, as in
    `heights.Heights`, in favour of native.
    """

    language: str
    benchmark: str
    judge: str | None
    metric: str
    translator: str
    rows: int
    verdict: str
    rate: float | None
    low: float | None
    high: float | None
    smallest: float
    largest: float
    over: str
    models: int
    draws: int
    seeds: int
    height: float | None
    height_low: float | None
    height_high: float | None
    left_out: int


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A score (`point`) or a place of a fitted `curve`; `dollars`: what its rows cost, if known."""

    language: str
    benchmark: str
    judge: str | None
    metric: str
    kind: str
    share: float
    what: str
    rows: float
    score: float
    low: float | None
    high: float | None
    dollars: float | None


@dataclass(frozen=True, slots=True)
class OfferRow(Offer):
    """An offer and the test that it is for."""

    language: str = ""
    benchmark: str = ""
    judge: str | None = None
    metric: str = ""


RATE_COLUMNS, CURVE_COLUMNS = columns_of(RateRow), columns_of(CurveRow)
OFFER_COLUMNS = columns_of(OfferRow)


def measured_prices(reports: Iterable[Path]) -> dict[str, float]:
    """US dollars per translated row by translator, from what its account had spent at its last set.

    A set that was recorded has no account, and no price.
    """
    spent: dict[str, float] = {}
    rows: dict[str, int] = {}
    for path in reports:
        report = read_json(path)
        name, calls = str(report["translator"]), report.get("calls") or {}
        if "spent_usd" in calls:
            spent[name] = max(spent.get(name, 0.0), float(calls["spent_usd"]))
            rows[name] = rows.get(name, 0) + int(report["rows"])
    return {name: spent[name] / rows[name] for name in spent if rows[name]}


def rate_rows(found: Curves, level: float) -> Iterator[RateRow]:
    """A row per translator and native size."""
    native = found.native
    for curve in found.translated:
        heights = compare_heights(native, curve, level)
        for rows in native.sizes:
            one = exchange(native, curve, int(rows), level=level, heights=heights)
            yield RateRow(
                *_place(found),
                curve.kind,
                one.rows,
                one.verdict,
                one.rate,
                one.low,
                one.high,
                one.smallest,
                one.largest,
                one.over,
                len(native.models),
                min(native.draws, curve.draws),
                min(native.seeds, curve.seeds),
                heights.difference,
                heights.low,
                heights.high,
                found.left_out,
            )


def curve_rows(found: Curves, prices: Prices | None, level: float) -> Iterator[CurveRow]:
    """Every score, and the curves with their bands."""
    market = Market(found.curves, prices, level)
    for curve in found.curves:
        price = market.price(curve)

        def row(
            what: str,
            rows: float,
            score: float,
            half: float | None,
            curve: Curve = curve,
            price: float | None = price,
        ) -> CurveRow:
            score = found.sign * score
            low, high = (None, None) if half is None else (score - half, score + half)
            money = None if price is None else price * rows
            kind = curve.kind, curve.share
            return CurveRow(*_place(found), *kind, what, rows, score, low, high, money)

        yield from (row("point", rows, score, None) for rows, score in curve.points)
        at = np.geomspace(curve.sizes[0], curve.sizes[-1], PLACES)
        fit = market.at(curve, at)
        for rows, score, half in zip(at, fit.value, fit.half(level), strict=True):
            known = float(half) if np.isfinite(half) else None
            yield row("curve", float(rows), float(score), known)


def offer_rows(
    found: Curves, prices: Prices, level: float, goals: Sequence[float], budgets: Sequence[float]
) -> Iterator[OfferRow]:
    """Offers for every score and budget.

    Without `goals`, the scores of the native sizes are looked for; without `budgets`, their costs are
    spent.
    """
    market = Market(found.curves, prices, level)
    native = found.native
    own = market.at(native, native.sizes).value
    wanted = [found.sign * goal for goal in goals] or [float(score) for score in own]
    money = list(budgets) or [prices.native * float(rows) for rows in native.sizes]
    offers = [one for goal in wanted for one in cheapest_for(market, goal)]
    offers += [one for sum_ in money if sum_ for one in best_for(market, sum_)]
    for one in offers:
        values = {name.name: getattr(one, name.name) for name in fields(Offer)}
        language, benchmark, judge, metric = _place(found)
        if found.sign < 0:
            low, high = one.score_low, one.score_high
            values["score"] = -one.score
            values["score_low"] = None if high is None else -high
            values["score_high"] = None if low is None else -low
            values["wanted"] = -one.wanted if one.by == "score" else one.wanted
        yield OfferRow(**values, language=language, benchmark=benchmark, judge=judge, metric=metric)


def _place(found: Curves) -> tuple[str, str, str | None, str]:
    return found.language, found.test.benchmark, found.test.judge, found.metric


def measure(
    cells: Cells,
    *,
    native_price: float | None,
    translated_prices: Mapping[str, float],
    level: float,
    goals: Sequence[float] = (),
    budgets: Sequence[float] = (),
) -> tuple[list[RateRow], list[CurveRow], list[OfferRow]]:
    """All rows of a study."""
    prices = None if native_price is None else Prices(native_price, translated_prices)
    rates: list[RateRow] = []
    curves: list[CurveRow] = []
    offers: list[OfferRow] = []
    for found in all_curves(cells):
        rates += rate_rows(found, level)
        curves += curve_rows(found, prices, level)
        if prices:
            offers += offer_rows(found, prices, level, goals, budgets)
    return rates, curves, offers
