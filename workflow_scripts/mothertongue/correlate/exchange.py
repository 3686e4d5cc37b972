"""How many translated rows is a native row worth? A rate with its confidence set, by interpolation only.

At N native rows and a rate k, curves differ by D(k) = native(N) - translated(k N). The set holds every k
whose D(k) is not shown to differ from zero (Fieller's idea): it may be unbounded, and it may be empty of
rates that this study has rows for. Rates are looked for only between the smallest and largest
translated set.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .curves import Curve, Floats
from .heights import Heights, compare_heights
from .intervals import Estimate, fitted

PLACES = 160  # rates looked at
# verdicts
RATE = "rate"  # a rate, with a set that may be open
MORE = "more"  # more than the study's rows can show
LESS = "less"
PLATEAU = "plateau"  # curves level off at different heights, native higher
TRANSLATED_HIGHER = "translated higher"  # the same, translated higher
NONE = "none in range"  # more translated rows make the score worse
UNKNOWN = "unknown"  # no interval, or every rate is possible


@dataclass(frozen=True, slots=True)
class Exchange:
    """Translated rows per native row at `rows` native rows.

    `low`, `high`: the set; None where it is open. `smallest`, `largest`: rates that the study has rows
    for. `over`: what the set ranges over (see `curves`).
    """

    rows: int
    verdict: str
    rate: float | None
    low: float | None
    high: float | None
    smallest: float
    largest: float
    over: str
    heights: Heights


def difference(native: Curve, translated: Curve, rows: float, rates: Floats) -> Estimate:
    """D(k) for every rate."""
    same = np.full(len(rates), float(rows))
    return fitted([(native, same, 1.0), (translated, rates * rows, -1.0)])


def exchange(
    native: Curve,
    translated: Curve,
    rows: int,
    *,
    level: float = 0.05,
    heights: Heights | None = None,
) -> Exchange:
    """The rate at a number of native rows, which lies within the native sizes."""
    known = heights or compare_heights(native, translated, level)
    smallest = float(translated.sizes[0] / rows)
    largest = float(translated.sizes[-1] / rows)
    rates = np.geomspace(smallest, largest, PLACES)
    found = difference(native, translated, rows, rates)
    half = found.half(level)
    too_few = found.value - half > 0  # native is better than so many translated rows
    too_many = found.value + half < 0
    rate = crossing(rates, found.value)

    def say(
        verdict: str,
        rate: float | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> Exchange:
        return Exchange(rows, verdict, rate, low, high, smallest, largest, found.over, known)

    if known.native_higher:
        return say(PLATEAU)
    if known.translated_higher:
        return say(TRANSLATED_HIGHER)
    if too_many[0] and too_few[-1]:
        return say(NONE)
    if too_few.all():
        return say(MORE, low=largest)
    if too_many.all():
        return say(LESS, high=smallest)
    inside = np.flatnonzero(~(too_few | too_many))
    low, high = edges(rates, found.value - half, found.value + half, inside)
    open_below, open_above = not too_few[0], not too_many[-1]
    if open_below and open_above:
        return say(UNKNOWN, rate)
    return say(RATE, rate, None if open_below else low, None if open_above else high)


def crossing(rates: Floats, values: Floats) -> float | None:
    """Where values fall through zero, by interpolation over log rates; None if they do not."""
    for place in range(len(rates) - 1):
        first, second = values[place], values[place + 1]
        if first >= 0 > second or first > 0 >= second:
            share = first / (first - second)
            return float(rates[place] * (rates[place + 1] / rates[place]) ** share)
    return None


def edges(
    rates: Floats, lower: Floats, upper: Floats, inside: "NDArray[np.intp]"
) -> tuple[float, float]:
    """The smallest and largest rate of a set; a rate between two places counts as inside."""
    if not len(inside):
        place = int(np.argmin(np.abs(lower + upper)))
        return float(rates[max(place - 1, 0)]), float(rates[min(place + 1, len(rates) - 1)])
    first, last = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, len(rates) - 1)
    return float(rates[first]), float(rates[last])
