"""The figure of the gap against the native score, one panel per test (paper: Figure 4).

Marks: models (colour = family) and languages (shape). Title: Pearson's r as in the paper with its
interval, and the de-coupled r of gap and mean over native data and every translator.
"""

import math
from collections.abc import Sequence
from typing import Any

from ..correlate.averages import Cells, Test
from ..correlate.gap_correlation import Correlation, Gap
from ..correlate.notes import setting_words
from ..correlate.statistics import fitted_line
from .captions import metrics_words, plural, seeds_words
from .categories import OBVIOUS, category
from .digits import with_interval
from .figures import (
    ItemFolder,
    family_palette,
    keep_ticks_in_percent,
    key_above,
    prepare,
    wrapped,
)
from .interactive import Content, number, scatter_page
from .labels import metric_words, short_label

SHAPES = "osD^vPX<>"
TITLE = 32  # characters of a line above a panel
QUESTION = "Is the gap between native and translated data larger where models score higher?"
LOOK = (
    "Marks above the line: native data leads. r is the paper's correlation of gap and native score,"
    " which share a term and so correlate by chance alone; de-coupled r, of gap and mean"
    " over native data and every translator, does not. Whether a pattern is shown, the sentences say:"
    " it takes six models."
)
SIDES = (  # where a name may stand: offset in points from its mark, and its alignment
    ((5, 0), "left", "center"),
    ((-5, 0), "right", "center"),
    *(
        ((x, y), across, "bottom" if y > 0 else "top")
        for y in (4, -4, 10, -10, 16, -16)
        for x, across in ((3, "left"), (-3, "right"), (0, "center"))
    ),
)
Panel = tuple[Test, list[Gap], Correlation | None]


def panels_of(cells: Cells, gaps: list[Gap], correlations: list[Correlation]) -> list[Panel]:
    """A panel for every test and metric with a gap; none for checks of answers."""
    found = []
    for test in cells.tests:
        if test in cells.checks:
            continue
        for metric in cells.metrics(test):
            points = [gap for gap in gaps if (gap.test, gap.metric) == (test, metric)]
            own = [row for row in correlations if (row.test, row.metric) == (test, metric)]
            if points:
                found.append((test, points, next(iter(own), None)))
    return found


def r_words(row: Correlation | None) -> str:
    """`r = 0.81 [0.63, 0.96], de-coupled 0.70 [0.47, 0.92]`."""
    if row is None or row.r is None:
        return "no r (fewer than 3 points, or no spread)"
    plain = with_interval(row.r, row.low, row.high, fewest=2, sign=False)
    ends = row.decoupled_low, row.decoupled_high
    decoupled = with_interval(row.decoupled_r, *ends, fewest=2, sign=False)
    return f"r = {plain}\nde-coupled {decoupled}"


def draw_panel(
    axes: Any, cells: Cells, test: Test, rows: Sequence[Gap], found: Correlation | None
) -> None:
    """One scatter of gaps."""
    colours = family_palette(cells)
    codes = cells.languages()
    axes.axhline(0, color="#7A7A7A", linewidth=0.8)
    for row in rows:
        axes.plot(
            row.native,
            row.gap,
            marker=SHAPES[codes.index(row.language) % len(SHAPES)],
            color=colours[row.model],
            markersize=4.2,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linestyle="",
        )
    if found is not None and found.r is not None:
        import numpy as np

        x = np.array([row.native for row in rows])
        slope, offset = fitted_line(x, np.array([row.gap for row in rows]))
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, slope * ends + offset, color="#9aa7b4", linewidth=0.9, zorder=1)
    axes.margins(x=0.12, y=0.16)
    if cells.unit(test, rows[0].metric) == "%":
        keep_ticks_in_percent(axes)
    words = r_words(found)
    below = axes.text(
        0, 1.0, words, transform=axes.transAxes, fontsize=6.6, color="#5b6b7b", va="bottom"
    )
    below.set_in_layout(False)  # its width is no reason to make the panel narrower
    title = f"{short_label(cells, test)}, {metric_words(rows[0].metric)}"
    pad = 5 + 8 * (1 + words.count("\n"))
    axes.set_title(wrapped(title, TITLE), fontsize=8, pad=pad)


