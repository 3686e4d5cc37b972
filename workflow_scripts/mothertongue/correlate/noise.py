"""Splits the noise of one comparison into items, clusters, training, models and languages.

One comparison: native data against the mean over translators, one model, one language, one training
of each adapter. Its variance over studies like this one is split by the method of moments: what lies
between models (languages) beyond the parts below it; below zero counts as zero.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from .averages import Test
from .chance import gap_terms
from .effects import Evidence
from .items import Items
from .samples import Piece, Sample, Share
from .variance import over_clusters


@dataclass(frozen=True)
class Noise:
    """Variances, in the squared unit of the gap; NaN where the study cannot tell.

    `training`: seeds (and draws of rows, if seeds draw anew) of the adapters of one comparison. It is
    within `models` where every adapter was trained once. `adapter`: standard deviation of one
    adapter's score from training to training.
    """

    gap: float
    models: int
    languages: int
    seeds: int | None
    items: int | None
    clusters: int | None
    of_items: float
    of_clusters: float
    of_training: float
    of_models: float
    of_languages: float
    adapter: float
    native: float
    translated: float
    base: float

    @property
    def total(self) -> float:
        """Variance of one comparison, as far as it is known; NaN if nothing is."""
        parts = (self.of_items, self.of_clusters, self.of_training, self.of_models)
        known = [part for part in (*parts, self.of_languages) if math.isfinite(part)]
        return sum(known) if known else math.nan

    @property
    def signal_to_noise(self) -> float:
        """Size of the gap in standard deviations of one comparison."""
        return abs(self.gap) / math.sqrt(self.total) if self.total > 0 else math.nan


PARTS = ("items", "clusters", "training", "models", "languages")


@dataclass(frozen=True, slots=True)
class NoiseRow:
    """One row of variance.csv; what a study cannot tell is None (or NaN, before it is written)."""

    benchmark: str
    judge: str | None
    metric: str
    unit: str
    models: int
    languages: int
    seeds: int | None
    items: int | None
    clusters: int | None
    gap: float
    native: float
    translated: float
    base: float | None
    items_variance: float | None
    clusters_variance: float | None
    training_variance: float | None
    models_variance: float | None
    languages_variance: float | None
    adapter_sd: float | None
    comparison_sd: float | None
    signal_to_noise: float | None

    @property
    def variances(self) -> dict[str, float | None]:
        """Parts of the variance of one comparison, by what they come from."""
        return {part: getattr(self, f"{part}_variance") for part in PARTS}

    def share(self, part: str) -> float | None:
        """A part's share of the variance that is known, in percent; None where nothing is."""
        known = [value for value in self.variances.values() if value is not None]
        own, total = self.variances[part], sum(known)
        return 100 * own / total if own is not None and total else None

    def scaled(self, factor: float) -> "NoiseRow":
        """The row with its variances in another unit: of scores divided by `factor`."""

        def smaller(variance: float | None) -> float | None:
            return None if variance is None else variance / factor**2

        return replace(
            self,
            items_variance=smaller(self.items_variance),
            clusters_variance=smaller(self.clusters_variance),
            training_variance=smaller(self.training_variance),
            models_variance=smaller(self.models_variance),
        )


COLUMNS = (
    dict.fromkeys(("benchmark", "judge", "metric", "unit"), "String")
    | dict.fromkeys(("models", "languages", "seeds", "items", "clusters"), "Int64")
    | dict.fromkeys(("gap", "native", "translated", "base"), "Float64")
    | {f"{part}_variance": "Float64" for part in PARTS}
    | dict.fromkeys(("adapter_sd", "comparison_sd", "signal_to_noise"), "Float64")
)


def noise_rows(evidence: Evidence, apart: "Unclustered") -> list[NoiseRow]:
    """A row for every test with a gap; `apart` is `evidence` without clusters."""
    rows = []
    for test in evidence.cells.tests:
        noise = split(evidence, apart, test)
        if noise is None:
            continue
        metric = evidence.metric(test)
        rows.append(
            NoiseRow(
                *test,
                metric,
                evidence.unit(test, metric),
                models=noise.models,
                languages=noise.languages,
                seeds=noise.seeds,
                items=noise.items,
                clusters=noise.clusters,
                gap=noise.gap,
                native=noise.native,
                translated=noise.translated,
                base=noise.base,
                items_variance=noise.of_items,
                clusters_variance=noise.of_clusters,
                training_variance=noise.of_training,
                models_variance=noise.of_models,
                languages_variance=noise.of_languages,
                adapter_sd=noise.adapter,
                comparison_sd=math.sqrt(noise.total) if noise.total >= 0 else math.nan,
                signal_to_noise=noise.signal_to_noise,
            )
        )
    return rows


