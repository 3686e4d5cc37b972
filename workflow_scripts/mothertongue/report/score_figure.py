"""Figures of scores by training data: native tests, translated tests, open questions (Figures 1-3).

One panel per test and metric, one line of marks per model, averaged over languages at the main
setting. Error bars: 95 % intervals over items where standard errors are known, else the range over
languages. The interactive version shows every language and training setting.
"""

import math
from collections.abc import Mapping
from typing import Any

from ..correlate.averages import Cells, Test
from ..correlate.coverage import mean_with_range
from ..correlate.notes import setting_words
from .captions import metrics_words, plural, seeds_words
from .categories import GAP, category
from .coverage import left_out
from .figures import ItemFolder, keep_ticks_in_percent, key_above, palette, prepare, wrapped
from .interactive import dots_page
from .labels import metric_words, short_label

TITLE = 22  # characters of a line above a panel
AXIS = 26  # of a line below it
GROUPS = {
    "native": ("native tests", "On tests written in the language, does native training data lead?"),
    "translated": ("translated tests", "On tests translated from English, does native data lead?"),
    "judged": ("open questions", "Do judges prefer the answers of natively trained models?"),
    "fidelity": (
        "answers, without a judge",
        "Does native data keep answers in the right language, whole and out of loops?",
    ),
}
LOOK = (
    "Blue circles (native) to the right: native data is ahead, by chance or not; see the verdicts."
)


Colours = Mapping[str, tuple[str, str]]  # data condition -> colour and marker


def figure_of(cells: Cells, test: Test) -> str:
    """Which figure a test belongs to."""
    if test.judge is not None:
        return "judged"
    about = cells.facts.benchmark(test.benchmark)
    if about.is_check:
        return "fidelity"
    origin = about.origin or "native"
    return "native" if origin == "native" else "translated"


