"""Learning curves: score against rows of training data, c - a * N**(-b).

Every kind of data has an exponent b of its own; every model and draw has its own height c and slope a
(random effects, fitted in two stages). With b given, a curve's value at any number of rows is a
weighted sum of the scores; `intervals` makes use of that.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EXPONENTS = np.concatenate([[0.0], np.geomspace(0.05, 2.0, 60)])  # 0: straight over log rows


@dataclass(frozen=True, slots=True)
class Point:
    """A score of one adapter on one benchmark, more is better; `kind`: what its rows are."""

    language: str
    benchmark: str
    model: str
    kind: str
    native_rows: int
    translated_rows: int
    draw: int
    seed: int
    score: float

    @property
    def rows(self) -> int:
        """Rows of its training set."""
        return self.native_rows + self.translated_rows


@dataclass(frozen=True)
class Curve:
    """Scores of one kind of data, averaged over seeds: [model, draw, size].

    `sizes`: rows, ascending. `share`: of native rows. `points`: all scores as (rows, score). `whole`: the
    largest size is all rows that there are; its adapters are the same in every draw. `between_seeds`:
    variance of one adapter's score from seed to seed; None where each has one seed.
    """

    kind: str
    share: float
    sizes: Floats
    scores: Floats
    models: tuple[str, ...] = ()
    seeds: int = 1
    points: tuple[tuple[int, float], ...] = ()
    whole: bool = False
    between_seeds: float | None = None

    @property
    def draws(self) -> int:
        """Number of draws of rows."""
        return int(self.scores.shape[1])

    @cached_property
    def fits(self) -> Floats:
        """Residual sum of squares for every exponent of EXPONENTS, of the mean over models.

        Models share their draws' rows, so that their residuals are not independent.
        """
        left = self.scores.mean(axis=0) @ residuals(tuple(self.sizes))
        return np.asarray((left**2).sum(axis=(1, 2)))

    @property
    def spare(self) -> int:
        """Degrees of freedom of the residuals for a given exponent."""
        return self.draws * max(len(self.sizes) - 2, 0)

    @property
    def free(self) -> int:
        """Degrees of freedom of the residuals once the exponent is fitted."""
        return max(self.spare - 1, 0)

    @cached_property
    def exponent(self) -> float:
        """The exponent that fits best; 0 for two sizes, which any exponent fits."""
        return float(EXPONENTS[np.argmin(self.fits)]) if self.spare else 0.0

    def exponents(self, level: float) -> Floats:
        """Exponents that the scores do not contradict (F test), and the neighbours of the best one."""
        from scipy.special import fdtri

        if not self.free:
            return EXPONENTS
        most = float(self.fits.min()) * (1 + float(fdtri(1, self.free, 1 - level)) / self.free)
        near = np.abs(np.arange(len(EXPONENTS)) - np.argmin(self.fits)) <= 1
        return np.asarray(EXPONENTS[near | (self.fits <= most)])


def basis(rows: Floats, exponent: float) -> Floats:
    """The curve's shape, rising with rows: log N, or (1 - N**(-b)) / b."""
    if exponent == 0:
        return np.log(rows)
    return np.asarray(-np.expm1(-exponent * np.log(rows)) / exponent)


def weights(sizes: Floats, at: Floats, exponent: float) -> Floats:
    """Weights of the scores at `sizes` in the curve's values at `at`: [place, size]."""
    shape = basis(sizes, exponent)
    centred = shape - shape.mean()
    there = basis(np.asarray(at, dtype=float), exponent) - shape.mean()
    found = 1 / len(sizes) + np.outer(there, centred) / (centred @ centred)
    return np.asarray(found)


def height_weights(sizes: Floats, exponent: float) -> Floats:
    """Weights of the scores in the height at which a curve levels off: [1, size]; exponent > 0."""
    shape = basis(sizes, exponent)
    centred = shape - shape.mean()
    found = 1 / len(sizes) + (1 / exponent - shape.mean()) * centred / (centred @ centred)
    return np.asarray(found)[None, :]


@cache
def residuals(sizes: tuple[float, ...]) -> Floats:
    """What makes residuals of scores, for every exponent: [exponent, size, size]."""
    known = np.array(sizes)
    return np.stack([np.eye(len(known)) - weights(known, known, float(b)).T for b in EXPONENTS])
