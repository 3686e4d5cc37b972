"""Draws the forest plot of the first table's cells, as an SVG for browsers and printers.

The axis counts in margins (the smallest difference that matters), so that tests and ratings share
it; below it stands one row of numbers per unit. Colour and symbol both tell the verdict.
"""

import html
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .digits import fewest_digits, plain, signed, with_interval

WIDE, LEFT, RIGHT = 470, 104, 26  # width of the picture, of the names and of the symbols
TOP, HEAD = 24, 17
WIDEST = 7.0  # margins; what reaches further ends in an arrow


class Look(NamedTuple):
    """How a verdict looks: ink, tint of its cell in the table, symbol."""

    ink: str
    tint: str
    symbol: str


class Bar(NamedTuple):
    """One interval of the plot; `None` where nothing is known."""

    language: str
    name: str
    verdict: str
    look: Look
    estimate: float | None
    low: float | None
    high: float | None
    margin: float
    unit: str


def reach(bars: Sequence[Bar]) -> float:
    """How far the axis reaches on both sides, in margins: whole, at least two."""
    ends = [
        abs(value) / bar.margin
        for bar in bars
        for value in (bar.estimate, bar.low, bar.high)
        if value is not None and math.isfinite(value)
    ]
    return float(max(2, min(WIDEST, math.ceil(max(ends, default=2)))))


def axis_units(bars: Sequence[Bar]) -> list[tuple[str, float]]:
    """Every (unit, margin) among the bars: one row of numbers below the axis each."""
    return list(dict.fromkeys((bar.unit, bar.margin) for bar in bars))


def wide_as(words: str, size: float) -> float:
    """About how wide a text is, in pixels; characters of East Asia are as wide as they are tall."""
    return sum(size if ord(one) > 0x2E7F else 0.56 * size for one in words)


def draw_forest(
    bars: Sequence[Bar],
    *,
    first: str = "native",
    second: str = "translated",
    heads: tuple[str, str] | None = None,
    shaded: bool = True,
) -> str:
    """The SVG; bars come in the order of the table, grouped by language.

    `heads`: what lies left and right of 0, if not which data is better; `shaded`: the margin in grey.
    """
    below, above = heads or (f"{second} better", f"{first} better")
    languages = list(dict.fromkeys(bar.language for bar in bars))
    step = 17 if len(bars) + len(languages) <= 32 else 12.5
    size = 11 if step > 13 else 9.5
    far = reach(bars)
    names = [wide_as(bar.name, size) + 14 for bar in bars]
    left = max([LEFT, *names, *(wide_as(unit, 10) + 8 for unit, _ in axis_units(bars))])
    wide = WIDE - LEFT + left
    middle = left + (wide - left - RIGHT) / 2
    per_margin = (wide - left - RIGHT) / 2 / far

    def at(value: float, bar: Bar) -> float:
        return middle + per_margin * max(-far, min(far, value / bar.margin))

    bottom = TOP + HEAD * len(languages) + step * len(bars) + 4
    units = axis_units(bars)
    tall = bottom + 16 + 13 * len(units)
    titles = [wide_as(language, size) * 1.08 for language in languages]
    wide = max([wide, *titles])  # a long heading has the whole row
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {tall:g}" width="{wide:g}"'
        f' height="{tall:g}" role="img" font-family="Noto Sans, Segoe UI, Roboto, Arial, Noto Sans CJK SC,'
        f' sans-serif" font-size="{size:g}" fill="#1d2733">',
        f"<title>Differences of {html.escape(first)} and {html.escape(second)} data with their"
        " intervals</title>",
        f'<rect width="{wide:g}" height="{tall:g}" fill="#fff"/>',
        f'<rect x="{middle - per_margin:.1f}" y="{TOP}" width="{2 * per_margin:.1f}"'
        f' height="{bottom - TOP:.1f}" fill="{"#e9eef2" if shaded else "none"}"/>',
        f'<text x="{middle - 6:.1f}" y="14" text-anchor="end" fill="#5b6b7b">← {html.escape(below)}'
        "</text>",
        f'<text x="{middle + 6:.1f}" y="14" fill="#5b6b7b">{html.escape(above)} →</text>',
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{TOP - 4}" y2="{bottom:.1f}"'
        ' stroke="#1d2733"/>',
    ]
    y = float(TOP)
    for language in languages:
        y += HEAD
        parts.append(
            f'<text x="0" y="{y - 4:.1f}" font-weight="600" paint-order="stroke"'
            f' stroke="#fff" stroke-width="3">{html.escape(language)}</text>'
        )
        for bar in bars:
            if bar.language == language:
                parts.append(_bar(bar, y + step / 2, at, far, size, wide))
                y += step
    parts += _axis(bottom, far, middle, per_margin, units)
    return "\n".join([*parts, "</svg>"])


