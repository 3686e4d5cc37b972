"""How often the exchange rate's set holds the truth, and how often it names a rate where there is none.

    python bench/exchange_calibration.py            the grid: truths x 1-4 models x 1-5 draws
    python bench/exchange_calibration.py grid 200   so many studies for each
    python bench/exchange_calibration.py short      a few designs (seconds)
    python bench/exchange_calibration.py special    other shapes, sizes and noise
    python bench/exchange_calibration.py purchase   the cheapest data, and how often it is not
    python bench/exchange_calibration.py plan       the planned width against simulated ones

A simulated study has 4 native sizes (125 to 1,000 rows), 7 translated ones (125 to 8,000), and 3 seeds.
Models differ in height (sd 5), gain (sd 2) and in how translated rows count (sd of log rate 0.2); draws
of rows, shared by all models, have an offset (sd 0.7) and noise per size (0.5); an adapter varies with
sd 1.5. Three models or more are a sample, and the true rate is that of the mean curve of all models; of
one or two models, and of one draw, it is that of these. Seeds are fixed.
"""

import sys
import warnings
import zlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import numpy as np  # noqa: E402
from mothertongue.correlate import exchange as x  # noqa: E402
from mothertongue.correlate.curves import Curve  # noqa: E402
from mothertongue.correlate.exchange_planning import (  # noqa: E402
    Layout,
    Noise,
    Wish,
    expected,
)
from mothertongue.correlate.purchase import Market, Prices, best_for, cheapest_for  # noqa: E402

AT = 500  # native rows
FINE = np.geomspace(20, 1e6, 1500)