def draw_panel(axes: Any, cells: Cells, test: Test, metric: str, colours: Colours) -> None:
    """Marks of every model, one below the other."""
    models = cells.models(test)
    names = [name for name in colours if name in shown_data(cells, test)]
    width = 0.62 / max(1, len(names))
    for row, model in enumerate(models):
        if row % 2:
            axes.axhspan(row - 0.5, row + 0.5, color="#f5f8fa", zorder=0, linewidth=0)
        for place, name in enumerate(names):
            point = mean_with_range(cells, test, metric, model, name, cells.main)
            if point is None:
                continue
            mean, low, high = point
            height = row + (place - (len(names) - 1) / 2) * width
            colour, marker = colours[name]
            if high > low:
                axes.plot([low, high], [height, height], color=colour, linewidth=0.8, alpha=0.55)
            size = 5 if marker == "_" else 3.6
            axes.plot(mean, height, marker="|" if marker == "_" else marker, color=colour)
            axes.lines[-1].set_markersize(size)
    axes.set_ylim(len(models) - 0.45, -0.55)
    axes.set_yticks(range(len(models)), [cells.facts.model_label(model) for model in models])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    chance = cells.facts.benchmark(test.benchmark).chance
    if chance and metric == cells.metrics(test)[0]:
        axes.axvline(chance, color="#7A7A7A", linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
        axes.annotate(
            "chance",
            (chance, 0),
            (2, 1),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=6.5,
            color="#5b6b7b",
            va="bottom",
        )
    axes.set_title(wrapped(short_label(cells, test), TITLE), fontsize=8.5)
    unit = cells.unit(test, metric)
    suffix = "" if "(less is better)" in metric_words(metric) else f" ({unit})"
    axes.set_xlabel(wrapped(metric_words(metric) + suffix, AXIS))
    if unit == "%":
        keep_ticks_in_percent(axes)


def shown_data(cells: Cells, test: Test) -> list[str]:
    """Data conditions drawn: native, translations and the untuned base."""
    return cells.data("native", test) + cells.data("translated", test) + cells.data("base", test)


def is_uniform(cells: Cells, test: Test, metric: str) -> bool:
    """Whether a check of answers finds the same with every model, language and training data."""
    if test not in cells.checks:
        return False
    scores = {
        cells.score(test, metric, code, model, name, cells.main)
        for code in cells.languages(test)
        for model in cells.models(test)
        for name in shown_data(cells, test)
    }
    return len({score for score in scores if not math.isnan(score)}) == 1


def uniform_words(cells: Cells, panels: list[tuple[Test, str]]) -> str:
    """Which checks are not drawn, as they find the same everywhere; empty without any."""
    if not panels:
        return ""
    named = dict.fromkeys(
        f"{short_label(cells, test)}, {metric_words(metric)}" for test, metric in panels
    )
    return f"Not drawn, as all answer sets are alike: {'; '.join(named)}."


def draw(cells: Cells, panels: list[tuple[Test, str]], colours: Colours) -> Any:
    """One figure of panels, two in a row, with a key on top."""
    plt = prepare()
    per_row = min(2, len(panels))
    rows = math.ceil(len(panels) / per_row)
    models = max(len(cells.models(test)) for test, _ in panels)
    height = 0.62 + 0.175 * models
    figure, grid = plt.subplots(
        rows,
        per_row,
        figsize=(3.9 if per_row == 2 else 3.0, max(1.25, height) * rows + 0.35),
        squeeze=False,
        layout="constrained",
        sharey=len({tuple(cells.models(test)) for test, _ in panels}) == 1,
    )
    for axes, (test, metric) in zip(grid.flat, panels, strict=False):
        draw_panel(axes, cells, test, metric, colours)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    used = [name for name in colours if any(name in shown_data(cells, t) for t, _ in panels)]
    handles = [plt.Line2D([], [], color=colours[n][0], linestyle="", markersize=4.2) for n in used]
    for handle, name in zip(handles, used, strict=True):
        handle.set_marker("|" if colours[name][1] == "_" else colours[name][1])
    words = [cells.facts.data_label(name) for name in used]
    legend = key_above(figure, handles, words, 4, handletextpad=0.1, columnspacing=1.0)
    for text, name in zip(legend.get_texts(), used, strict=True):
        text.set_color(colours[name][0] if colours[name][0] != "#F0E442" else "#7A7A7A")
    return figure


def bars_words(cells: Cells, panels: list[tuple[Test, str]]) -> str:
    """What the error bars are."""
    test, metric = panels[0]
    some = [
        cells.cell(test, metric, code, model, "native", cells.main)
        for code in cells.languages(test)
        for model in cells.models(test)
    ]
    if any(cell is not None and cell.stderr is not None for cell in some):
        return "Bars: 95 % intervals over items."
    return "Bars: range over languages (no standard errors are known)."


def add_score_figures(made: ItemFolder, cells: Cells) -> None:
    """Draw the figures that a study has tests for into a folder of the report."""
    colours = palette(cells)
    for group, (words, question) in GROUPS.items():
        found = [
            (test, metric)
            for test in cells.tests
            if figure_of(cells, test) == group
            for metric in cells.metrics(test)
        ]
        panels = [panel for panel in found if not is_uniform(cells, *panel)]
        if not panels:
            continue
        paper = cells.facts.figures.get(group, "")
        tests = dict.fromkeys(test for test, _ in panels)
        languages = sorted({code for test, _ in panels for code in cells.languages(test)})
        told = (
            f"n: {plural(len(cells.models()), 'model')}; means over {', '.join(languages)} where a"
            f" test has them with all data; {setting_words(cells.main)}."
            f" {metrics_words(cells, tests)} {seeds_words(cells)}"
            f" {bars_words(cells, panels)}"
        )
        alike = uniform_words(cells, [panel for panel in found if panel not in panels])
        told = " ".join([told, *left_out(cells, tests, cells.main), alike]).strip()
        title = f"Scores on {words} by training data" + (
            f" ({paper} of the paper)" if paper else ""
        )
        labels = {"item": f"Scores on {words}", "languages": ", ".join(languages)}
        if cells.facts.tables:
            labels["paper"] = paper or "–"
        made.add(
            f"scores-{group}",
            draw(cells, panels, colours),
            category=category(cells.facts, GAP, "Figures"),
            labels=labels,
            caption=f"{question} {LOOK} {told}",
            page=dots_page(cells, title, question, f"{LOOK} {told}", panels, colours),
        )