def label_extremes(axes: Any, cells: Cells, rows: Sequence[Gap]) -> None:
    """Name the models of the widest and the narrowest gap where a name covers nothing."""
    from matplotlib.transforms import Bbox

    ordered = sorted(rows, key=lambda row: row.gap)
    chosen = ordered if len(rows) < 2 else [ordered[0], ordered[-1]]
    renderer = axes.figure.canvas.get_renderer()
    marks = axes.transData.transform([(row.native, row.gap) for row in rows])
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in marks]
    lines = [line.get_path().transformed(line.get_transform()) for line in axes.lines]
    lines = [path for path in lines if len(path.vertices) > 1]
    for row in chosen:
        words = f"{cells.facts.model_label(row.model)} {row.language}"
        for (x, y), across, along in SIDES:
            label = axes.annotate(
                words,
                (row.native, row.gap),
                (x, y),
                textcoords="offset points",
                ha=across,
                va=along,
                fontsize=6,
                color="#3c4856",
            )
            label.set_in_layout(False)
            box = label.get_window_extent(renderer)
            inside = axes.bbox.count_contains([(box.x0, box.y0), (box.x1, box.y1)]) == 2
            crossed = any(path.intersects_bbox(box, filled=False) for path in lines)
            if inside and not crossed and not box.count_overlaps(taken):
                taken.append(box)
                break
            label.remove()


def draw(cells: Cells, panels: list[Panel]) -> Any:
    """All panels, two in a row, with a key of families and languages on top."""
    plt = prepare()
    per_row = min(2, len(panels))
    rows = math.ceil(len(panels) / per_row)
    figure, grid = plt.subplots(
        rows,
        per_row,
        figsize=(4.6 if per_row == 2 else 2.9, 2.05 * rows + 0.45),
        squeeze=False,
        layout="constrained",
    )
    for axes, panel in zip(grid.flat, panels, strict=False):
        draw_panel(axes, cells, *panel)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    figure.supxlabel("score with native data", fontsize=8)
    figure.supylabel("gap: native − translated", fontsize=8)
    handles, words = [], []
    families: dict[str, str] = {}
    for model, colour in family_palette(cells).items():
        family = cells.facts.family(model)
        families.setdefault(family, colour)
    for family, colour in families.items():
        handles.append(plt.Line2D([], [], marker="o", linestyle="", color=colour, markersize=4))
        words.append(family)
    codes = cells.languages()
    if len(codes) > 1:
        for place, code in enumerate(codes):
            shape = SHAPES[place % len(SHAPES)]
            handles.append(
                plt.Line2D([], [], marker=shape, linestyle="", color="#5b6b7b", markersize=4)
            )
            words.append(cells.facts.language(code))
    key_above(figure, handles, words, handletextpad=0.1, columnspacing=0.9, fontsize=7.5)
    figure.draw_without_rendering()  # places the panels, so that free room is known
    for axes, (_, points, _) in zip(grid.flat, panels, strict=False):
        label_extremes(axes, cells, points)
    return figure


def interactive_panel(
    cells: Cells, test: Test, gaps: list[Gap], correlation: Correlation | None
) -> Content:
    """A panel of the interactive version: every mark with both scores and the untuned model's."""
    metric = gaps[0].metric
    return {
        "title": short_label(cells, test),
        "words": f"{metric_words(metric)}; {r_words(correlation)}".replace("\n", ", "),
        "points": [
            {
                "model": gap.model,
                "language": gap.language,
                "native": number(gap.native),
                "translated": number(gap.translated),
                "gap": number(gap.gap),
                "mean": number(gap.mean),
                "base": number(cells.score(test, metric, gap.language, gap.model, "base", None)),
            }
            for gap in gaps
        ],
    }


def add_gap_figure(made: ItemFolder, cells: Cells, panels: list[Panel]) -> None:
    """Draw the figure and its interactive version into a folder of the report."""
    paper = cells.facts.figures.get("gaps", "")
    tests = dict.fromkeys(test for test, *_ in panels)
    told = (
        f"n: {plural(len(cells.models()), 'model')} in"
        f" {plural(len(cells.languages()), 'language')}, one mark each; intervals: bootstrap over"
        f" models; {setting_words(cells.main)}."
        f" {metrics_words(cells, tests)} {seeds_words(cells)}"
    )
    labels = {"item": "Gap against score", "languages": ", ".join(cells.languages())}
    if cells.facts.tables:
        labels["paper"] = paper or "–"
    made.add(
        "gaps",
        draw(cells, panels),
        category=category(cells.facts, OBVIOUS, "Figures"),
        labels=labels,
        caption=f"{QUESTION} {LOOK} {told}",
        page=scatter_page(
            cells,
            "The gap and the score" + (f" ({paper} of the paper)" if paper else ""),
            QUESTION,
            f"{LOOK} {told}",
            [interactive_panel(cells, *panel) for panel in panels],
            family_palette(cells),
        ),
    )
