"""The exchange rate's set on designs that its method was not tuned on.

    python bench/exchange_fresh.py 300     so many studies of every design

Other exponents, also of every model its own; other sizes, noise and numbers of models; errors with heavy
tails (Student's t with 3 degrees of freedom); accuracies of a few items. *covered*: what is said is true.
"""

import sys
from dataclasses import dataclass

import numpy as np
from exchange_calibration import Truth, table


@dataclass(frozen=True)
class Fresh(Truth):
    """A truth with more that is unlike the fitted curves."""

    tails: float | None = None  # degrees of freedom of errors
    bends: float = 0.0  # of models: standard deviation of the logarithm of their exponents
    items: int | None = None  # of the benchmark

    def noise(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draws from a distribution of variance 1."""
        if self.tails is None:
            return rng.standard_normal(shape)
        return rng.standard_t(self.tails, shape) / np.sqrt(self.tails / (self.tails - 2))

    def exponents(self, count: int, rng: np.random.Generator) -> np.ndarray | float:
        """The native exponent of every model."""
        return self.exponent * np.exp(self.bends * rng.standard_normal((count, 1)))

    def measured(self, scores: np.ndarray) -> np.ndarray:
        """Right answers of all items."""
        if self.items is None:
            return scores
        return np.clip(np.round(scores / 100 * self.items), 0, self.items) * 100 / self.items


WIDE = {"native": (100, 300, 900, 2700), "translated": (300, 900, 2700, 8100, 24300)}
MANY = {"native": (64, 128, 256, 512, 1024), "translated": (128, 256, 512, 1024, 2048, 4096)}
FEW = {"native": (200, 500, 1400), "translated": (400, 1200, 3600)}
DESIGNS = [
    Fresh("rate 3", 3, models=5, draws=4, exponent=0.3, **WIDE),
    Fresh("rate 6, noisy", 6, models=3, draws=3, training=4, offset=1.5, seeds=1, **WIDE),
    Fresh("rate 0.7", 0.7, models=2, draws=3, exponent=0.55, **MANY),
    Fresh("rate 3, heavy tails", 3, models=1, draws=3, tails=3, **MANY),
    Fresh("rate 3, heavy tails", 3, models=4, draws=3, tails=3, **MANY),
    Fresh("rate 2, 100 items", 2, models=1, draws=3, items=100, **MANY),
    Fresh("rate 2, 100 items", 2, models=3, draws=4, items=100, **WIDE),
    Fresh("rate 5, models bend apart", 5, models=3, draws=3, bends=0.4, **WIDE),
    Fresh("rate 5, models bend apart", 5, models=6, draws=3, bends=0.4, **WIDE),
    Fresh("rate 3, three sizes", 3, models=3, draws=3, **FEW),
    Fresh("rate 3, three sizes", 3, models=1, draws=4, **FEW),
    Fresh("rate 3, one draw", 3, models=5, draws=1, exponent=0.6, **WIDE),
    Fresh(
        "exponents .5 and .2", 2, models=3, draws=4, exponent=0.5, translated_exponent=0.2, **WIDE
    ),
    Fresh(
        "exponents .3 and .8", 3, models=1, draws=3, exponent=0.3, translated_exponent=0.8, **WIDE
    ),
    Fresh(
        "exponents .7 and .3", 3, models=4, draws=5, exponent=0.7, translated_exponent=0.3, **MANY
    ),
    Fresh("no effect", np.inf, models=2, draws=3, tails=3, **MANY),
    Fresh("no effect", np.inf, models=5, draws=3, items=100, **WIDE),
    Fresh("20 lower", 2, lower=20, models=1, draws=3, exponent=0.5, **WIDE),
    Fresh("20 lower", 2, lower=20, models=3, draws=3, exponent=0.5, bends=0.3, **WIDE),
    Fresh("20 lower, heavy tails", 2, lower=20, models=4, draws=4, exponent=0.3, tails=3, **MANY),
]

if __name__ == "__main__":
    table(DESIGNS, *(int(word) for word in sys.argv[1:2] or ["300"]))
