"""Do two curves level off at the same height? The difference of their heights, as a set.

A height is an extrapolation, and depends on the exponent. Each curve has its own, and the set holds every
difference that some pair of exponents allows which the scores do not contradict: curves that only bend
differently are not taken for curves of different heights. The set is often open or wide, as sizes seldom
show where a curve ends.
"""

from dataclasses import dataclass

import numpy as np

from .curves import Curve, Floats
from .intervals import estimate, height

LOOKED = (
    7  # exponents of each curve at which heights are compared, both ends of those allowed included
)


@dataclass(frozen=True, slots=True)
class Heights:
    """The difference of the heights at which two curves level off, native - translated.

    `low`, `high`: the set; None where it is open. `difference`: at the best exponents; None where one
    of the curves shows no bend.
    """

    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def native_higher(self) -> bool:
        """Whether the curve of native rows is shown to level off higher."""
        return self.low is not None and self.low > 0

    @property
    def translated_higher(self) -> bool:
        """Whether the curve of translated rows is shown to level off higher."""
        return self.high is not None and self.high < 0


def compare_heights(native: Curve, translated: Curve, level: float = 0.05) -> Heights:
    """The set of the difference of heights. Curves of two sizes show no bend.

    A curve that may be straight over log rows has no upper end.
    """
    if not native.free or not translated.free:
        return Heights()
    of_native, of_translated = native.exponents(level), translated.exponents(level)
    low, high = np.inf, -np.inf
    for first in _some(of_native):
        for second in _some(of_translated):
            found = estimate([height(native, first), height(translated, second, -1.0)])
            half = float(found.half(level)[0])
            low = min(low, float(found.value[0]) - half)
            high = max(high, float(found.value[0]) + half)
    low = -np.inf if of_translated[0] == 0 else low
    high = np.inf if of_native[0] == 0 else high
    return Heights(
        _difference(native, translated),
        low if np.isfinite(low) else None,
        high if np.isfinite(high) else None,
    )


def _difference(native: Curve, translated: Curve) -> float | None:
    if not native.exponent or not translated.exponent:
        return None
    parts = height(native, native.exponent), height(translated, translated.exponent)
    first, second = (float(one.values.mean()) for one in parts)
    return first - second


def _some(exponents: Floats) -> list[float]:
    """A few of the exponents above 0, evenly, both ends included."""
    bent = exponents[exponents > 0]
    places = np.linspace(0, len(bent) - 1, LOOKED).round().astype(int)
    return [float(b) for b in bent[np.unique(places)]]
