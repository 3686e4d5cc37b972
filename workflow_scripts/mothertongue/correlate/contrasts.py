"""Lists which training conditions are compared with which, and resamples their scores.

A contrast is a weighted sum of scores of one model on one test in one language: native minus
translated and so on. All contrasts of a test share one set of resampled items (drawn by item id,
so that a question asked in several languages is drawn in all), hence means over models and
languages keep what their cells have in common.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np

from ..scores import MULTI
from .averages import ROUND_TRIPS, TRANSLATED, Cells, Setting, Test
from .items import Adapter, Items
from .notes import setting_words
from .statistics import item_counts, item_scores, seed_weights

T = TypeVar("T")
GAP, KNOWLEDGE, DEFECTS, CHANGE = "gap", "knowledge", "defects", "change"
Source = tuple[str, Setting]  # data condition and setting
Terms = tuple[tuple[Source, float], ...]  # conditions with their weights
Side = tuple[str, Sequence[str]]  # what a side of a comparison is called, and its conditions


class Contrast(NamedTuple):
    """First minus second, each a weighted sum of conditions."""

    name: str
    first: str
    second: str
    setting: Setting
    plus: Terms
    minus: Terms

    @property
    def key(self) -> tuple[str, str, str, Setting]:
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


class Block(NamedTuple):
    """Results that share their items, and the scores that they need."""

    mask: np.ndarray  # which items
    values: np.ndarray
    weights: np.ndarray
    columns: list[int]
    members: list[Result]
    drawn: list[np.ndarray]  # resampled scores: draws x columns, in pieces


def plan(cells: Cells, test: Test, metric: str, language: str) -> list[Contrast]:
    """Every contrast that any model has scores for. One per translator too if there are several."""

    def compare(name: str, setting: Setting, first: Side, second: Side) -> Contrast:
        plus, minus = (
            tuple(((condition, setting), 1 / len(names)) for condition in names)
            for _, names in (first, second)
        )
        return Contrast(name, first[0], second[0], setting, plus, minus)

    found = []
    gaps: dict[Setting, Contrast] = {}
    for setting in cells.settings(test):
        where = (test, metric, language)
        native = ("native", cells.conditions(*where, "native", setting))
        translated = cells.conditions(*where, "translated", setting)
        trips = cells.conditions(*where, "roundtrip", setting)
        pairs = [(trip, cells.facts.translator(trip)) for trip in trips]
        pairs = [pair for pair in pairs if pair[1] in translated]
        if native[1] and translated:
            gaps[setting] = compare(GAP, setting, native, (TRANSLATED, translated))
            found.append(gaps[setting])
            found += [compare(GAP, setting, native, (name, [name])) for name in several(translated)]
        if pairs:
            both = [trip for trip, _ in pairs], [other for _, other in pairs]
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
            here, there = (
                side.plus + tuple((s, -w) for s, w in side.minus) for side in (gap, main)
            )
            found.append(Contrast(CHANGE, "native", TRANSLATED, setting, here, there))
    return found


def several(names: list[T]) -> list[T]:
    """The names if there are at least two; a mean over one is that one."""
    return names if len(names) > 1 else []


def weighted(
    cells: Cells, test: Test, metric: str, language: str, model: str, terms: Terms
) -> float:
    """Sum of weight x score; NaN if a score is missing."""
    return sum(
        weight * cells.score(test, metric, language, model, *source) for source, weight in terms
    )


def score_contrasts(cells: Cells, test: Test, metric: str) -> list[Result]:
    """Every contrast of every model and language, from the scores alone (no uncertainty)."""
    has_seeds = not cells.scores["seed"].drop_nulls().is_empty()
    found = []
    for language in cells.languages(test):
        for contrast in plan(cells, test, metric, language):
            for model in cells.models(test):
                where = (test, metric, language, model)
                there = {s: cells.cell(*where, *s) for s in contrast.sources}
                known = [cell for cell in there.values() if cell is not None]
                missing = [
                    f"{data} ({setting_words(setting)})"
                    for (data, setting), cell in there.items()
                    if cell is None
                ]
                result = Result(model, language, contrast, missing)
                if not missing:
                    flip = 1 if contrast.name != CHANGE else cells.sign(test, metric)
                    result.first = flip * weighted(cells, *where, contrast.plus)
                    result.second = flip * weighted(cells, *where, contrast.minus)
                    difference = result.first - result.second
                    result.difference = difference * flip * cells.sign(test, metric)
                    if has_seeds:
                        result.seeds = min(cell.seeds for cell in known)
                if known:
                    found.append(result)
    return found


def resample(
    results: list[Result], items: Items, sign: int, draws: int, rng: np.random.Generator
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
        needed = np.ix_(mask, np.array(columns))
        own = items.values[needed], items.weights[needed]
        blocks.append(Block(mask, *own, columns, members, []))
    codes = np.arange(len(items.values)) if items.clusters is None else items.clusters
    clusters = int(codes.max()) + 1 if blocks else 0
    for drawn_clusters in item_counts(clusters, draws, rng) if blocks else ():
        counts = drawn_clusters[:, codes]  # the items of a cluster come and go together
        for mask, values, weights, _, _, drawn in blocks:
            drawn.append(item_scores(values, weights, counts[:, mask], ratio=items.ratio))
    spread: dict[tuple[str | int, str, str, Setting], np.ndarray] = {}
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
                    adapters = items.columns[(result.language, result.model, *source)]
                    found = [place[column] for column in adapters]
                    # one adapter for all languages has one luck
                    shared = len(found) if source[1].kind == MULTI else result.language
                    key = (shared, result.model, *source)
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
                len(items.columns[(result.language, result.model, *source)])
                for source in result.contrast.sources
            ]
            if max(sizes) > 1:
                result.df = float(sum(size - 1 for size in sizes))


def columns_of(result: Result, items: Items) -> list[int]:
    """Columns of the items that a result needs; none if one of its conditions has no items."""
    keys: list[Adapter] = [
        (result.language, result.model, *source) for source in result.contrast.sources
    ]
    if result.missing or any(key not in items.columns for key in keys):
        return []
    return [column for key in keys for column in items.columns[key]]