def _bar(
    bar: Bar, y: float, at: Callable[[float, Bar], float], far: float, size: float, wide: float
) -> str:
    """Name, interval, estimate and symbol of one cell."""
    ink = bar.look.ink
    fewest = fewest_digits(bar.unit)
    numbers = with_interval(
        bar.estimate, bar.low, bar.high, margin=bar.margin, unit=bar.unit, fewest=fewest
    )
    hint = f"{bar.language}, {bar.name}: {bar.verdict}, {numbers}"
    parts = [f"<g><title>{html.escape(hint)}</title>"]
    parts.append(f'<text x="8" y="{y + size / 3:.1f}">{html.escape(bar.name)}</text>')
    if bar.low is not None and bar.high is not None:
        low, high = at(bar.low, bar), at(bar.high, bar)
        parts.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{ink}"'
            ' stroke-width="2"/>'
        )
        for value, x, towards in ((bar.low, low, 4), (bar.high, high, -4)):
            if abs(value) / bar.margin > far:  # it reaches further
                parts.append(
                    f'<path d="M{x + towards:.1f} {y - 4:.1f} L{x:.1f} {y:.1f}'
                    f' L{x + towards:.1f} {y + 4:.1f}" fill="none" stroke="{ink}"'
                    ' stroke-width="1.6"/>'
                )
    if bar.estimate is not None and math.isfinite(bar.estimate):
        x = at(bar.estimate, bar)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{ink}" stroke="#fff"/>')
    parts.append(
        f'<text x="{wide - 14:.1f}" y="{y + size / 3:.1f}" text-anchor="middle" fill="{ink}"'
        f' font-weight="700">{html.escape(bar.look.symbol)}</text></g>'
    )
    return "".join(parts)


def _axis(
    bottom: float, far: float, middle: float, per_margin: float, units: list[tuple[str, float]]
) -> list[str]:
    """Ticks at whole margins, and one row of numbers per unit."""
    step = 1 if far <= 3 else 2
    ticks = [t for t in range(-int(far), int(far) + 1) if t % step == 0]
    parts = [
        f'<line x1="{middle - far * per_margin:.1f}" x2="{middle + far * per_margin:.1f}"'
        f' y1="{bottom:.1f}" y2="{bottom:.1f}" stroke="#9aa7b4"/>'
    ]
    for tick in ticks:
        x = middle + tick * per_margin
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom:.1f}" y2="{bottom + 4:.1f}"'
            ' stroke="#9aa7b4"/>'
        )
    for row, (unit, margin) in enumerate(units):
        y = bottom + 15 + 13 * row
        parts.append(
            f'<text x="0" y="{y:.1f}" font-size="10" fill="#5b6b7b">{html.escape(unit)}</text>'
        )
        for tick in ticks:
            digits = 0 if float(margin * step).is_integer() else 2 if margin * step < 0.1 else 1
            words = signed(tick * margin, digits) if tick else plain(0, 0)
            parts.append(
                f'<text x="{middle + tick * per_margin:.1f}" y="{y:.1f}" font-size="10"'
                f' text-anchor="middle" fill="#5b6b7b">{words}</text>'
            )
    return parts
