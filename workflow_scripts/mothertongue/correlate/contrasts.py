"""Which training conditions are compared with which, and what their scores say with certainty.

A contrast is a weighted sum of scores of one model on one test in one language: native minus
translated and so on. All contrasts of a test share one set of resampled items (drawn by item id,
so that a question asked in several languages is drawn in all), hence means over models and
languages keep what their cells have in common.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..scores import MULTI
from .averages import ROUND_TRIPS, TRANSLATED, Cells, Setting, Test
from .claims import ADAPTERS, MODELS, REPLICATES
from .statistics import (
    item_counts,
    item_scores,
    mean_interval,
    percentile_interval,
    seed_weights,
)
from .variance import Spread, half_width, over_units, two_sided

if TYPE_CHECKING:
    from .items import Items

GAP, KNOWLEDGE, DEFECTS, CHANGE = "gap", "knowledge", "defects", "change"
ITEMS, UNITS = "items", "models and languages"
Source = tuple[str, Setting]  # data condition and setting
Row = dict[str, Any]


class Contrast(NamedTuple):
    """First minus second, each a weighted sum of conditions."""

    name: str
    first: str
    second: str
    setting: Setting
    plus: tuple[tuple[Source, float], ...]
    minus: tuple[tuple[Source, float], ...]

    @property
    def key(self) -> tuple:
        """What makes rows comparable: everything but the weights."""
        return self[:4]

    @property
    def sources(self) -> list[Source]:
        """Every condition that takes part."""
        return list(dict.fromkeys(source for source, _ in self.plus + self.minus))


@dataclass
class Result:
    """A contrast of one model in one language; what is not known is NaN or empty."""

    model: str
    language: str
    contrast: Contrast
    missing: list[str]
    first: float = math.nan
    second: float = math.nan
    difference: float = math.nan
    seeds: int | None = None
    items: int = 0
    clusters: int = 0
    df: float = math.nan  # of the spread of seeds; infinite with one seed
    draws: np.ndarray = field(default_factory=lambda: np.empty(0))
    by_item: np.ndarray = field(default_factory=lambda: np.empty(0))


def translator_of(cells: Cells, name: str) -> str:
    """Translator that a round trip went through."""
    return cells.about["data"].get(name, {}).get("translator") or name.removesuffix("-rtt")


def plan(cells: Cells, test: Test, metric: str, language: str) -> list[Contrast]:
    """Every contrast that any model has scores for. One per translator too if there are several."""

    def compare(name: str, setting: Setting, first: tuple, second: tuple) -> Contrast:
        sides = [
            tuple(((condition, setting), 1 / len(names)) for condition in names)
            for _, names in (first, second)
        ]
        return Contrast(name, first[0], second[0], setting, *sides)

    found = []
    gaps: dict[Setting, Contrast] = {}
    for setting in cells.settings(test):
        where = (test, metric, language)
        native = ("native", cells.conditions(*where, "native", setting))
        translated = cells.conditions(*where, "translated", setting)
        trips = cells.conditions(*where, "roundtrip", setting)
        pairs = [(trip, translator_of(cells, trip)) for trip in trips]
        pairs = [pair for pair in pairs if pair[1] in translated]
        if native[1] and translated:
            gaps[setting] = compare(GAP, setting, native, (TRANSLATED, translated))
            found.append(gaps[setting])
            found += [compare(GAP, setting, native, (name, [name])) for name in several(translated)]
        if pairs:
            both = [list(side) for side in zip(*pairs, strict=True)]
            found.append(compare(KNOWLEDGE, setting, (ROUND_TRIPS, both[0]), (TRANSLATED, both[1])))
            found += [
                compare(KNOWLEDGE, setting, (trip, [trip]), (other, [other]))
                for trip, other in several(pairs)
            ]
        if native[1] and trips:
            found.append(compare(DEFECTS, setting, native, (ROUND_TRIPS, trips)))
            found += [compare(DEFECTS, setting, native, (name, [name])) for name in several(trips)]
    main = gaps.get(cells.main)
    for setting, gap in gaps.items():
        if main is not None and setting != cells.main:
            sides = [side.plus + tuple((s, -w) for s, w in side.minus) for side in (gap, main)]
            found.append(Contrast(CHANGE, "native", TRANSLATED, setting, *sides))
    return found


def several(names: list) -> list:
    """The names if there are at least two; a mean over one is that one."""
    return names if len(names) > 1 else []


def weighted(cells: Cells, where: tuple, terms: tuple) -> float:
    """Sum of weight x score; NaN if a score is missing."""
    return sum(weight * cells.score(*where, *source) for source, weight in terms)


def score_contrasts(cells: Cells, test: Test, metric: str) -> list[Result]:
    """Every contrast of every model and language, from the scores alone (no uncertainty)."""
    known = not cells.scores["seed"].drop_nulls().is_empty()
    found = []
    for language in cells.languages(test):
        for contrast in plan(cells, test, metric, language):
            for model in cells.models(test):
                where = (test, metric, language, model)
                there = {s: cells.cell(*where, *s) for s in contrast.sources}
                missing = [
                    f"{data} ({setting.words()})" for (data, setting), c in there.items() if not c
                ]
                result = Result(model, language, contrast, missing)
                if not missing:
                    flip = 1 if contrast.name != CHANGE else cells.sign(test, metric)
                    result.first = flip * weighted(cells, where, contrast.plus)
                    result.second = flip * weighted(cells, where, contrast.minus)
                    difference = result.first - result.second
                    result.difference = difference * flip * cells.sign(test, metric)
                    if known:
                        result.seeds = min(cell.seeds for cell in there.values())
                if len(missing) < len(there):
                    found.append(result)
    return found


def resample(
    results: list[Result], items: "Items", sign: int, draws: int, rng: np.random.Generator
) -> None:
    """Fill scores, differences and bootstrap draws of results in from their common items."""
    groups: dict[bytes, tuple[np.ndarray, list[Result]]] = {}
    for result in results:
        columns = columns_of(result, items)
        mask = np.isfinite(items.values[:, columns]).all(axis=1) if columns else np.zeros(0, bool)
        result.items = int(mask.sum())
        if result.items:
            groups.setdefault(mask.tobytes(), (mask, []))[1].append(result)
    blocks = []
    for mask, members in groups.values():
        columns = sorted({column for result in members for column in columns_of(result, items)})
        block = (mask, items.values[np.ix_(mask, columns)], items.weights[np.ix_(mask, columns)])
        blocks.append((*block, columns, members, []))
    codes = np.arange(len(items.values)) if items.clusters is None else items.clusters
    clusters = int(codes.max()) + 1 if blocks else 0
    for drawn_clusters in item_counts(clusters, draws, rng) if blocks else ():
        counts = drawn_clusters[:, codes]  # the items of a cluster come and go together
        for mask, values, weights, _, _, drawn in blocks:
            drawn.append(item_scores(values, weights, counts[:, mask], ratio=items.ratio))
    spread: dict[tuple, np.ndarray] = {}
    for mask, values, weights, columns, members, drawn in blocks:
        whole = item_scores(values, weights, np.ones((1, len(values))), ratio=items.ratio)
        scores = np.vstack([whole, *drawn])  # first row: the score itself
        shares = values if items.ratio else values * weights
        shares = shares / weights.sum(axis=0)
        place = {column: index for index, column in enumerate(columns)}
        for result in members:
            flip = 1 if result.contrast.name != CHANGE else sign
            first = second = np.zeros(draws + 1)
            by_item = np.zeros(len(values))
            for terms, turn in ((result.contrast.plus, 1), (result.contrast.minus, -1)):
                total = np.zeros(draws + 1)
                for source, weight in terms:
                    key = (result.language, result.model, *source)
                    found = [place[column] for column in items.columns[key]]
                    if source[1].kind == MULTI:  # one adapter for all languages, one luck
                        key = (len(found), *key[1:])
                    if key not in spread:
                        even = np.full((1, len(found)), 1 / len(found))
                        spread[key] = np.vstack([even, seed_weights(len(found), draws, rng)])
                    total += weight * (scores[:, found] * spread[key]).sum(axis=1)
                    by_item += turn * weight * shares[:, found].mean(axis=1)
                first, second = (total, second) if turn == 1 else (first, total)
            result.first, result.second = float(flip * first[0]), float(flip * second[0])
            result.difference = float(sign * (first[0] - second[0]))
            result.draws = sign * (first[1:] - second[1:])
            result.by_item = np.zeros(len(items.values))
            result.by_item[mask] = sign * by_item
            result.clusters = len(np.unique(codes[mask]))
            result.df = math.inf
            sizes = [
                len(items.columns[result.language, result.model, *source])
                for source in result.contrast.sources
            ]
            if max(sizes) > 1:
                result.df = float(sum(size - 1 for size in sizes))


def columns_of(result: Result, items: "Items") -> list[int]:
    """Columns of the items that a result needs; none if one of its conditions has no items."""
    keys = [(result.language, result.model, *source) for source in result.contrast.sources]
    if result.missing or any(key not in items.columns for key in keys):
        return []
    return [column for key in keys for column in items.columns[key]]


def mean_of(values: Iterable[tuple[str, Any]]) -> Any:
    """Mean over models of the means over their languages; `values` are (model, value)."""
    of_model: dict[str, list] = {}
    for model, value in values:
        of_model.setdefault(model, []).append(value)
    return sum(sum(group) / len(group) for group in of_model.values()) / len(of_model)


def item_row(
    results: list[Result], *, confidence: float, permutations: int, rng: np.random.Generator
) -> Row:
    """Numbers of one result, or of the mean of several, with items as the resampled unit."""
    draws = mean_of((r.model, r.draws) for r in results)
    enough = all(r.items > 1 for r in results)
    by_item = mean_of((r.model, r.by_item) for r in results)
    places: dict[str, tuple[int, int]] = {}
    for r in results:
        places[r.language] = max(places.get(r.language, (0, 0)), (r.items, r.clusters))
    numbers = common_numbers(results)
    stderr = float(np.nanstd(draws))
    df = min(r.df for r in results) if len(results) == 1 else sum(r.df for r in results)
    seeds = math.isfinite(df)
    if seeds:  # few seeds: Student's t, whose tails know it
        half = half_width(Spread(stderr**2, df), confidence)
        low, high = numbers["difference"] - half, numbers["difference"] + half
    else:
        low, high = percentile_interval(draws, confidence)
    p = two_sided(numbers["difference"], Spread(stderr**2, df if seeds else 1e9))
    return numbers | {
        "unit": ITEMS,
        "basis": REPLICATES if seeds else ADAPTERS,
        "items": sum(items for items, _ in places.values()),
        "clusters": sum(clusters for _, clusters in places.values()),
        "low": low if enough else None,
        "high": high if enough else None,
        "stderr": stderr if enough else None,
        "p": (1.0 if math.isnan(p) else p) if enough else None,
        "note": ""
        if enough and np.any(by_item)
        else ("no item tells them apart" if enough else "one item: no interval"),
    }


def unit_row(
    results: list[Result], *, confidence: float, permutations: int, rng: np.random.Generator
) -> Row:
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
    return common_numbers(results) | {
        "unit": UNITS,
        "basis": MODELS if len(models) > 1 else None,
        "items": None,
        "low": interval.low,
        "high": interval.high,
        "stderr": float(means.std(ddof=1) / math.sqrt(len(means))) if several_units else None,
        "p": (1.0 if math.isnan(p) else p) if several_units else None,
        "note": "" if several_units else "one model and one language: no interval",
    }


def common_numbers(results: list[Result]) -> Row:
    """Numbers that do not depend on the resampled unit."""
    seeds = [r.seeds for r in results if r.seeds is not None]
    return {
        "models": len({r.model for r in results}),
        "languages": len({r.language for r in results}),
        "seeds": min(seeds) if seeds else None,
        "first_score": mean_of((r.model, r.first) for r in results),
        "second_score": mean_of((r.model, r.second) for r in results),
        "difference": mean_of((r.model, r.difference) for r in results),
    }
