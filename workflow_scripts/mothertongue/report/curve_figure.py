"""Figures of learning curves: score against rows, and score against dollars."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ..correlate.averages import Cells
from ..correlate.exchange_rows import CurveRow
from .captions import plural, seeds_words
from .categories import BRIDGE, category
from .exchange import TOPIC, kind_words, panels
from .figures import BASE, NATIVE, ROUND_TRIP, TRANSLATED, ItemFolder, key_above, prepare, wrapped
from .labels import metric_words, short_label

WIDTH = 36  # characters of a panel's title
MARKS = "osD^vPX"


def styles(rows: Sequence[CurveRow]) -> dict[str, tuple[str, str]]:
    """Colour and marker of every kind of data: native, translated, then mixtures."""
    kinds = {row.kind: row.share for row in rows}
    shades = {"native": [NATIVE], "translated": [*TRANSLATED], "mixed": [*ROUND_TRIP, BASE]}
    taken = dict.fromkeys(shades, 0)
    found = {}
    for place, (kind, share) in enumerate(kinds.items()):
        nature = "native" if share == 1 else "translated" if share == 0 else "mixed"
        own = shades[nature]
        found[kind] = (own[taken[nature] % len(own)], MARKS[place % len(MARKS)])
        taken[nature] += 1
    return found


def draw(cells: Cells, rows: Sequence[CurveRow], *, money: bool) -> Any:
    """A panel per language and test; `money`: over dollars instead of rows."""
    plt = prepare()
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    shown = panels(rows)
    across = min(2, len(shown))
    down = math.ceil(len(shown) / across)
    style = styles(rows)
    figure, grid = plt.subplots(
        down,
        across,
        figsize=(5.4 if across == 2 else 3.6, 2.2 * down + 0.6),
        squeeze=False,
        layout="constrained",
    )
    for axes, ((language, test, metric), own) in zip(grid.flat, shown.items(), strict=False):
        for kind, group in groupby(own, key=lambda row: row.kind):
            _curve(axes, list(group), *style[kind], money=money)
        axes.set_xscale("log")
        if not money:
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        words = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
        axes.xaxis.set_major_formatter(words)
        axes.xaxis.set_minor_formatter(NullFormatter())
        name = cells.facts.language(language)
        title = f"{short_label(cells, test)}, {metric_words(metric)} · {name}"
        axes.set_title(wrapped(title, WIDTH), fontsize=8)
    for axes in list(grid.flat)[len(shown) :]:
        axes.set_axis_off()
    figure.supxlabel("US dollars for rows" if money else "rows of training data", fontsize=8)
    figure.supylabel("score", fontsize=8)
    handles = [
        plt.Line2D([], [], color=colour, marker=mark, markersize=4, linewidth=1.2)
        for colour, mark in style.values()
    ]
    names = [kind_words(kind, cells) for kind in style]
    key_above(figure, handles, names, 3)
    return figure


def _curve(axes: Any, rows: Sequence[CurveRow], colour: str, mark: str, *, money: bool) -> None:
    def place(row: CurveRow) -> float | None:
        return row.dollars if money else row.rows

    points = [row for row in rows if row.what == "point" and place(row)]
    line = [row for row in rows if row.what == "curve" and place(row)]
    axes.plot(
        [place(row) for row in points],
        [row.score for row in points],
        linestyle="",
        marker=mark,
        markersize=2.6,
        alpha=0.45,
        color=colour,
        markeredgewidth=0,
    )
    axes.plot([place(row) for row in line], [row.score for row in line], color=colour, lw=1.2)
    band = [row for row in line if row.low is not None and row.high is not None]
    axes.fill_between(
        [place(row) for row in band],
        [row.low for row in band],
        [row.high for row in band],
        color=colour,
        alpha=0.16,
        linewidth=0,
    )


def add_curves(made: ItemFolder, cells: Cells, rows: Sequence[CurveRow], confidence: float) -> None:
    """Both figures, if there are curves; the one over dollars if prices are known."""
    if not rows:
        return
    points = sum(row.what == "point" for row in rows)
    told = (
        f" Marks: {plural(points, 'adapter')}. Lines: c − a·N^(−b), with a height and a slope of each"
        f" model and draw; bands: {100 * confidence:g} % intervals of the mean curve. {seeds_words(cells)}"
    )
    where = category(cells.facts, BRIDGE, TOPIC)
    made.add(
        "learning-curves",
        draw(cells, rows, money=False),
        category=where,
        labels={"item": "Learning curves"},
        caption="How does the score grow with rows of native, translated and mixed data?" + told,
    )
    priced = [row for row in rows if row.dollars]
    if priced:
        made.add(
            "score-by-dollars",
            draw(cells, priced, money=True),
            category=where,
            labels={"item": "Score by dollars"},
            caption="What does money buy, in native, translated and mixed rows?" + told,
        )
