"""Writes estimates and intervals with as many digits as they need, and never without their sign.

An interval that ends at 0.04 decides another question than one that ends at 0.00. So digits are
added until every number stands on the same side of zero, and of the margin, as it does unrounded.
"""

import math
from collections.abc import Iterable

MOST = 6  # decimals; nothing that a study measures is finer
FEWEST = {
    "points of 5": 2,
    "rating, 1–5": 2,
    "r": 2,
    "correlation": 2,
}  # decimals by unit; else one
NOISE = 1e-9  # below this a number is zero: what is left of adding and subtracting


def signed(value: float, digits: int = 1) -> str:
    """`+7.6`, with a minus sign that is one; never `−0.0`."""
    text = f"{value:+.{digits}f}"
    return "0." + "0" * digits if float(text) == 0 and digits else text.replace("-", "−")


def plain(value: float, digits: int) -> str:
    """A number whose sign shows only if it is below zero."""
    return signed(value, digits).removeprefix("+")


def fewest_digits(unit: str) -> int:
    """Decimals that every number of a unit has, so that numbers one below the other look alike."""
    return FEWEST.get(unit, 1)


def side_of(value: float, threshold: float) -> int:
    """-1, 0 or 1: below, at or above the threshold."""
    return 0 if abs(value - threshold) < NOISE else 1 if value > threshold else -1


def digits_needed(
    values: Iterable[float | None], *, margin: float | None = None, fewest: int = 1
) -> int:
    """Decimals that `values` (an estimate and the ends of its interval) need.

    At least `fewest`; so many that the interval is five units of the last one wide; and enough that
    rounding moves no value to or across zero or plus or minus `margin`. At most MOST.
    """
    known = [v for v in values if v is not None and math.isfinite(v)]
    if not known:
        return fewest
    width = max(known) - min(known)
    digits = fewest
    alone = max(map(abs, known))
    if width > NOISE:
        digits = max(digits, min(MOST, math.ceil(math.log10(5 / width))))
    elif alone > NOISE:  # two digits of the number
        digits = max(digits, min(MOST, 1 - math.floor(math.log10(alone))))
    thresholds = [0.0] + ([margin, -margin] if margin else [])
    while digits < MOST and any(
        side_of(round(v, digits), t) != side_of(v, t) for v in known for t in thresholds
    ):
        digits += 1
    return digits


def with_interval(
    estimate: float | None,
    low: float | None,
    high: float | None,
    *,
    margin: float | None = None,
    fewest: int = 1,
    unit: str = "",
    sign: bool = True,
) -> str:
    """`+7.6 points [4.4, 10.7]`; without an interval, or one of no width, the estimate alone."""
    if estimate is None or not math.isfinite(estimate):
        return "–"
    if low == high == estimate:  # an interval without width is none
        low = high = None
    digits = digits_needed((estimate, low, high), margin=margin, fewest=fewest)
    text = (signed if sign else plain)(estimate, digits) + (f" {unit}" if unit else "")
    if low is None or high is None:
        return text
    return f"{text} [{end(low, digits)}, {end(high, digits)}]"


def wins_words(
    estimate: float | None, low: float | None, high: float | None, *, margin: float | None = None
) -> str:
    """`58.0 % [52.1, 63.9]`: a win rate whose numbers count from 50 per cent."""
    if estimate is None or not math.isfinite(estimate):
        return "–"
    if low == high == estimate:
        low = high = None
    digits = digits_needed((estimate, low, high), margin=margin)
    text = f"{50 + estimate:.{digits}f} %"
    if low is None or high is None:
        return text
    return f"{text} [{max(0.0, 50 + low):.{digits}f}, {min(100.0, 50 + high):.{digits}f}]"


def end(value: float, digits: int) -> str:
    """One end of an interval; an open end is an infinity sign."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return plain(value, digits)


def p_words(p: float, level: float = 0.05) -> str:
    """`p = .008`, `p < .001`; never rounded onto the level that decides."""
    if p < 0.0005:
        return "p < .001"
    digits = 2 if p >= 0.0995 else 3
    while digits < MOST and side_of(round(p, digits), level) != side_of(p, level):
        digits += 1
    text = f"{p:.{digits}f}"
    return f"p = {text.removeprefix('0')}"
