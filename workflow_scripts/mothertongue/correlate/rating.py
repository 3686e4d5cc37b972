"""Rates each benchmark by whether it would notice that data is translated (benchmarks.csv).

The columns are described in the script rate_benchmarks.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from . import notes
from .averages import TRANSLATED, Cells, Test
from .chance import RIGHT_OR_WRONG
from .comparisons import ITEMS, UNITS, Comparison
from .contrasts import GAP
from .gap_correlation import Correlation
from .statistics import detectable

PAIRED, INDEPENDENT = "paired items", "independent items"


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of benchmarks.csv; what is not known is None."""

    benchmark: str
    judge: str | None
    metric: str
    label: str = ""
    origin: str | None = None
    kind: str | None = None
    gap: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    models: int | None = None
    languages: int | None = None
    wins: int | None = None
    wins_significantly: int | None = None
    loses_significantly: int | None = None
    r: float | None = None
    r_low: float | None = None
    r_high: float | None = None
    r_p: float | None = None
    decoupled_r: float | None = None
    decoupled_low: float | None = None
    decoupled_high: float | None = None
    decoupled_p: float | None = None
    points: int | None = None
    detectable: float | None = None
    detectable_items: int | None = None
    detectable_basis: str | None = None
    note: str | None = None

    @property
    def test(self) -> Test:
        """Which test it is."""
        return Test(self.benchmark, self.judge)


COLUMNS = (
    dict.fromkeys(("benchmark", "judge", "metric", "label", "origin", "kind"), "String")
    | dict.fromkeys(("gap", "low", "high"), "Float64")
    | {"unit": "String", "models": "Int64", "languages": "Int64"}
    | dict.fromkeys(("wins", "wins_significantly", "loses_significantly"), "Int64")
    | dict.fromkeys(("r", "r_low", "r_high", "r_p"), "Float64")
    | dict.fromkeys(("decoupled_r", "decoupled_low", "decoupled_high", "decoupled_p"), "Float64")
    | {"points": "Int64", "detectable": "Float64", "detectable_items": "Int64"}
    | {"detectable_basis": "String", "note": "String"}
)


def rate_all(
    cells: Cells,
    compared: Iterable[Comparison],
    correlated: Iterable[Correlation],
    confidence: float,
) -> list[Rating]:
    """A row for every test and metric."""
    rows: dict[tuple[str, str | None, str], list[Comparison]] = {}
    for row in compared:
        rows.setdefault((row.benchmark, row.judge, row.metric), []).append(row)
    r = {(row.benchmark, row.judge, row.metric): row for row in correlated}
    return [
        rate(cells, test, metric, rows.get((*test, metric), []), r.get((*test, metric)), confidence)
        for test in cells.tests
        for metric in cells.metrics(test)
    ]


def rate(
    cells: Cells,
    test: Test,
    metric: str,
    compared: list[Comparison],
    correlation: Correlation | None,
    confidence: float,
) -> Rating:
    """One benchmark's row; `compared` are the comparisons of the test and metric."""
    about = cells.facts.benchmark(test.benchmark)
    rating = Rating(
        *test, metric, label=cells.test_label(test), origin=about.origin, kind=about.kind
    )
    gaps = [
        row
        for row in compared
        if (row.contrast, row.second) == (GAP, TRANSLATED) and row.setting == cells.main
    ]
    pooled = {row.unit: row for row in gaps if row.model is None}
    if not pooled:
        return replace(rating, note=notes.ONE_SIDE)
    over_models = pooled[UNITS]
    method = (over_models.models or 0) > 1 or ITEMS not in pooled
    best = over_models if method else pooled[ITEMS]
    rating = replace(
        rating,
        gap=best.difference,
        low=best.low,
        high=best.high,
        unit=best.unit,
        models=best.models,
        languages=best.languages,
    )
    rating = with_wins(rating, cells, gaps, confidence)
    if correlation is not None:
        rating = replace(
            rating,
            points=correlation.points,
            r=correlation.r,
            r_low=correlation.low,
            r_high=correlation.high,
            r_p=correlation.p,
            decoupled_r=correlation.decoupled_r,
            decoupled_low=correlation.decoupled_low,
            decoupled_high=correlation.decoupled_high,
            decoupled_p=correlation.decoupled_p,
        )
    rating = with_smallest_gap(rating, cells, gaps, confidence)
    told = [row.note for row in (best, *pooled.values())]
    if rating.r is None:
        told.append(notes.NO_R)
    if rating.detectable is None and best.stderr != 0:
        told.append(notes.NOTHING_DETECTABLE)
    return replace(rating, note="; ".join(dict.fromkeys(filter(None, told))) or None)


def with_wins(rating: Rating, cells: Cells, gaps: list[Comparison], confidence: float) -> Rating:
    """The rating with the models that are better with native data, by score and significantly."""
    test, metric, wins = rating.test, rating.metric, 0
    for model in cells.models(test):
        found = [cells.gap(test, metric, c, model, cells.main) for c in cells.languages(test)]
        found = [gap for gap in found if not math.isnan(gap)]
        wins += bool(found) and sum(found) / len(found) > 0
    single = [row for row in gaps if row.model is not None]
    means = [row for row in single if row.language is None] or single
    tested = [row for row in means if row.p_holm is not None]
    if not tested:
        return replace(rating, wins=wins)
    sure = [
        row.difference
        for row in tested
        if row.p_holm is not None and row.p_holm < 1 - confidence and row.difference is not None
    ]
    return replace(
        rating,
        wins=wins,
        wins_significantly=sum(difference > 0 for difference in sure),
        loses_significantly=sum(difference < 0 for difference in sure),
    )


def with_smallest_gap(
    rating: Rating, cells: Cells, gaps: list[Comparison], confidence: float
) -> Rating:
    """The rating with the median smallest detectable gap of one model in one language."""
    found = [
        (row.stderr, row.items or 0)
        for row in gaps
        if row.language is not None and row.stderr is not None
    ]
    basis = PAIRED
    if not found and rating.metric in RIGHT_OR_WRONG:
        basis = INDEPENDENT
        if cells.unit(rating.test, rating.metric) == "%":
            found = independent_errors(cells, rating.test, rating.metric)
    found = [(stderr, items) for stderr, items in found if stderr > 0]
    if not found:
        return rating
    return replace(
        rating,
        detectable=float(np.median([detectable(stderr, confidence) for stderr, _ in found])),
        detectable_items=round(float(np.median([items for _, items in found]))),
        detectable_basis=basis,
    )


def independent_errors(cells: Cells, test: Test, metric: str) -> list[tuple[float, int]]:
    """Standard error and items of every gap, as if both sides had items of their own."""
    sizes = cells.facts.benchmark(test.benchmark).items
    found = []
    for language in cells.languages(test):
        for model in cells.models(test):
            where = (test, metric, language, model)
            pair = [cells.score(*where, data, cells.main) for data in ("native", TRANSLATED)]
            if language in sizes and not any(math.isnan(score) for score in pair):
                spread = math.sqrt(sum(score * (100 - score) for score in pair))
                found.append((spread / math.sqrt(sizes[language]), sizes[language]))
    return found