class Unclustered(Evidence):
    """The same evidence with every item a cluster by itself."""

    def codes(self, test: Test, metric: str, items: Items) -> np.ndarray:
        """Number of each item."""
        found = np.arange(len(items.values))
        self._codes[test.benchmark] = {str(place): int(place) for place in found}
        return found


def split(evidence: Evidence, apart: Evidence, test: Test) -> Noise | None:
    """The noise of a test; `apart` is `evidence` without clusters. None without any gap."""
    metric = evidence.metric(test)
    samples: dict[str, Sample] = {}
    by_item: list[tuple[float, float]] = []
    weights: dict[str, float] = {}
    for language in evidence.cells.languages(test):
        piece = Piece(test, metric, language)
        terms = gap_terms(evidence, piece)
        sample = evidence.sample([Share(piece, 1.0, terms)]) if terms else None
        if sample is None:
            continue
        samples[language] = sample
        weights[language] = sum(weight**2 for _, weight in terms)
        for model in sample.models:
            parts = [side.part(piece, model, terms) for side in (evidence, apart)]
            pulls = [part.pulls for part in parts if part is not None and part.pulls is not None]
            if len(pulls) == 2:
                clusters, items = (over_clusters(own.influence[own.there]) for own in pulls)
                by_item.append((clusters, items))
    if not samples:
        return None
    clustered, single = (
        (float(np.mean([pair[side] for pair in by_item])) for side in (0, 1))
        if by_item
        else (math.nan, math.nan)
    )
    luck, adapter = training(samples, weights)
    seeds = [sample.seeds for sample in samples.values() if sample.seeds is not None]
    known = [0.0 if math.isnan(value) else value for value in (clustered, luck)]
    trained = max(1, min(seeds)) if len(seeds) == len(samples) else 1
    below = known[0] + known[1] / trained
    base = base_score(evidence, test, metric)
    first, second = (
        float(np.mean([getattr(sample, name) for sample in samples.values()]))
        for name in ("first", "second")
    )
    counts = [sample.items for sample in samples.values() if sample.items]
    groups = [sample.clusters for sample in samples.values() if sample.clusters]
    return Noise(
        gap=float(np.mean([sample.estimate for sample in samples.values()])),
        models=max(len(sample.models) for sample in samples.values()),
        languages=len(samples),
        seeds=min(seeds) if len(seeds) == len(samples) else None,
        items=max(counts, default=None),
        clusters=max(groups, default=None),
        of_items=single,
        of_clusters=max(0.0, clustered - single) if by_item else math.nan,
        of_training=luck,
        of_models=between_models(list(samples.values()), below),
        of_languages=between_languages(list(samples.values())),
        adapter=adapter,
        native=first,
        translated=second,
        base=base,
    )


def training(samples: dict[str, Sample], weights: dict[str, float]) -> tuple[float, float]:
    """Variance by training of one comparison, and the deviation of one adapter's score."""
    spreads = [
        float(scores.var(ddof=1))
        for sample in samples.values()
        for _, scores in sample.adapters
        if len(scores) > 1
    ]
    if not spreads:
        return math.nan, math.nan
    variance = float(np.mean(spreads))
    return variance * float(np.mean(list(weights.values()))), math.sqrt(variance)


def between_models(samples: list[Sample], below: float) -> float:
    """Variance of gaps between models beyond `below`, in one language."""
    known = [float(sample.gaps.var(ddof=1)) for sample in samples if len(sample.gaps) > 1]
    return max(0.0, float(np.mean(known)) - below) if known else math.nan


def between_languages(samples: list[Sample]) -> float:
    """Variance of mean gaps between languages beyond what their own noise makes."""
    if len(samples) < 2:
        return math.nan
    own = [sample.spread().variance for sample in samples]
    own = [variance for variance in own if math.isfinite(variance)]
    means = np.array([sample.estimate for sample in samples])
    return max(0.0, float(means.var(ddof=1)) - float(np.mean(own))) if own else math.nan


def base_score(evidence: Evidence, test: Test, metric: str) -> float:
    """Mean score of the untuned models."""
    cells = evidence.cells
    scores = [
        cells.score(test, metric, language, model, "base", None)
        for language in cells.languages(test)
        for model in cells.models(test)
    ]
    known = [score for score in scores if math.isfinite(score)]
    return sum(known) / len(known) if known else math.nan
