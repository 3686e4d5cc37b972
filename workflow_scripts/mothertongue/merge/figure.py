"""Forest plot of several studies: a panel per unit, a line per study, a diamond per mean."""

from collections.abc import Sequence
from pathlib import Path

from ..report.figures import BASE, FAMILY_COLOURS, NATIVE, prepare
from .pool import Estimate, Key, Pooled

Line = tuple[str, float, float | None, float | None, str | None]  # label, value, ends, study


def _lines(
    keys: Sequence[Key], estimates: Sequence[Estimate], pooled: dict[Key, Pooled]
) -> list[Line]:
    lines: list[Line] = []
    for key in keys:
        judge = f", {key.judge}" if key.judge else ""
        head = f"{key.benchmark} ({key.metric}{judge}), {key.language}, {key.scope}"
        for one in (e for e in estimates if e.key == key and e.estimate is not None):
            label = f"{head}   {one.study}" if one is _first(key, estimates) else one.study
            lines.append((label, float(one.estimate or 0), one.low, one.high, one.study))
        if mean := pooled.get(key):
            lines.append((f"mean of {mean.studies}", mean.estimate, mean.low, mean.high, None))
    return lines


def _first(key: Key, estimates: Sequence[Estimate]) -> Estimate:
    return next(one for one in estimates if one.key == key)


def forest(path: Path, estimates: Sequence[Estimate], pooled: Sequence[Pooled]) -> None:
    """Draw the plot as SVG; right of 0: the first (native) data are better."""
    plt = prepare()
    means = {one.key: one for one in pooled}
    studies = list(dict.fromkeys(one.study for one in estimates))
    colours = dict(zip(studies, FAMILY_COLOURS * len(studies)))
    keys = list(dict.fromkeys(one.key for one in estimates))
    units = list(dict.fromkeys(key.unit for key in keys))
    panels = [_lines([k for k in keys if k.unit == unit], estimates, means) for unit in units]
    heights = [max(2, len(lines)) for lines in panels]
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(7.2, 0.9 * len(panels) + 0.19 * sum(heights)),
        gridspec_kw={"height_ratios": heights},
        squeeze=False,
        layout="constrained",
    )
    for axis, unit, lines in zip(axes[:, 0], units, panels):
        for place, (_, value, low, high, study) in enumerate(lines):
            ink = NATIVE if study is None else colours[study]
            if low is not None and high is not None:
                axis.plot([low, high], [place, place], color=ink, lw=2 if study is None else 1.2)
            axis.plot(value, place, "D" if study is None else "o", color=ink, ms=5 if low else 4)
        axis.axvline(0, color=BASE, lw=0.8)
        axis.set_yticks(range(len(lines)), [label for label, *_ in lines])
        axis.set_ylim(len(lines) - 0.4, -0.6)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel(f"difference in {unit}; right of 0: native better")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
