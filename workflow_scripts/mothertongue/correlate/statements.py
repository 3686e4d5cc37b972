"""From a source's scores and items to the claims of its report."""

import math
from pathlib import Path
from typing import Any

from . import claims as c
from .cells import TRANSLATED, Cells, Test
from .groups import group_of, margin_of
from .statistics import mean_interval

TABLE = "estimates.csv"


def state(
    cells: Cells, item_table: Path | None, *, resamples: int, confidence: float, seed: int
) -> list[c.Claim]:
    """Every claim of one source."""
    groups: dict[str, list[Test]] = {}
    for test in cells.tests:
        groups.setdefault(group_of(cells, test), []).append(test)
    found: list[c.Claim] = []
    for group, tests in groups.items():
        for language in [*cells.languages(), None]:
            claim = cell_claim(cells, group, tests, language, confidence, len(found))
            found += [claim] if claim else []
    return found


def cell_claim(
    cells: Cells, group: str, tests: list[Test], language: str | None, confidence: float, row: int
) -> c.Claim | None:
    """Native against translated data: one group of tests in one language, or over languages."""
    metric = cells.metrics(tests[0])[0]
    by_model: dict[str, list[float]] = {}
    for test in tests:
        for code in cells.languages(test) if language is None else [language]:
            for model in cells.models(test):
                gap = cells.gap(test, cells.metrics(test)[0], code, model, cells.main)
                if not math.isnan(gap):
                    by_model.setdefault(model, []).append(gap)
    if not by_model:
        return None
    means = [sum(gaps) / len(gaps) for gaps in by_model.values()]
    interval = mean_interval(means, confidence)
    margin = margin_of(cells, tests[0], metric)
    low, high = c.finite(interval.low), c.finite(interval.high)
    verdict = c.UNDECIDED
    if low is not None and high is not None:
        if -margin < low and high < margin:
            verdict = c.NO_WORSE
        elif low > 0:
            verdict = c.NATIVE_BETTER
        elif high < 0:
            verdict = c.TRANSLATED_BETTER
    values: dict[str, Any] = dict.fromkeys(
        ("p", "p_adjusted", "seeds", "draws", "items", "clusters", "best", "needed")
    )
    return c.Claim(
        question=c.CELL, group=group, benchmark=None, judge=None, metric=metric, language=language,
        contrast="gap", first="native", second=TRANSLATED, scope=cells.main.kind,
        learning_rate=cells.main.learning_rate, verdict=verdict, estimate=interval.estimate,
        low=low, high=high, unit=cells.unit(tests[0], metric), level=1 - confidence, margin=margin,
        basis=c.MODELS if len(means) > 1 else c.ADAPTERS, models=len(means), families=len(means),
        languages=1 if language else len(cells.languages()), table=TABLE, row=row, note="",
        members=tuple(test.slug for test in tests), **values,
    )  # fmt: skip
