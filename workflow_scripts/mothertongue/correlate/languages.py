"""Compares tuned models with their untuned base in languages that they were not tuned on.

What tuning costs in English and what it brings to other languages. The differences are those of
`contrasts` (paired by item, drawn by cluster, seeds as a second level); their p values are one family.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import notes
from .averages import Cells, Setting, Test, in_order
from .comparisons import Comparison, common_numbers, item_row
from .contrasts import Contrast, Result, resample
from .facts import Facts
from .items import BASE, UNTUNED, read_items
from .statistics import holm

if TYPE_CHECKING:
    import polars as pl

TUNING = "tuning"  # the contrast: tuned minus untuned
NO_SCOPE = "none"  # of an untuned base


@dataclass(frozen=True, slots=True)
class AnswerLanguages:
    """Answers to one question set in one language, seeds added up: how many are in another language.

    `which`: those languages with their numbers. `wordless` answers, without a letter, are in none.
    """

    benchmark: str  # as in scores.csv: qa-<question set>
    language: str
    model: str
    data: str
    scope: str
    learning_rate: float | None
    seeds: int
    answers: int
    wordless: int
    other: int
    which: str | None


ANSWER_COLUMNS = (
    dict.fromkeys(("benchmark", "language", "model", "data", "scope"), "String")
    | {"learning_rate": "Float64"}
    | dict.fromkeys(("seeds", "answers", "wordless", "other"), "Int64")
    | {"which": "String"}
)


def compare_languages(
    scores: "pl.DataFrame",
    facts: Facts,
    item_table: Path,
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> list[Comparison]:
    """A row per scope, test, tested language, model, data and learning rate; main metrics alone.

    `scope` of a row is the language that was tuned on, `language` the tested one.
    """
    import polars as pl

    scopes = in_order(facts.languages, set(scores["scope"].unique()) - {NO_SCOPE})
    rows: list[Comparison] = []
    for scope in scopes:
        cells = Cells(scores.filter(pl.col("scope").is_in([scope, NO_SCOPE])), facts)
        for test in cells.tests:
            metric = cells.metrics(test)[0]
            results = list(_results(cells, test, metric))
            rng = np.random.default_rng([seed, len(rows)])
            items = read_items(item_table, test, metric, beside_base=scope)
            resample(results, items, cells.sign(test, metric), resamples, rng)
            rows += [
                replace(
                    _numbers(result, confidence),
                    benchmark=test.benchmark,
                    judge=test.judge,
                    metric=metric,
                    contrast=TUNING,
                    first=result.contrast.first,
                    second=BASE,
                    scope=scope,
                    learning_rate=result.contrast.setting.learning_rate,
                    model=result.model,
                    language=result.language,
                )
                for result in results
            ]
    return _adjusted(rows)


def _results(cells: Cells, test: Test, metric: str) -> Iterator[Result]:
    """Every tuned score beside its base's; `missing` where that has none."""
    names = [n for kind in ("native", "translated", "roundtrip") for n in cells.data(kind, test)]
    for language in cells.languages(test):
        for model in cells.models(test):
            base = cells.cell(test, metric, language, model, BASE, None)
            for setting in cells.settings(test):
                for data in names:
                    tuned = cells.cell(test, metric, language, model, data, setting)
                    if tuned is not None:
                        second = math.nan if base is None else base.score
                        yield Result(
                            model,
                            language,
                            _contrast(data, setting),
                            missing=[] if base else [BASE],
                            first=tuned.score,
                            second=second,
                            difference=cells.sign(test, metric) * (tuned.score - second),
                            seeds=tuned.seeds,
                        )


def _contrast(data: str, setting: Setting) -> Contrast:
    return Contrast(
        TUNING, data, BASE, setting, (((data, setting), 1.0),), (((BASE, UNTUNED), 1.0),)
    )


def _numbers(result: Result, confidence: float) -> Comparison:
    """Scores, and the difference with its interval where both sides have items in common."""
    if result.items:
        return item_row([result], confidence)
    note = notes.no_score(result.missing) if result.missing else notes.NO_SHARED_ITEM
    known = common_numbers([result])
    if result.missing:
        known = replace(known, second_score=None, difference=None)
    return replace(known, note=note)


def _adjusted(rows: list[Comparison]) -> list[Comparison]:
    """The rows with Holm's adjusted p over all of them."""
    tested = [(place, row.p) for place, row in enumerate(rows) if row.p is not None]
    found = list(rows)
    for (place, _), p in zip(tested, holm([p for _, p in tested]), strict=True):
        found[place] = replace(rows[place], p_holm=p, family=len(tested))
    return found
