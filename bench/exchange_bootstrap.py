"""Does a bootstrap over models, draws and seeds cover better than the closed form of `intervals`?

    python bench/exchange_bootstrap.py 200      so many studies of every design, 400 resamples each

Per resample, models are drawn with replacement (from three on), then draws of each kind of data, then seeds
of every adapter; exponents are fitted anew. The set holds every rate at which the difference of the curves
may be 0: by percentiles, and with the resamples' distance from the estimate stretched by the square root of
n / (n - 1), n the smaller of the numbers of models and draws that are resampled.
"""

import sys
import zlib
from dataclasses import dataclass, replace

import numpy as np
from exchange_calibration import AT, TRUTHS, Study, Truth, judge, simulate
from mothertongue.correlate import exchange as x
from mothertongue.correlate.curves import Curve, weights
from mothertongue.correlate.heights import Heights
from mothertongue.correlate.intervals import POPULATION

RESAMPLES = 400
PLACES = 60
DESIGNS = [
    replace(truth, models=models, draws=draws)
    for truth in (TRUTHS[0], TRUTHS[2])
    for models, draws in ((1, 3), (1, 5), (3, 1), (3, 3), (4, 5))
]


@dataclass(frozen=True)
class Seeded:
    """A curve with the scores of every seed about their mean: [model, draw, size, seed]."""

    curve: Curve
    about: np.ndarray

    def resampled(self, models: np.ndarray, rng: np.random.Generator) -> Curve:
        """A curve of resampled models, draws and seeds."""
        seeds = self.about.shape[3]
        draws = rng.integers(self.curve.draws, size=self.curve.draws)
        taken = np.ix_(models, draws)
        about = self.about[taken]
        own = np.take_along_axis(about, rng.integers(seeds, size=about.shape), axis=3)
        return replace(self.curve, scores=self.curve.scores[taken] + own.mean(axis=3))


def seeded(curve: Curve, truth: Truth, rng: np.random.Generator) -> Seeded:
    """Seeds whose mean is what the curve has."""
    about = truth.training * rng.standard_normal((*curve.scores.shape, truth.seeds))
    return Seeded(curve, about - about.mean(axis=3, keepdims=True))


def values(curve: Curve, at: np.ndarray) -> np.ndarray:
    """The mean curve."""
    return np.asarray(curve.scores.mean(axis=(0, 1)) @ weights(curve.sizes, at, curve.exponent).T)


def halves(
    study: Study, truth: Truth, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates, the estimated difference, and that of every resample: [resample, rate]."""
    rates = np.geomspace(study.translated.sizes[0], study.translated.sizes[-1], PLACES) / AT
    kinds = [seeded(curve, truth, rng) for curve in (study.native, study.translated)]
    places = np.array([float(AT)]), rates * AT

    def difference(native: Curve, translated: Curve) -> np.ndarray:
        return values(native, places[0]) - values(translated, places[1])

    found = []
    for _ in range(RESAMPLES):
        models = np.arange(truth.models)
        if truth.models >= POPULATION:
            models = rng.integers(truth.models, size=truth.models)
        found.append(difference(*(kind.resampled(models, rng) for kind in kinds)))
    return rates, difference(study.native, study.translated), np.array(found)


def verdict(rates: np.ndarray, low: np.ndarray, high: np.ndarray) -> x.Exchange:
    """The set of rates whose difference may be 0, as `exchange` words it, without plateaus."""
    few, many = low > 0, high < 0
    said, ends = x.RATE, (None, None)
    if few.all():
        said, ends = x.MORE, (rates[-1], None)
    elif many.all():
        said, ends = x.LESS, (None, rates[0])
    elif few[-1] and many[0]:
        said = x.NONE
    elif not few[0] and not many[-1]:
        said = x.UNKNOWN
    else:
        first, last = x.edges(rates, low, high, np.flatnonzero(~(few | many)))
        ends = (first if few[0] else None, last if many[-1] else None)
    return x.Exchange(AT, said, None, *ends, rates[0], rates[-1], "", Heights())


def run(truth: Truth, studies: int) -> dict[str, tuple[float, float]]:
    """(covered, closed) in percent, by method."""
    rng = np.random.default_rng(zlib.crc32(repr(("bootstrap", truth)).encode()))
    kept: dict[str, list[tuple[bool, bool]]] = {}
    count = min(n for n in (truth.models, truth.draws) if n > 1)
    if 1 < truth.models < POPULATION:
        count = truth.draws
    for _ in range(studies):
        study = simulate(truth, rng)
        rates, found, resampled = halves(study, truth, rng)
        ends = np.percentile(resampled, [2.5, 97.5], axis=0)
        wide = found + np.sqrt(count / (count - 1)) * (ends - found)
        closed = x.exchange(study.native, study.translated, AT, heights=Heights())
        results = {
            "closed form": closed,
            "percentiles": verdict(rates, *ends),
            "stretched": verdict(rates, *wide),
        }
        for name, one in results.items():
            told = judge(study, one, truth.lower)
            kept.setdefault(name, []).append((bool(told["covered"]), bool(told["finite"])))
    return {name: tuple(100 * np.mean(pairs, axis=0)) for name, pairs in kept.items()}


def main(studies: int = 200) -> None:
    """Print a table."""
    print("| design | " + " | ".join(f"{m}: covered | finite" for m in NAMES) + " |")
    print("|" + "---|" * (1 + 2 * len(NAMES)))
    for one in DESIGNS:
        found = run(one, studies)
        numbers = " | ".join(f"{v:.1f}" for name in NAMES for v in found[name])
        print(f"| {one.name}, {one.models} models, {one.draws} draws | {numbers} |", flush=True)


NAMES = ("closed form", "percentiles", "stretched")

if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
