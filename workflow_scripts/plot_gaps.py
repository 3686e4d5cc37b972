"""Draw the gap against the native score, one panel per test (paper: Figure 4).

Marks: models (colour = family) and languages (shape). Title: Pearson's r as in the paper with its
interval, and the de-coupled r of gap and mean over native data and every translator.
"""

import math
from pathlib import Path
from typing import Any

from mothertongue.correlate.averages import Cells, Test, metric_words, open_cells
from mothertongue.errors import InputError
from mothertongue.process.log import log_to
from mothertongue.report.categories import OBVIOUS, category
from mothertongue.report.digits import with_interval
from mothertongue.report.figures import ItemFolder, family_palette, prepare, wrapped
from mothertongue.report.interactive import number, scatter_page
from mothertongue.report.tables import metrics_words, plural, seeds_words

SHAPES = "osD^vPX"
TITLE = 36  # characters of a line above a panel
QUESTION = "Is the gap between native and translated data larger where models score higher?"
LOOK = (
    "Marks above the line: native data leads. r is the paper's correlation of gap and native score,"
    " which share a term and so correlate by chance alone; de-coupled r, of gap and mean"
    " over native data and every translator, does not. Whether a pattern is shown, the sentences say:"
    " it takes six models."
)
Row = dict[str, Any]


def read_csv(path: Path) -> list[Row]:
    """Rows of a table made by correlate_gaps."""
    import polars as pl

    try:
        return pl.read_csv(path, infer_schema_length=None).to_dicts()
    except pl.exceptions.NoDataError:
        raise InputError(f"{path}: empty file; delete it and run again") from None


def of_test(rows: list[Row], test: Test, metric: str) -> list[Row]:
    """Rows of one test and metric."""
    key = (*test, metric)
    return [row for row in rows if (row["benchmark"], row["judge"], row["metric"]) == key]


def r_words(row: Row | None) -> str:
    """`r = 0.81 [0.63, 0.96], de-coupled 0.70 [0.47, 0.92]`."""
    if row is None or row["r"] is None:
        return "no r (fewer than 3 points, or no spread)"

    def one(prefix: str) -> str:
        ends = (row[prefix + "low"], row[prefix + "high"])
        return with_interval(row[prefix + "r"], *ends, fewest=2, sign=False)

    return f"r = {one('')}\nde-coupled {one('decoupled_')}"


def draw_panel(axes: Any, cells: Cells, test: Test, rows: list[Row], found: Row | None) -> None:
    """One scatter of gaps."""
    colours = family_palette(cells)
    codes = cells.languages()
    axes.axhline(0, color="#7A7A7A", linewidth=0.8)
    for row in rows:
        axes.plot(
            row["native"],
            row["gap"],
            marker=SHAPES[codes.index(row["language"]) % len(SHAPES)],
            color=colours[row["model"]],
            markersize=4.2,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linestyle="",
        )
    if found is not None and found["r"] is not None:
        import numpy as np

        x = np.array([row["native"] for row in rows])
        slope, offset = np.polyfit(x, [row["gap"] for row in rows], 1)
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, slope * ends + offset, color="#9aa7b4", linewidth=0.9, zorder=1)
    label_extremes(axes, cells, rows)
    axes.margins(x=0.12, y=0.16)
    words = r_words(found)
    below = axes.text(
        0, 1.0, words, transform=axes.transAxes, fontsize=6.6, color="#5b6b7b", va="bottom"
    )
    below.set_in_layout(False)  # its width is no reason to make the panel narrower
    title = f"{cells.short_label(test)}, {metric_words(rows[0]['metric'])}"
    pad = 5 + 8 * (1 + words.count("\n"))
    axes.set_title(wrapped(title, TITLE), fontsize=8, pad=pad)


def label_extremes(axes: Any, cells: Cells, rows: list[Row]) -> None:
    """Name the models of the widest and the narrowest gap directly."""
    if len(rows) < 2:
        chosen = rows
    else:
        ordered = sorted(rows, key=lambda row: row["gap"])
        chosen = [ordered[0], ordered[-1]]
    middle = (min(r["native"] for r in rows) + max(r["native"] for r in rows)) / 2
    for row in chosen:
        right = row["native"] <= middle
        axes.annotate(
            f"{cells.label('models', row['model'])} {row['language']}",
            (row["native"], row["gap"]),
            (5 if right else -5, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=6,
            color="#3c4856",
        )


def draw(cells: Cells, panels: list[tuple[Test, list[Row], Row | None]]) -> Any:
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
    families = {}
    for model, colour in family_palette(cells).items():
        family = cells.about["models"].get(model, {}).get("family", model)
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
            words.append(cells.language_label(code))
    figure.legend(
        handles,
        words,
        loc="outside upper center",
        ncols=min(len(words), 6),
        handletextpad=0.1,
        columnspacing=0.9,
        fontsize=7.5,
    )
    return figure


def base_of(cells: Cells, test: Test, metric: str, point: Row) -> float:
    """Score of the untuned model behind a mark; NaN where there is none."""
    return cells.score(test, metric, point["language"], point["model"], "base", None)


def main(*, scores: Path, about: Path, gaps: Path, correlations: Path, folder: Path) -> None:
    """Draw the figure and its interactive version."""
    cells = open_cells(scores, about)
    rows, found = read_csv(gaps), read_csv(correlations)
    panels = []
    shipped = []
    for test in cells.tests:
        for metric in cells.metrics(test):
            points = of_test(rows, test, metric)
            if not points:
                continue
            one = (of_test(found, test, metric) or [None])[0]
            panels.append((test, points, one))
            words = f"{metric_words(metric)}; {r_words(one)}".replace("\n", ", ")
            shipped.append(
                {
                    "title": cells.short_label(test),
                    "words": words,
                    "points": [
                        {"model": p["model"], "language": p["language"]}
                        | {k: number(p[k]) for k in ("native", "translated", "gap", "mean")}
                        | {"base": number(base_of(cells, test, metric, p))}
                        for p in points
                    ],
                }
            )
    made = ItemFolder(folder, cells.about)
    if panels:
        paper = cells.about.get("figures", {}).get("gaps", "")
        facts = (
            f"n: {plural(len(cells.models()), 'model')} in"
            f" {plural(len(cells.languages()), 'language')}, one mark each; intervals: bootstrap over"
            f" models; {cells.main.words()}."
            f" {metrics_words(cells, dict.fromkeys(test for test, *_ in panels))} {seeds_words(cells)}"
        )
        labels = {"item": "Gap against score", "languages": ", ".join(cells.languages())}
        if cells.about.get("tables"):
            labels["paper"] = paper or "–"
        made.add(
            "gaps",
            draw(cells, panels),
            category=category(cells.about, OBVIOUS),
            labels=labels,
            caption=f"{QUESTION} {LOOK} {facts}",
            page=scatter_page(
                cells,
                "The gap and the score" + (f" ({paper} of the paper)" if paper else ""),
                QUESTION,
                f"{LOOK} {facts}",
                shipped,
                family_palette(cells),
            ),
        )
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            gaps=Path(snakemake.input.gaps),
            correlations=Path(snakemake.input.correlations),
            folder=Path(snakemake.output[0]),
        )