@dataclass(frozen=True)
class Truth:
    """What a study is drawn from. `rate` inf: translated rows teach nothing at all."""

    name: str
    rate: float = 4.0
    lower: float = 0.0  # by how much translated data level off lower
    models: int = 3
    draws: int = 3
    seeds: int = 3
    exponent: float = 0.4
    translated_exponent: float | None = None
    gain: float = 12.0  # points from 125 to 1,000 native rows
    height: float = 60.0
    spread: tuple[float, float, float] = (5.0, 2.0, 0.2)  # of models: height, gain, log rate
    offset: float = 0.7
    by_size: float = 0.5
    training: float = 1.5
    native: tuple[int, ...] = (125, 250, 500, 1000)
    translated: tuple[int, ...] = (125, 250, 500, 1000, 2000, 4000, 8000)

    def noise(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draws from a distribution of variance 1."""
        return rng.standard_normal(shape)

    def exponents(self, count: int, rng: np.random.Generator) -> np.ndarray | float:
        """The native exponent of every model."""
        return self.exponent

    def measured(self, scores: np.ndarray) -> np.ndarray:
        """Scores as a benchmark gives them."""
        return scores


TRUTHS = (
    Truth("rate 1", 1),
    Truth("rate 2", 2),
    Truth("rate 4", 4),
    Truth("rate 10", 10),
    Truth("no effect", np.inf),
    Truth("8 lower", 1.5, lower=8),
    Truth("15 lower", 1.5, lower=15),
)


@dataclass(frozen=True)
class Study:
    """Two curves, and the true rate at AT (inf where no number of translated rows suffices)."""

    native: Curve
    translated: Curve
    mixed: Curve  # a quarter native
    rate: float
    scores: tuple[np.ndarray, np.ndarray, np.ndarray]  # true mean curves of the three over FINE


class Models:
    """Models drawn at random, and their true curves: [model, place]."""

    def __init__(self, truth: Truth, count: int, rng: np.random.Generator):
        height, gain, rate = truth.spread
        self.truth, self.exponents = truth, truth.exponents(count, rng)
        unit = truth.gain / (125.0**-self.exponents - 1000.0**-self.exponents)
        factor = np.maximum(1 + gain / truth.gain * rng.standard_normal((count, 1)), 0.2)
        self.heights = truth.height + height * rng.standard_normal((count, 1))
        self.slopes = unit * factor
        self.rates = truth.rate * np.exp(rate * rng.standard_normal((count, 1)))

    def native(self, rows: np.ndarray) -> np.ndarray:
        """Scores of native rows."""
        return self.heights - self.slopes * rows**-self.exponents

    def translated(self, rows: np.ndarray) -> np.ndarray:
        """Scores of translated rows; without effect, that of 60 native rows."""
        truth, b = self.truth, self.exponents
        if np.isinf(truth.rate):
            return np.repeat(self.native(np.array([60.0])), len(rows), axis=1)
        own = truth.translated_exponent or b
        scale = self.rates**b * 1000.0 ** (own - b)
        return self.heights - truth.lower - self.slopes * scale * rows**-own

    def mixed(self, rows: np.ndarray) -> np.ndarray:
        """Scores of rows of which a quarter is native."""
        return self.heights - self.slopes * (rows * (0.25 + 0.75 / self.rates)) ** -self.exponents

    def means(self) -> list[np.ndarray]:
        """Mean curves over FINE: native, translated, mixed."""
        return [c(FINE).mean(axis=0) for c in (self.native, self.translated, self.mixed)]


@cache
def population(truth: Truth) -> list[np.ndarray]:
    """The mean curves of all models."""
    return Models(truth, 4000, np.random.default_rng(1)).means()


def simulate(truth: Truth, rng: np.random.Generator) -> Study:
    """One study."""
    models = Models(truth, truth.models, rng)
    means = population(replace(truth, draws=1)) if truth.models >= 3 else models.means()
    seeds = truth.training / np.sqrt(truth.seeds)
    curves, true = [], []
    for kind, share, exact, sizes, mean in (
        ("native", 1.0, models.native, truth.native, means[0]),
        ("google", 0.0, models.translated, truth.translated, means[1]),
        ("25 % native, google", 0.25, models.mixed, truth.native, means[2]),
    ):
        rows = np.array(sizes, dtype=float)
        offsets = truth.offset * truth.noise((truth.draws, 1), rng)
        of_draw = offsets + truth.by_size * truth.noise((truth.draws, len(rows)), rng)
        of_run = seeds * truth.noise((truth.models, truth.draws, len(rows)), rng)
        scores = truth.measured(exact(rows)[:, None] + of_draw + of_run)
        curves.append(Curve(kind, share, rows, scores))
        true.append(mean + (offsets[0, 0] if truth.draws == 1 else 0.0))
    reached = np.flatnonzero(true[1] >= np.interp(AT, FINE, true[0]))
    rate = float(FINE[reached[0]] / AT) if len(reached) else np.inf
    return Study(*curves, rate, tuple(true))


def judge(study: Study, found: x.Exchange, lower: float = 0.0) -> dict[str, float]:
    """What is right and wrong about a result; `lower`: see `Truth`.

    A rate exists if some number of translated rows reaches AT native ones, also where translated data
    level off lower. `covered`: what is said is true.
    """
    said = found.verdict
    if said == x.RATE:
        low, high = found.low or 0.0, found.high or np.inf
    elif said == x.MORE:
        low, high = found.largest, np.inf
    elif said == x.LESS:
        low, high = 0.0, found.smallest
    elif said == x.UNKNOWN:
        low, high = 0.0, np.inf
    else:
        low, high = np.inf, np.inf
    finite = said == x.RATE and found.low is not None and found.high is not None
    covered = low * 0.999 <= study.rate <= high * 1.001
    if said in (x.PLATEAU, x.TRANSLATED_HIGHER):
        covered = lower > 0 if said == x.PLATEAU else lower < 0
    return {
        "covered": covered,
        "finite": finite,
        "none": said in (x.PLATEAU, x.MORE, x.NONE),
        "plateau": said in (x.PLATEAU, x.TRANSLATED_HIGHER),
        "spurious": said in (x.RATE, x.LESS) and found.high is not None and np.isinf(study.rate),
        "unknown": said == x.UNKNOWN,
        "closed": found.over != "nothing",
        "ratio": found.high / found.low if finite else np.nan,
        "point": np.log(found.rate / study.rate) if found.rate and study.rate < np.inf else np.nan,
    }


def run(truth: Truth, studies: int) -> dict[str, float]:
    """Shares in percent over simulated studies."""
    rng = np.random.default_rng(zlib.crc32(repr(truth).encode()))
    rows = []
    for _ in range(studies):
        study = simulate(truth, rng)
        found = x.exchange(study.native, study.translated, AT)
        rows.append(judge(study, found, truth.lower or float(np.isinf(truth.rate))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no study may have a closed set
        means = {k: 100 * float(np.mean([r[k] for r in rows])) for k in rows[0]}
        means["ratio"] = float(np.nanmedian([r["ratio"] for r in rows]))
        means["point"] = float(np.nanmedian([r["point"] for r in rows]))
    return means


COLUMNS = ("covered", "finite", "none", "plateau", "spurious", "unknown", "closed")


def line(name: str, found: dict[str, float]) -> None:
    """Print one line."""
    print(
        f"{name:34}"
        + "".join(f"{found[c]:10.1f}" for c in COLUMNS)
        + f"{found['ratio']:10.1f}{found['point']:10.2f}",
        flush=True,
    )


def table(designs: list[Truth], studies: int, *, pooled: bool = False) -> None:
    """A line per design; `pooled`: then means over designs with a rate, and over those without."""
    print(f"{'design':34}" + "".join(f"{name:>10}" for name in COLUMNS) + "     ratio  bias(log)")
    kept = []
    for one in designs:
        kept.append((one, run(one, studies)))
        line(f"{one.name}, {one.models} models, {one.draws} draws", kept[-1][1])
    if not pooled:
        return
    true = [(t, f) for t, f in kept if t.lower == 0 and t.rate < np.inf]
    groups = {"a rate": true, "no rate": [pair for pair in kept if pair not in true]}
    for count in (1, 2, 3, 4):
        groups[f"a rate, {count} models"] = [(t, f) for t, f in true if t.models == count]
    for count in (1, 2, 3, 5):
        groups[f"a rate, {count} draws"] = [(t, f) for t, f in true if t.draws == count]
    for name, own in groups.items():
        line(name, {key: float(np.nanmean([f[key] for _, f in own])) for key in own[0][1]})


SPECIAL = (
    Truth("rate 4, other exponent", translated_exponent=0.25),
    Truth("rate 4, exponent 0.15", exponent=0.15),
    Truth("rate 4, exponent 1", exponent=1.0),
    Truth("rate 4, 1 seed", seeds=1),
    Truth("rate 4, noise x 2", training=3.0, offset=1.4, by_size=1.0),
    Truth("rate 4, gain of 3", gain=3.0),
    Truth("rate 4, to 1,000 rows", translated=(125, 250, 500, 1000)),
    Truth("rate 4, two sizes", native=(250, 1000), translated=(1000, 4000)),
    Truth("4 lower", 1.5, lower=4),
    Truth("30 lower", 1.5, lower=30),
    Truth("no gain at all", gain=0.001, spread=(5.0, 0.0, 0.2)),
)

NATIVE_ROW = 2.0  # dollars


def buy(truth: Truth, times: float, studies: int) -> dict[str, float]:
    """Purchases where a native row costs `times` as much as the translated rows that it is worth.

    Shares in percent: of offers called best or cheapest, of those that are not, and of intervals (of
    scores, and of dollars) that hold the truth. At `times` 1 and AT native rows nothing is best.
    """
    rng = np.random.default_rng(zlib.crc32(repr((truth, times)).encode()))
    kinds = ("native", "google", "25 % native, google")
    counted = {"decided": [], "wrong": [], "dollars": [], "score": []}
    for _ in range(studies):
        study = simulate(truth, rng)
        translated = NATIVE_ROW / study.rate / times
        prices = Prices(NATIVE_ROW, {"google": translated})
        curves = [study.native, study.translated, study.mixed]
        market = Market(curves, prices)
        means = dict(zip(kinds, study.scores, strict=True))
        goal = float(np.interp(AT, FINE, study.scores[0]))

        def at(kind: str, rows: float, means: dict = means) -> float:
            return float(np.interp(rows, FINE, means[kind]))

        offers = best_for(market, AT * NATIVE_ROW)
        true = {one.kind: at(one.kind, one.rows) for one in offers}
        counted["score"] += [one.score_low <= true[one.kind] <= one.score_high for one in offers]
        best = [one for one in offers if one.decided]
        others = [max([v for k, v in true.items() if k != one.kind]) for one in best]
        wrong = any(true[one.kind] <= o + 1e-6 for one, o in zip(best, others, strict=True))
        cheap = cheapest_for(market, goal)
        for one in cheap:
            needed = FINE[np.argmax(means[one.kind] >= goal)] * one.dollars / one.rows
            low, high = one.dollars_low or 0.0, one.dollars_high or np.inf
            counted["dollars"].append(low * 0.99 <= needed <= high * 1.01)
        chosen = [one for one in cheap if one.decided]
        for one in chosen:
            for curve in curves:
                if curve.kind == one.kind:
                    continue
                rows = np.clip(one.dollars / prices.of(curve), *curve.sizes[[0, -1]])
                wrong |= at(one.kind, one.rows) <= at(curve.kind, rows) + 1e-6
        counted["decided"].append(bool(best or chosen))
        counted["wrong"].append(wrong)
    return {name: 100 * float(np.mean(values)) for name, values in counted.items()}


def purchases(studies: int) -> None:
    """A line per design: a rate of 4, and of native rows alone at a budget for AT native rows."""
    print(f"{'design':34}   decided     wrong   dollars     score")
    for times in (0.25, 1.0, 4.0):
        for models, draws in ((1, 3), (3, 3), (4, 5), (3, 1)):
            truth = replace(TRUTHS[2], models=models, draws=draws)
            found = buy(truth, times, studies)
            name = f"price ratio {times:g}, {models} models, {draws} draws"
            print(f"{name:34}" + "".join(f"{value:10.1f}" for value in found.values()), flush=True)


def plans(studies: int) -> None:
    """The expected width of the set beside the median of simulated ones."""
    wish = Wish(width=3, rate=4, rows=AT, native=1000, gain=TRUTHS[2].gain)
    print(f"{'design':34}   planned simulated    finite")
    for models, draws, seeds in (
        (1, 3, 3),
        (1, 5, 1),
        (2, 3, 3),
        (3, 3, 1),
        (3, 3, 3),
        (4, 5, 3),
        (3, 1, 3),
    ):
        truth = replace(TRUTHS[2], models=models, draws=draws, seeds=seeds)
        plan = expected(Layout(models, truth.native, truth.translated, draws, seeds), wish, Noise())
        found = run(truth, studies)
        name = f"{models} models, {draws} draws, {seeds} seeds"
        print(
            f"{name:34}{plan.width:10.2f}{found['ratio']:10.2f}{found['finite']:10.1f}", flush=True
        )


def main(kind: str = "grid", studies: int = 200) -> None:
    """Run a kind of simulation."""
    if kind == "short":
        table([replace(t, models=m, draws=3) for t in TRUTHS for m in (1, 3)], studies)
    elif kind == "grid":
        counts = [(m, d) for m in (1, 2, 3, 4) for d in (1, 2, 3, 5)]
        designs = [replace(t, models=m, draws=d) for t in TRUTHS for m, d in counts]
        table(designs, studies, pooled=True)
    elif kind == "special":
        table([replace(t, models=m, draws=3) for t in SPECIAL for m in (1, 3)], studies)
    elif kind == "purchase":
        purchases(studies)
    elif kind == "plan":
        plans(studies)


if __name__ == "__main__":
    main(*(sys.argv[1:2] or ["grid"]), *(int(word) for word in sys.argv[2:3]))
