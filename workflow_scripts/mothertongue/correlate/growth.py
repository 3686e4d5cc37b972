"""Does the gap grow with the score? Correlations of gap and score, and the gaps behind them."""

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from .averages import TRANSLATED, Cells, Test
from .statistics import correlation_interval, correlation_p, leave_one_out, pearson
from .variance import Spread, two_sided

Row = dict[str, Any]
ENOUGH_MODELS = 6  # fewer are drawn, not claimed
ENOUGH_FAMILIES = 4


def on_shared_answers(
    evidence: Any, test: Test, metric: str, language: str, model: str, names: list[str]
) -> tuple[float, float] | None:
    """Native and translated mean over the answers that a judge scored on every side, if known."""
    items = evidence.items(test, metric) if evidence is not None else None
    setting = evidence.cells.main if evidence is not None else None
    keys = [(language, model, data, setting) for data in ("native", *names)]
    if items is None or not all(key in items.columns for key in keys):
        return None
    sides = [items.values[:, items.columns[key]] for key in keys]
    there = np.isfinite(np.hstack(sides)).all(axis=1)
    if not there.any():
        return None
    native, *translated = (float(side[there].mean()) for side in sides)
    return native, sum(translated) / len(translated)


def find_gaps(cells: Cells, chance: Collection[tuple] = (), evidence: Any = None) -> list[Row]:
    """Gaps of every test, metric, language and model at the main setting; missing ones left out.

    `chance`: (benchmark, judge, metric, language) where both conditions are at chance. `evidence`:
    where a judge left answers unscored, the gap is over those that it scored on both sides.
    """
    rows = []
    setting = cells.main
    for test in cells.tests:
        for metric in cells.metrics(test):
            for language in cells.languages(test):
                for model in cells.models(test):
                    native = cells.score(test, metric, language, model, "native", setting)
                    other = cells.score(test, metric, language, model, TRANSLATED, setting)
                    if math.isnan(native) or math.isnan(other):
                        continue
                    names = cells.conditions(test, metric, language, "translated", setting)
                    if test.judge is not None:
                        found = on_shared_answers(evidence, test, metric, language, model, names)
                        native, other = found or (native, other)
                    rows.append(
                        {
                            "benchmark": test.benchmark,
                            "judge": test.judge,
                            "metric": metric,
                            "language": language,
                            "model": model,
                            "family": cells.about["models"].get(model, {}).get("family") or model,
                            "native": native,
                            "translated": other,
                            "gap": cells.sign(test, metric) * (native - other),
                            "mean": (native + len(names) * other) / (1 + len(names)),
                            "at_chance": (*test, metric, language) in chance,
                        }
                    )
    return rows


def centred(values: np.ndarray, places: list[str]) -> np.ndarray:
    """Values minus the mean of their language: levels of languages are no evidence."""
    _, member = np.unique(places, return_inverse=True)
    return values - (np.bincount(member, weights=values) / np.bincount(member))[member]


def slope_p(x: np.ndarray, y: np.ndarray, families: list[str]) -> float:
    """Two-sided p of no slope with whole families as clusters (CR1, Student's t of families - 1)."""
    x, y = x - x.mean(), y - y.mean()
    _, member = np.unique(families, return_inverse=True)
    count, size = int(member.max()) + 1, float(x @ x)
    if count < 2 or size <= 0:
        return math.nan
    slope = float(x @ y) / size
    pulls = np.bincount(member, weights=x * (y - slope * x))
    variance = float((pulls**2).sum()) / size**2 * count / (count - 1)
    return two_sided(slope, Spread(variance, count - 1.0))


def correlate(gaps: list[Row], *, resamples: int, confidence: float, seed: int) -> list[Row]:
    """One row per test and metric; what is at chance is left out."""
    groups: dict[tuple, list[Row]] = {}
    for row in gaps:
        key = (row["benchmark"], row["judge"], row["metric"])
        groups.setdefault(key, []).extend([] if row.get("at_chance") else [row])
    result = []
    for (benchmark, judge, metric), rows in groups.items():
        rng = np.random.default_rng([seed, len(result)])
        gap = np.array([row["gap"] for row in rows])
        models = [row["model"] for row in rows]
        languages = [row["language"] for row in rows]
        families = [row.get("family") or row["model"] for row in rows]
        found: Row = {
            "benchmark": benchmark,
            "judge": judge,
            "metric": metric,
            "points": len(rows),
            "models": len(set(models)),
            "languages": len(set(languages)),
            "families": len(set(families)),
        }
        clusters = families if len(set(families)) >= ENOUGH_FAMILIES else models
        if not rows:
            result.append(found)
            continue
        apart = centred(gap, languages)
        for name, column in (("", "native"), ("decoupled_", "mean")):
            x, y = np.array([row[column] for row in rows]), gap
            if name:
                x, y = centred(x, languages), apart
            interval = correlation_interval(
                x, y, clusters if name else models,
                resamples=resamples, confidence=confidence, rng=rng,
            )  # fmt: skip
            low, high, most = leave_one_out(x, y, models)
            p = correlation_p(x, y, models, languages, permutations=10 * resamples, rng=rng)
            if name and clusters is families and len(set(families)) < len(set(models)):
                p = np.nanmax([p, slope_p(x, y, families)]) if not math.isnan(p) else p
            found |= {
                f"{name}r": pearson(x, y),
                f"{name}low": interval.low,
                f"{name}high": interval.high,
                f"{name}p": p,
                f"{name}without_one_low": low,
                f"{name}without_one_high": high,
                f"{name}most_influential": most,
            }
        result.append(found)
    return result
