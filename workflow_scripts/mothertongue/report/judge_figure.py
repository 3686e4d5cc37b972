"""The native-translated gap in ratings by every judge, as a figure (the paper's Figure 3 finding)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import atomic
from ..report.figures import enlarge, key_above, prepare
from ..report.labels import capitalised

if TYPE_CHECKING:
    import polars as pl

MARKERS = "osD^vPX*"
Kinds = dict[str, list[tuple[str, str, str, int]]]  # label of a row -> model, scope, lr, seed


def draw_gaps(gaps: Path, figure: Path, labels: dict[str, dict[str, str]]) -> None:
    """Write an SVG figure; an empty table gives a figure that says so."""
    import polars as pl

    plt = prepare()
    table = pl.read_csv(gaps, schema_overrides={"model": pl.String}).filter(
        pl.col("gap").is_not_null() & pl.col("model").is_not_null()  # else: all models together
    )
    judges = [j for j in labels["judges"] if j in set(table["judge"])]
    sets = [q for q in labels["questions"] if q in set(table["questions"])]
    languages = [c for c in labels["languages"] if c in set(table["language"])]
    rows = table.select("model", "scope", "lr", "seed").unique(maintain_order=True)
    several = rows.select("lr", "seed").unique().height > 1
    if not judges:
        chart, axes = plt.subplots(figsize=(5, 1.5))
        axes.text(0.5, 0.5, "no condition pair was rated", ha="center", va="center")
        axes.axis("off")
    else:
        kinds: Kinds = {}
        for model, scope, lr, seed in rows.iter_rows():
            name = labels["models"].get(model, model) + (", multi" if scope == "multi" else "")
            name += f", {lr}, seed {seed}" if several else ""
            kinds.setdefault(name, []).append((model, scope, lr, seed))
        height = 1.1 + len(sets) * (0.5 + 0.24 * len(kinds) * max(1, len(judges) / 2))
        chart, grid = plt.subplots(
            len(sets),
            len(languages),
            figsize=(1.6 + 2.2 * len(languages), height),
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        for row, questions in enumerate(sets):
            for column, language in enumerate(languages):
                axes = grid[row][column]
                axes.axvline(0, color="0.6", lw=0.8, zorder=0)
                panel = table.filter(
                    (pl.col("questions") == questions) & (pl.col("language") == language)
                )
                for shade, judge in enumerate(judges):
                    _points(axes, panel.filter(pl.col("judge") == judge), kinds, shade, judges)
                asked = capitalised(labels["questions"][questions])
                axes.set_title(f"{asked}, {labels['languages'][language]}")
                axes.set_yticks(range(len(kinds)), list(kinds))
                axes.tick_params(axis="y", length=0)
                axes.grid(axis="y", visible=False)
        grid[0][0].set_ylim(len(kinds) - 0.5, -0.5)
        for axes in grid[-1]:
            axes.set_xlabel("rating points, native − translated")
        handles = [
            plt.Line2D([], [], color=f"C{i}", marker=MARKERS[i % len(MARKERS)], lw=1)
            for i in range(len(judges))
        ]
        words = [labels["judges"][judge] for judge in judges]
        key_above(chart, handles, words, 4, loc="outside lower center")
        chart.set_layout_engine("constrained")
    with atomic(figure) as temporary:
        chart.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(chart)
    enlarge(figure)


def _points(
    axes: Any, panel: "pl.DataFrame", kinds: Kinds, shade: int, judges: Sequence[str]
) -> None:
    """One judge's gaps in one panel, slightly shifted so that judges do not cover each other."""
    shift = (shade - (len(judges) - 1) / 2) * 0.6 / max(2, len(judges))
    rows = {(r["model"], r["scope"], r["lr"], r["seed"]): r for r in panel.to_dicts()}
    for place, members in enumerate(kinds.values()):
        for member in members:
            if member not in rows:
                continue
            row = rows[member]
            if row["low"] is not None:
                axes.plot([row["low"], row["high"]], [place + shift] * 2, color=f"C{shade}", lw=1.2)
            axes.plot(
                row["gap"],
                place + shift,
                color=f"C{shade}",
                marker=MARKERS[shade % len(MARKERS)],
                ms=4.5,
            )
