"""Forest plot of several studies: a panel per unit, a line per study, a diamond per mean.

Tests that several studies have stand first. The axis spans the studies; the interval of a mean of two
studies, which has one degree of freedom, may be many times wider and ends in an arrow.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..report.figures import BASE, FAMILY_COLOURS, prepare
from .pool import PERCENT, Estimate, Key, Pooled

LINE = 0.2  # inches
MEAN = "#1f2933"
Inks = dict[str, str]  # study -> colour


class Line(NamedTuple):
    """A line of the plot: a heading (without a value), a study, or a mean (without a study)."""

    label: str
    study: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


def words(key: Key) -> str:
    """A test in words: `xquad (f1), es`."""
    inside = ", ".join(part for part in (key.metric, key.judge) if part)
    return f"{key.benchmark}{f' ({inside})' if inside else ''}, {key.language}, {key.scope}"


def lines_of(
    keys: Sequence[Key], estimates: Sequence[Estimate], means: dict[Key, Pooled]
) -> Iterator[Line]:
    """The lines of a panel; a test that one study has needs no heading."""
    for key in keys:
        own = [one for one in estimates if one.key == key and one.estimate is not None]
        if len(own) > 1:
            yield Line(words(key))
        for one in own:
            label = one.study if len(own) > 1 else f"{words(key)}   {one.study}"
            yield Line(label, one.study, one.estimate, one.low, one.high)
        if mean := means.get(key):
            label = f"mean of {mean.studies}"
            yield Line(label, None, mean.estimate, mean.low, mean.high)


def span(lines: Sequence[Line]) -> tuple[float, float]:
    """The axis: what studies found, with their intervals, and 0."""
    ends = [0.0]
    for line in lines:
        if line.study is not None:
            ends += [end for end in (line.value, line.low, line.high) if end is not None]
    room = 0.04 * (max(ends) - min(ends) or 1.0)
    return min(ends) - room, max(ends) + room


def draw(axis: Any, lines: Sequence[Line], inks: Inks, unit: str) -> None:
    """Draw one panel."""
    left, right = span(lines)
    beside = axis.get_yaxis_transform()
    for place, (_, study, value, low, high) in enumerate(lines):
        if value is None:
            continue
        ink = MEAN if study is None else inks[study]
        told = f"{value:+.2f}"
        if low is not None and high is not None:
            told += f" [{low:+.2f}, {high:+.2f}]"
            ends = [max(low, left), min(high, right)]
            axis.plot(ends, [place, place], color=ink, lw=2 if study is None else 1.2)
            for end, beyond, marker in ((left, low < left, "<"), (right, high > right, ">")):
                if beyond:
                    axis.plot(end, place, marker, color=ink, ms=5, clip_on=False)
        axis.plot(value, place, "D" if study is None else "o", color=ink, ms=5)
        told = told.replace("-", "−")
        axis.text(1.02, place, told, transform=beside, va="center", fontsize=7)
    axis.axvline(0, color=BASE, lw=0.8)
    axis.set_xlim(left, right)
    axis.set_yticks(range(len(lines)), [line.label for line in lines])
    for text, line in zip(axis.get_yticklabels(), lines, strict=True):
        text.set_color(MEAN if line.study is None else inks[line.study])
        text.set_fontsize(7.5)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(len(lines) - 0.4, -0.6)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel(
        f"difference in {'points of 100' if unit == PERCENT else unit}; right of 0: native better"
    )


def forest(path: Path, estimates: Sequence[Estimate], pooled: Sequence[Pooled]) -> None:
    """Draw the plot in the form that the name of the file says (SVG, PNG, PDF)."""
    plt = prepare()
    means = {one.key: one for one in pooled}
    studies = list(dict.fromkeys(one.study for one in estimates))
    inks = dict(zip(studies, FAMILY_COLOURS * len(studies)))
    keys = list(dict.fromkeys(one.key for one in estimates))
    shared = {key: len({one.study for one in estimates if one.key == key}) > 1 for key in keys}
    keys.sort(key=lambda key: not shared[key])
    units = list(dict.fromkeys(key.unit for key in keys))
    panels = [[*lines_of([k for k in keys if k.unit == u], estimates, means)] for u in units]
    heights = [len(lines) + 2 for lines in panels]
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(8.5, 0.5 * len(panels) + LINE * sum(heights)),
        gridspec_kw={"height_ratios": heights},
        squeeze=False,
        layout="constrained",
    )
    for axis, unit, lines in zip(axes[:, 0], units, panels, strict=True):
        draw(axis, lines, inks, unit)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
