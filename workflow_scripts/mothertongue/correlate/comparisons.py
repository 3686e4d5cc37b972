"""Compares training conditions one by one, each pair with its own interval and p (contrasts.csv).

`contrasts` says what is compared and resamples it; here the results become rows. The columns are
described in the script compare_conditions.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from . import notes
from .averages import Cells, Setting, Test
from .claims import ADAPTERS, MODELS, REPLICATES
from .contrasts import Contrast, Result, resample, score_contrasts
from .items import read_items
from .statistics import holm, mean_interval, percentile_interval
from .variance import Spread, half_width, over_units, two_sided

ITEMS, UNITS = "items", "models and languages"  # what is resampled
N = TypeVar("N", float, np.ndarray)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of contrasts.csv; what is not known is None."""

    benchmark: str = ""
    judge: str | None = None
    metric: str = ""
    contrast: str | None = None
    first: str | None = None
    second: str | None = None
    scope: str | None = None
    learning_rate: float | None = None
    model: str | None = None
    language: str | None = None
    unit: str | None = None
    basis: str | None = None
    models: int | None = None
    languages: int | None = None
    items: int | None = None
    clusters: int | None = None
    seeds: int | None = None
    first_score: float | None = None
    second_score: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    stderr: float | None = None
    p: float | None = None
    p_holm: float | None = None
    family: int | None = None
    note: str | None = None

    @property
    def setting(self) -> Setting:
        """How both conditions were trained."""
        return Setting(self.scope or "", self.learning_rate or math.nan)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The confidence interval of the difference."""
        return None if self.low is None or self.high is None else (self.low, self.high)


COLUMNS = (
    dict.fromkeys(
        ("benchmark", "judge", "metric", "contrast", "first", "second", "scope"), "String"
    )
    | {"learning_rate": "Float64"}
    | dict.fromkeys(("model", "language", "unit", "basis"), "String")
    | dict.fromkeys(("models", "languages", "items", "clusters", "seeds"), "Int64")
    | dict.fromkeys(("first_score", "second_score", "difference", "low", "high"), "Float64")
    | dict.fromkeys(("stderr", "p", "p_holm"), "Float64")
    | {"family": "Int64", "note": "String"}
)


def mean_over(results: Iterable[Result], value: Callable[[Result], N]) -> N:
    """Mean over models of the means over their languages."""
    of_model: dict[str, list[N]] = {}
    for result in results:
        of_model.setdefault(result.model, []).append(value(result))
    means = [_mean(own) for own in of_model.values()]
    return _mean(means)


def _mean(values: list[N]) -> N:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total / len(values)


def item_row(results: list[Result], confidence: float) -> Comparison:
    """Numbers of one result, or of the mean of several, with items as the resampled unit."""
    draws = mean_over(results, lambda r: r.draws)
    enough = all(r.items > 1 for r in results)
    by_item = mean_over(results, lambda r: r.by_item)
    places: dict[str, tuple[int, int]] = {}
    for r in results:
        places[r.language] = max(places.get(r.language, (0, 0)), (r.items, r.clusters))
    difference = mean_over(results, lambda r: r.difference)
    stderr = float(np.nanstd(draws))
    df = min(r.df for r in results) if len(results) == 1 else sum(r.df for r in results)
    seeds = math.isfinite(df)
    if seeds:  # few seeds: Student's t, whose tails know it
        half = half_width(Spread(stderr**2, df), confidence)
        low, high = difference - half, difference + half
    else:
        low, high = percentile_interval(draws, confidence)
    p = two_sided(difference, Spread(stderr**2, df if seeds else 1e9))
    told = notes.ONE_ITEM if not enough else "" if np.any(by_item) else notes.NO_ITEM_DIFFERS
    return replace(
        common_numbers(results),
        unit=ITEMS,
        basis=REPLICATES if seeds else ADAPTERS,
        items=sum(items for items, _ in places.values()),
        clusters=sum(clusters for _, clusters in places.values()),
        low=low if enough else None,
        high=high if enough else None,
        stderr=stderr if enough else None,
        p=(1.0 if math.isnan(p) else p) if enough else None,
        note=told or None,
    )


def unit_row(results: list[Result], confidence: float) -> Comparison:
    """Numbers of the mean of several results, with models as the resampled unit.

    Languages of a model stay together, as they are no independent witnesses; with one model, its
    languages are the units.
    """
    models = {r.model for r in results}
    groups: dict[str, list[float]] = {}
    for r in results:
        groups.setdefault(r.model if len(models) > 1 else r.language, []).append(r.difference)
    means = np.array([sum(group) / len(group) for group in groups.values()])
    interval = mean_interval(means, confidence)
    several_units = len(means) > 1
    spread = over_units(means, range(len(means)))
    p = two_sided(float(means.mean()), spread)
    return replace(
        common_numbers(results),
        unit=UNITS,
        basis=MODELS if len(models) > 1 else None,
        low=interval.low,
        high=interval.high,
        stderr=float(means.std(ddof=1) / math.sqrt(len(means))) if several_units else None,
        p=(1.0 if math.isnan(p) else p) if several_units else None,
        note=None if several_units else notes.ONE_PLACE,
    )


def common_numbers(results: list[Result]) -> Comparison:
    """Numbers that do not depend on the resampled unit."""
    seeds = [r.seeds for r in results if r.seeds is not None]
    return Comparison(
        models=len({r.model for r in results}),
        languages=len({r.language for r in results}),
        seeds=min(seeds) if seeds else None,
        first_score=mean_over(results, lambda r: r.first),
        second_score=mean_over(results, lambda r: r.second),
        difference=mean_over(results, lambda r: r.difference),
    )


def compare_test(
    cells: Cells,
    test: Test,
    metric: str,
    item_table: Path | None,
    *,
    resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> list[Comparison]:
    """Every row of one test and metric."""
    results = score_contrasts(cells, test, metric)
    place = Comparison(test.benchmark, test.judge, metric)
    if not results:
        return [replace(place, note=notes.NOTHING_TO_COMPARE)]
    if item_table is not None:
        items = read_items(item_table, test, metric)
        resample(results, items, cells.sign(test, metric), resamples, rng)
    rows: list[Comparison] = []

    def add(
        contrast: Contrast, numbers: Comparison, model: str | None, language: str | None
    ) -> None:
        rows.append(
            replace(
                numbers,
                benchmark=test.benchmark,
                judge=test.judge,
                metric=metric,
                contrast=contrast.name,
                first=contrast.first,
                second=contrast.second,
                scope=contrast.setting.kind,
                learning_rate=contrast.setting.learning_rate,
                model=model,
                language=language,
            )
        )

    for key in dict.fromkeys(r.contrast.key for r in results):
        members = [r for r in results if r.contrast.key == key]
        scored = [r for r in members if not r.missing]
        itemised = [r for r in scored if r.items]
        contrast = members[0].contrast
        if item_table is not None:
            for r in members:
                add(contrast, of_one(r, confidence), r.model, r.language)
            for model in dict.fromkeys(r.model for r in itemised):
                own = [r for r in itemised if r.model == model]
                if len({r.language for r in members}) > 1:
                    add(contrast, item_row(own, confidence), model, None)
            if itemised:
                add(contrast, item_row(itemised, confidence), None, None)
        if scored:
            add(contrast, unit_row(scored, confidence), None, None)
        lost = [f"{r.model} in {r.language}" for r in members if r.missing]
        if lost and scored:
            told = "; ".join(filter(None, (rows[-1].note, notes.left_out(lost))))
            rows[-1] = replace(rows[-1], note=told)
    return rows


def of_one(result: Result, confidence: float) -> Comparison:
    """Numbers of one model in one language, or why there are none."""
    if result.missing:
        return Comparison(unit=ITEMS, note=notes.no_score(result.missing))
    if not result.items:
        return Comparison(unit=ITEMS, items=0, note=notes.NO_SHARED_ITEM)
    return item_row([result], confidence)


def adjusted(rows: list[Comparison]) -> list[Comparison]:
    """The rows with Holm's adjusted p within each family."""
    families: dict[tuple[object, ...], list[int]] = {}
    for place, row in enumerate(rows):
        level = (row.model is None, row.language is None, row.unit)
        test = (row.benchmark, row.judge, row.metric)
        compared = (row.contrast, row.first, row.second, row.scope, row.learning_rate)
        families.setdefault((test, compared, level), []).append(place)
    found = list(rows)
    for family in families.values():
        tested = [(place, p) for place in family if (p := rows[place].p) is not None]
        for (place, _), p in zip(tested, holm([p for _, p in tested]), strict=True):
            found[place] = replace(rows[place], p_holm=p, family=len(tested))
    return found
