"""How wide the exchange rate's set will be, before anything is trained, and the cheapest design.

The variance of the difference of two curves follows from its components, and the set from that variance
and the assumed curve: the rates whose difference is smaller than the interval's half. It is the set of
`exchange` at its expected width; bench/exchange_calibration.py compares it with simulated ones.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .curves import Floats, basis, weights
from .intervals import POPULATION

LEVEL = 0.05
TRAINING = 1.5  # points, of one adapter; see `planning`
DRAWS = 0.9  # points, of one draw of rows
MODELS = 0.8  # points, of the difference between a model's two curves
STEP = 2  # each size is twice the one before


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviations in points: of the difference between a model's curves, a draw, a training."""

    models: float = MODELS
    draws: float = DRAWS
    training: float = TRAINING


@dataclass(frozen=True, slots=True)
class Wish:
    """What a study is planned for: a set of `width` (high / low) for a true `rate` at `rows`.

    `gain`: points from `rows` / 4 to 2 `rows` native rows; `native`: most native rows there are.
    """

    width: float
    rate: float
    rows: int
    native: int
    gain: float
    exponent: float = 0.4

    @classmethod
    def from_params(cls, section: Mapping[str, Any]) -> Self:
        """From the study's section `exchange`."""
        return cls(
            width=section["width"],
            rate=section["rate"],
            rows=section["rows"],
            native=section["most"],
            gain=section["gain"],
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Models, sizes, draws and seeds of a study."""

    models: int
    native: tuple[int, ...]
    translated: tuple[int, ...]
    draws: int
    seeds: int

    @property
    def runs(self) -> int:
        """Adapters to train."""
        return self.models * self.draws * self.seeds * (len(self.native) + len(self.translated))

    @property
    def rows(self) -> int:
        """Rows trained on in one epoch of all adapters: what GPU time is proportional to."""
        return self.models * self.draws * self.seeds * (sum(self.native) + sum(self.translated))


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout and the set that it is expected to give; None where it is open."""

    layout: Layout
    low: float | None
    high: float | None

    @property
    def width(self) -> float:
        """High / low, infinite where the set is open."""
        return self.high / self.low if self.low and self.high else math.inf


def half_widths(
    layout: Layout, noise: Noise, rows: float, rates: Floats, exponent: float
) -> Floats:
    """Half the 95 % interval of the difference of the curves at `rows` and `rates` times `rows`."""
    from scipy.special import stdtrit

    models, draws = layout.models, layout.draws
    training = noise.training**2 / layout.seeds
    places = (layout.native, np.array([rows])), (layout.translated, rates * rows)
    parts = [
        (weights(np.array(sizes, dtype=float), at, exponent) ** 2).sum(axis=1)
        for sizes, at in places
    ]

    def half(components: Sequence[tuple[Floats, float]]) -> Floats:
        total = np.asarray(sum(size for size, _ in components))
        df = total**2 / np.asarray(sum(size**2 / df for size, df in components))
        return np.asarray(stdtrit(np.maximum(df, 1.0), 1 - LEVEL / 2) * np.sqrt(total))

    over_draws = [((noise.draws**2 + q * training / models) / draws, draws - 1.0) for q in parts]
    of_model = (noise.models**2 + (parts[0] + parts[1]) * training / draws) / models
    if models < POPULATION and draws > 1:
        return half(over_draws)
    if models < POPULATION:
        spare = len(layout.native) + len(layout.translated) - 5
        alone = [(q * training / models, spare / 2) for q in parts]
        return half(alone) if spare > 1 else np.full(rates.shape, np.inf)
    over_models = of_model, models - 1.0
    if draws == 1:
        return half([over_models])
    crossed = (models - 1.0) * (draws - 1)
    both = [(-q * training / models / draws, crossed) for q in parts]
    whole = [over_models, *over_draws]
    return np.minimum(half(whole), half([*whole, *both]))


def expected(layout: Layout, wish: Wish, noise: Noise) -> Plan:
    """The set that a layout is expected to give."""
    shape: Floats = basis(np.array([wish.rows / 4, 2 * wish.rows], dtype=float), wish.exponent)
    slope = wish.gain / float(shape[1] - shape[0])
    native = slope * float(basis(np.array([float(wish.rows)]), wish.exponent)[0])
    rates = np.geomspace(layout.translated[0], layout.translated[-1], 200) / wish.rows
    translated = slope * basis(rates * wish.rows / wish.rate, wish.exponent)
    halves = half_widths(layout, noise, wish.rows, rates, wish.exponent)
    inside = np.flatnonzero(np.abs(native - translated) <= halves)
    if not len(inside):
        return Plan(layout, None, None)
    low = None if inside[0] == 0 else float(rates[inside[0]])
    return Plan(layout, low, None if inside[-1] == len(rates) - 1 else float(rates[inside[-1]]))


def layouts(wish: Wish) -> Iterator[Layout]:
    """Designs to choose from: 1 to 8 models, 3 to 5 native sizes, 1 to 5 draws, 1 to 3 seeds."""
    for count in (3, 4, 5):
        native = tuple(wish.native // STEP**place for place in reversed(range(count)))
        if native[0] < 16 or not native[0] <= wish.rows <= native[-1]:
            continue
        longest = next(
            power for power in range(1, 20) if STEP**power * native[-1] >= 2 * wish.rate * wish.rows
        )
        translated = (*native, *(native[-1] * STEP**power for power in range(1, longest + 1)))
        for models, draws, seeds in itertools.product(range(1, 9), range(1, 6), range(1, 4)):
            yield Layout(models, native, translated, draws, seeds)


def cheapest(wish: Wish, noise: Noise) -> list[Plan]:
    """The cheapest design of every number of models whose set is as narrow as wished, cheapest first.

    The cost is the number of rows trained on. Designs of one draw are left out: their sets do not hold
    for other rows.
    """
    best: dict[int, Plan] = {}
    for layout in sorted(layouts(wish), key=lambda one: one.rows):
        if layout.draws > 1 and layout.models not in best:
            plan = expected(layout, wish, noise)
            if plan.width <= wish.width:
                best[layout.models] = plan
    return sorted(best.values(), key=lambda plan: plan.layout.rows)


PLAN_COLUMNS = (
    *("language", "benchmark", "measured"),
    *("models", "native_sizes", "translated_sizes", "draws", "seeds", "adapters", "rows"),
    *("low", "high", "width"),
)


@dataclass(frozen=True, slots=True)
class Designs:
    """The cheapest designs for one test, and what they were planned by.

    `measured`: parts of the noise that results show, the others are assumed. Without any result, all is
    assumed and no test is named.
    """

    wish: Wish
    noise: Noise
    plans: Sequence[Plan]
    language: str = ""
    benchmark: str = ""
    label: str = ""
    measured: Sequence[str] = ()


def plan_row(
    plan: Plan, language: str = "", benchmark: str = "", measured: Sequence[str] = ()
) -> dict[str, object]:
    """A row of exchange.csv of the estimate; without results, no test is named and all is assumed."""
    one = plan.layout
    sizes = [" ".join(map(str, own)) for own in (one.native, one.translated)]
    design = one.models, *sizes, one.draws, one.seeds, one.runs, one.rows
    values = language, benchmark, " ".join(measured), *design, plan.low, plan.high, plan.width
    return dict(zip(PLAN_COLUMNS, values, strict=True))
