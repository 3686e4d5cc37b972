"""Correlates the native-translated gap with the score (gaps.csv and correlations.csv)."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..scores import WIN_RATE
from .averages import TRANSLATED, Cells, Test
from .effects import Evidence
from .samples import ENOUGH_FAMILIES, Piece
from .statistics import correlation_interval, correlation_p, leave_one_out, pearson
from .variance import Spread, two_sided

ENOUGH_MODELS = 6  # fewer are drawn, not claimed


@dataclass(frozen=True, slots=True)
class Gap:
    """One row of gaps.csv: the gap of a model on a test in one language, at the main setting."""

    benchmark: str
    judge: str | None
    metric: str
    language: str
    model: str
    family: str
    native: float
    translated: float
    gap: float  # in favour of native data
    mean: float  # over native data and every translator
    at_chance: bool = False

    @property
    def test(self) -> Test:
        """Which test it is."""
        return Test(self.benchmark, self.judge)


GAP_COLUMNS = (
    dict.fromkeys(("benchmark", "judge", "metric", "language", "model", "family"), "String")
    | dict.fromkeys(("native", "translated", "gap", "mean"), "Float64")
    | {"at_chance": "Boolean"}
)


@dataclass(frozen=True, slots=True)
class Correlation:
    """One row of correlations.csv: r of gap and native score, and the de-coupled r of gap and mean.

    The paper's r shares a term with the gap. What is not known is None or NaN.
    """

    benchmark: str
    judge: str | None
    metric: str
    points: int
    models: int
    languages: int
    families: int
    r: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    without_one_low: float | None = None
    without_one_high: float | None = None
    most_influential: str | None = None
    decoupled_r: float | None = None
    decoupled_low: float | None = None
    decoupled_high: float | None = None
    decoupled_p: float | None = None
    decoupled_without_one_low: float | None = None
    decoupled_without_one_high: float | None = None
    decoupled_most_influential: str | None = None

    @property
    def test(self) -> Test:
        """Which test it is."""
        return Test(self.benchmark, self.judge)


_COEFFICIENT = dict.fromkeys(
    ("r", "low", "high", "p", "without_one_low", "without_one_high"), "Float64"
) | {"most_influential": "String"}
CORRELATION_COLUMNS = (
    dict.fromkeys(("benchmark", "judge", "metric"), "String")
    | dict.fromkeys(("points", "models", "languages", "families"), "Int64")
    | _COEFFICIENT
    | {f"decoupled_{name}": kind for name, kind in _COEFFICIENT.items()}
)


class Coefficient(NamedTuple):
    """One correlation with its interval, its p, and its range when one model is left out."""

    r: float
    low: float
    high: float
    p: float
    without_one_low: float
    without_one_high: float
    most_influential: str


def on_shared_answers(
    evidence: Evidence, gap_of: Piece, model: str, names: list[str]
) -> tuple[float, float] | None:
    """Native and translated mean over the answers that a judge scored on every side, if known."""
    items = evidence.items(gap_of.test, gap_of.metric)
    if items is None:
        return None
    keys = [(gap_of.language, model, data, evidence.cells.main) for data in ("native", *names)]
    if not all(key in items.columns for key in keys):
        return None
    sides = [items.values[:, items.columns[key]] for key in keys]
    there = np.isfinite(np.hstack(sides)).all(axis=1)
    if not there.any():
        return None
    native, *translated = (float(side[there].mean()) for side in sides)
    return native, sum(translated) / len(translated)


def find_gaps(
    cells: Cells, chance: Collection[Piece] = (), evidence: Evidence | None = None
) -> list[Gap]:
    """Gaps of every test, metric, language and model at the main setting; missing ones left out.

    `chance`: where both conditions are at chance. `evidence`: where a judge left answers unscored,
    the gap is over those that it scored on both sides.
    """
    found = []
    for test in cells.tests:
        for metric in cells.metrics(test):
            if metric == WIN_RATE:
                continue  # native data has 50 by definition: nothing to correlate with
            for language in cells.languages(test):
                piece = Piece(test, metric, language)
                for model in cells.models(test):
                    gap = gap_of_model(cells, piece, model, piece in chance, evidence)
                    found += [] if gap is None else [gap]
    return found


def gap_of_model(
    cells: Cells, piece: Piece, model: str, at_chance: bool, evidence: Evidence | None
) -> Gap | None:
    """The gap of one model on one piece; None if a score is missing."""
    test, metric, language = piece
    native = cells.score(test, metric, language, model, "native", cells.main)
    other = cells.score(test, metric, language, model, TRANSLATED, cells.main)
    if math.isnan(native) or math.isnan(other):
        return None
    names = cells.conditions(test, metric, language, "translated", cells.main)
    if test.judge is not None and evidence is not None:
        native, other = on_shared_answers(evidence, piece, model, names) or (native, other)
    return Gap(
        benchmark=test.benchmark,
        judge=test.judge,
        metric=metric,
        language=language,
        model=model,
        family=cells.facts.family(model),
        native=native,
        translated=other,
        gap=cells.sign(test, metric) * (native - other),
        mean=(native + len(names) * other) / (1 + len(names)),
        at_chance=at_chance,
    )


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


def correlate(
    gaps: Iterable[Gap], *, resamples: int, confidence: float, seed: int
) -> list[Correlation]:
    """One row per test and metric; what is at chance is left out."""
    groups: dict[tuple[str, str | None, str], list[Gap]] = {}
    for gap in gaps:
        own = groups.setdefault((gap.benchmark, gap.judge, gap.metric), [])
        own += [] if gap.at_chance else [gap]
    found = []
    for place, ((benchmark, judge, metric), rows) in enumerate(groups.items()):
        correlation = Correlation(
            benchmark,
            judge,
            metric,
            points=len(rows),
            models=len({row.model for row in rows}),
            languages=len({row.language for row in rows}),
            families=len({row.family for row in rows}),
        )
        if rows:
            rng = np.random.default_rng([seed, place])
            plain, decoupled = coefficients(rows, resamples, confidence, rng)
            named = {f"decoupled_{name}": value for name, value in decoupled._asdict().items()}
            correlation = replace(correlation, **plain._asdict(), **named)
        found.append(correlation)
    return found


def coefficients(
    rows: Sequence[Gap], resamples: int, confidence: float, rng: np.random.Generator
) -> tuple[Coefficient, Coefficient]:
    """r of gap and native score over models, and the de-coupled r, centred within languages."""
    gap = np.array([row.gap for row in rows])
    models = [row.model for row in rows]
    languages = [row.language for row in rows]
    families = [row.family for row in rows]
    clusters = families if len(set(families)) >= ENOUGH_FAMILIES else models
    apart = centred(gap, languages)

    def coefficient(x: np.ndarray, y: np.ndarray, drawn: list[str]) -> Coefficient:
        interval = correlation_interval(
            x, y, drawn, resamples=resamples, confidence=confidence, rng=rng
        )
        low, high, most = leave_one_out(x, y, models)
        p = correlation_p(x, y, models, languages, permutations=10 * resamples, rng=rng)
        return Coefficient(pearson(x, y), interval.low, interval.high, p, low, high, most)

    plain = coefficient(np.array([row.native for row in rows]), gap, models)
    mean = centred(np.array([row.mean for row in rows]), languages)
    decoupled = coefficient(mean, apart, clusters)
    if clusters is families and len(set(families)) < len(set(models)):
        if not math.isnan(decoupled.p):
            p = float(np.nanmax([decoupled.p, slope_p(mean, apart, families)]))
            decoupled = decoupled._replace(p=p)
    return plain, decoupled
