"""How often the exchange rate's set holds the truth, and how often it names a rate where there is none.

    python bench/exchange_calibration.py            the grid: truths x 1-4 models x 1-5 draws
    python bench/exchange_calibration.py grid 200   so many studies for each
    python bench/exchange_calibration.py short      a few designs (seconds)
    python bench/exchange_calibration.py purchase   the cheapest data, and how often it is not
    python bench/exchange_calibration.py plan       the planned width against simulated ones

A simulated study has 4 native sizes (125 to 1,000 rows), 7 translated ones (125 to 8,000), and 3 seeds.
Models differ in height (sd 5), gain (sd 2) and in how translated rows count (sd of log rate 0.2); draws
of rows, shared by all models, have an offset (sd 0.7) and noise per size (0.5); an adapter varies with
sd 1.5. Three models or more are a sample, and the true rate is that of the mean curve of all models; of
one or two models, and of one draw, it is that of these. Seeds are fixed.
"""

import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import numpy as np  # noqa: E402
from mothertongue.correlate import exchange as x  # noqa: E402
from mothertongue.correlate.curves import Curve  # noqa: E402

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
    rate: float


def simulate(truth: Truth, rng: np.random.Generator) -> Study:
    """One study."""
    many = 4000  # models of the population
    sample = truth.models >= 3
    total = truth.models + (many if sample else 0)
    sd = truth.spread
    heights = truth.height + sd[0] * rng.standard_normal(total)
    b = truth.exponent
    tb = truth.translated_exponent or b
    unit = truth.gain / (125.0**-b - 1000.0**-b)
    slopes = np.maximum(unit * (1 + sd[1] / truth.gain * rng.standard_normal(total)), 0.2 * unit)
    rates = truth.rate * np.exp(sd[2] * rng.standard_normal(total))

    def native(rows: np.ndarray, at: slice) -> np.ndarray:
        return heights[at, None] - slopes[at, None] * rows**-b

    def translated(rows: np.ndarray, at: slice) -> np.ndarray:
        if np.isinf(truth.rate):  # at the height of 60 native rows, whatever the number of rows
            return np.repeat(native(np.array([60.0]), at), len(rows), axis=1)
        scale = rates[at, None] ** b * 1000.0 ** (tb - b)
        return heights[at, None] - truth.lower - slopes[at, None] * scale * rows**-tb

    def draw(curve, sizes) -> tuple[Curve, float]:
        rows = np.array(sizes, dtype=float)
        exact = curve(rows, slice(truth.models))
        offsets = truth.offset * rng.standard_normal(truth.draws)
        noise = truth.by_size * rng.standard_normal((truth.draws, len(rows)))
        seeds = truth.training / np.sqrt(truth.seeds)
        scores = (
            exact[:, None]
            + offsets[:, None]
            + noise
            + seeds * rng.standard_normal((truth.models, truth.draws, len(rows)))
        )
        return Curve("", 0.0, rows, scores), float(offsets[0]) if truth.draws == 1 else 0.0

    first, first_offset = draw(native, truth.native)
    second, second_offset = draw(translated, truth.translated)
    at = slice(truth.models, None) if sample else slice(truth.models)
    goal = native(np.array([float(AT)]), at).mean() + first_offset
    reached = np.flatnonzero(translated(FINE, at).mean(axis=0) + second_offset >= goal)
    true = FINE[reached[0]] / AT if len(reached) else np.inf
    return Study(first, second, float(true))


def judge(study: Study, found: x.Exchange) -> dict[str, float]:
    """What is right and wrong about a result."""
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
    return {
        "covered": low * 0.999 <= study.rate <= high * 1.001,
        "finite": finite,
        "none": said in (x.PLATEAU, x.MORE, x.NONE),
        "plateau": said == x.PLATEAU,
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
        rows.append(judge(study, x.exchange(study.native, study.translated, AT)))
    with np.errstate(all="ignore"):
        means = {k: 100 * float(np.mean([r[k] for r in rows])) for k in rows[0]}
        means["ratio"] = float(np.nanmedian([r["ratio"] for r in rows]))
        means["point"] = float(np.nanmedian([r["point"] for r in rows]))
    return means


COLUMNS = ("covered", "finite", "none", "plateau", "spurious", "unknown", "closed")


def table(designs: list[Truth], studies: int) -> None:
    """A line per design."""
    print(f"{'design':34}" + "".join(f"{name:>10}" for name in COLUMNS) + "     ratio  bias(log)")
    for one in designs:
        found = run(one, studies)
        name = f"{one.name}, {one.models} models, {one.draws} draws"
        print(
            f"{name:34}"
            + "".join(f"{found[c]:10.1f}" for c in COLUMNS)
            + f"{found['ratio']:10.1f}{found['point']:10.2f}",
            flush=True,
        )


def main(kind: str = "grid", studies: int = 200) -> None:
    """Run a kind of simulation."""
    if kind == "short":
        table([replace(t, models=m, draws=3) for t in TRUTHS for m in (1, 3)], studies)
    elif kind == "grid":
        table(
            [
                replace(t, models=m, draws=d)
                for t in TRUTHS
                for m in (1, 2, 3, 4)
                for d in (1, 2, 3, 5)
            ],
            studies,
        )


if __name__ == "__main__":
    main(*(sys.argv[1:2] or ["grid"]), *(int(word) for word in sys.argv[2:3]))
