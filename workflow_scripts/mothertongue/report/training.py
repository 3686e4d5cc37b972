"""Fine-tuning in the report: learning curves of every run, and what each run was trained on."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..correlate.averages import plain_number
from ..files import read_json
from .categories import PROVENANCE, category
from .figures import palette_of, prepare
from .interactive import chart_document, number
from .table import Column, Mark, Page, Table
from .tables import plural

Run = dict[str, Any]
QUESTION = "Did every run learn, and did any learn too long?"
LOOK = (
    "Held-out perplexity by epoch; epoch 0 is the untuned base, the ring marks the epoch that was"
    " kept. A curve that turns up is over-fitting. Every run is held out on rows of its own training"
    " data: compare shapes, not heights, between data."
)
DASHES = ("-", (0, (3, 1.5)), (0, (1, 1.2)), (0, (5, 1, 1, 1)))
SIDE_BY_SIDE = 4


def read_runs(histories: Iterable[Path], provenances: Iterable[Path]) -> list[Run]:
    """Every run: its condition, history (epoch, perplexity, training loss, best) and provenance."""
    import csv

    runs = []
    for history, provenance in zip(histories, provenances, strict=True):
        model, data, scope, lr, seed = Path(history).parts[-6:-1]
        with Path(history).open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        points = [
            {
                "epoch": int(row["epoch"]),
                "perplexity": to_number(row["validation_perplexity"]),
                "loss": to_number(row["train_loss"]),
                "best": row["best"] == "1",
            }
            for row in rows
        ]
        key = {"model": model, "data": data, "scope": scope, "lr": lr}
        key |= {"seed": int(seed.removeprefix("seed"))}
        runs.append({**key, "points": points, "provenance": read_json(provenance)})
    return runs


def to_number(text: str) -> float | None:
    """A number of a CSV; empty and NaN are none."""
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def colours_of(about: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Colour and marker by data condition, as in every other figure."""
    kinds: dict[str, list[str]] = {}
    for name, entry in about["data"].items():
        kinds.setdefault(entry["kind"], []).append(name)
    return palette_of(kinds)


def label(about: dict[str, Any], section: str, name: str) -> str:
    """Label of a name."""
    entry = about[section].get(name, name)
    return entry.get("label", name) if isinstance(entry, dict) else str(entry)


def places(runs: list[Run], key: str, known: Iterable[str]) -> list[str]:
    """Values of a key in the order of the configuration, others behind."""
    found = {run[key] for run in runs}
    order = [name for name in known if name in found]
    return order + sorted(found - set(order))


def draw_curves(runs: list[Run], about: dict[str, Any]) -> Any:
    """One panel per model and scope; colour = data, dashes = learning rate."""
    plt = prepare()
    models = places(runs, "model", about["models"])
    scopes = places(runs, "scope", [*about["languages"], "multi"])
    rates = places(runs, "lr", [])
    rates.sort(key=lambda lr: -max(rate_of(r) for r in runs if r["lr"] == lr))
    colours = colours_of(about)
    panels = [(model, scope) for model in models for scope in scopes]
    across = len(scopes) if len(models) > 1 or len(scopes) <= SIDE_BY_SIDE else SIDE_BY_SIDE
    down = math.ceil(len(panels) / across)
    size = (max(3.4, 1.75 * across + 0.3), 1.35 * down + 0.6)
    figure, grid = plt.subplots(
        down, across, figsize=size, squeeze=False, sharex=True, layout="constrained"
    )
    for axes, (model, scope) in zip(grid.flat, panels, strict=False):
        own = [run for run in runs if (run["model"], run["scope"]) == (model, scope)]
        draw_panel(axes, own, colours, rates)
        axes.set_title(
            f"{label(about, 'models', model)}, {scope_words(about, scope)}", fontsize=7.5
        )
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("held-out perplexity", fontsize=8)
    names = [name for name in colours if any(run["data"] == name for run in runs)]
    handles = [plt.Line2D([], [], color=colours[name][0]) for name in names]
    words = [label(about, "data", name) for name in names]
    if len(rates) > 1:
        for place, lr in enumerate(rates):
            dash = DASHES[place % len(DASHES)]
            handles.append(plt.Line2D([], [], color="#5b6b7b", linestyle=dash))
            rate = next(rate_of(r) for r in runs if r["lr"] == lr)
            words.append(f"learning rate {plain_number(rate)}" if math.isfinite(rate) else lr)
    figure.legend(handles, words, loc="outside upper center", ncols=min(4, len(words)))
    return figure


def draw_panel(axes: Any, runs: list[Run], colours: dict[str, Any], rates: list[str]) -> None:
    """Curves of one panel."""
    for run in runs:
        known = [p for p in run["points"] if p["perplexity"] is not None]
        colour = colours.get(run["data"], ("#7A7A7A", "o"))[0]
        dash = DASHES[rates.index(run["lr"]) % len(DASHES)]
        axes.plot(
            [p["epoch"] for p in known],
            [p["perplexity"] for p in known],
            color=colour,
            linestyle=dash,
            linewidth=1,
        )
        for p in known:
            if p["best"]:
                axes.plot(p["epoch"], p["perplexity"], "o", mfc="white", mec=colour, ms=3.5)
    if not any(p["perplexity"] is not None for run in runs for p in run["points"]):
        axes.text(0.5, 0.5, "no run", transform=axes.transAxes, ha="center", color="#7A7A7A")
        axes.set_yticks([])
    axes.locator_params(axis="x", integer=True, nbins=5)
    axes.locator_params(axis="y", nbins=4)


def rate_of(run: Run) -> float:
    """Learning rate of a run."""
    value = run["provenance"].get("recipe", {}).get("learning_rate")
    return math.nan if value is None else float(value)


def scope_words(about: dict[str, Any], scope: str) -> str:
    """`Spanish`, `multilingual`."""
    return "multilingual" if scope == "multi" else label(about, "languages", scope)


def curves_page(runs: list[Run], about: dict[str, Any], facts: str) -> str:
    """The same curves, one model's panel each, with numbers on hover."""
    colours = colours_of(about)
    scopes = places(runs, "scope", [*about["languages"], "multi"])
    rates = {run["lr"]: rate_of(run) for run in runs}
    shown = sorted(rates, key=lambda lr: -rates[lr] if math.isfinite(rates[lr]) else 0.0)
    used = {run["data"] for run in runs}
    content = {
        "type": "curves",
        "languages": {},
        "scopes": [[scope, scope_words(about, scope)] for scope in scopes],
        "rates": [
            [lr, f"learning rate {plain_number(rates[lr])}" if math.isfinite(rates[lr]) else lr]
            for lr in shown
        ],
        "series": {
            name: {"label": label(about, "data", name), "colour": colour, "marker": marker}
            for name, (colour, marker) in colours.items()
            if name in used
        },
        "panels": [
            {
                "title": label(about, "models", model),
                "runs": [
                    {key: run[key] for key in ("data", "scope", "lr", "seed")}
                    | {
                        "points": [
                            [p["epoch"], number(p["perplexity"]), number(p["loss"]), int(p["best"])]
                            for p in run["points"]
                        ]
                    }
                    for run in runs
                    if run["model"] == model
                ],
            }
            for model in places(runs, "model", about["models"])
        ],
    }
    return chart_document("Learning curves of every run", QUESTION, f"{LOOK} {facts}", content)


def ratio_table(runs: list[Run], about: dict[str, Any]) -> Table:
    """Answer tokens of every training set as a multiple of native's, per model and language."""
    names = places([r for r in runs if r["data"] != "native"], "data", about["data"])
    columns = [
        Column("Model"),
        Column("Training language"),
        Column("native", "answer tokens", 0, "supervised tokens of one epoch, training rows"),
    ]
    columns += [Column(label(about, "data", name), "times native's", 2) for name in names]
    table = Table("ratio", "Answer tokens: translated against native", columns, keys=2)
    for model in places(runs, "model", about["models"]):
        for scope in places(runs, "scope", [*about["languages"], "multi"]):
            own = {
                run["data"]: run["provenance"]["training"]["supervised_tokens"]
                for run in runs
                if (run["model"], run["scope"]) == (model, scope)
            }
            if not own:
                continue
            native = own.get("native")
            row: list[Any] = [label(about, "models", model), scope_words(about, scope), native]
            row += [own[n] / native if native and n in own else None for n in names]
            table.rows.append(row)
    return table


def run_table(runs: list[Run], about: dict[str, Any]) -> Table:
    """Every run: rows, drops, truncation, tokens, best epoch, speed."""
    columns = [
        Column("Model"),
        Column("Data"),
        Column("Language"),
        Column("learning rate", "run", 0),
        Column("seed", "run", 0),
        Column("used", "rows", 0),
        Column("dropped", "rows", 0, "their prompt fills the window: nothing left to learn"),
        Column("cut", "rows", 0, "their answer is longer than the window"),
        Column("cut off", "answer tokens", 0),
        Column("supervised", "answer tokens", 0, "of one epoch"),
        Column("× native", "answer tokens", 2, "against native data of the same kind of run"),
        Column("perplexity", "kept epoch", 2, "held-out, at the epoch that was kept"),
        Column("epoch", "kept epoch", 0),
        Column("of", "kept epoch", 0),
        Column("tokens/s", "speed", 0),
        Column("minutes", "speed", 1),
        Column("device", "speed", 0),
    ]
    table = Table("runs", "Every run", columns, keys=3)
    order = {name: place for place, name in enumerate(about["data"])}
    natives = {
        (r["model"], r["scope"], r["lr"], r["seed"]): r["provenance"]["training"]
        for r in runs
        if r["data"] == "native"
    }
    models = places(runs, "model", about["models"])
    scopes = places(runs, "scope", [*about["languages"], "multi"])
    for run in sorted(
        runs,
        key=lambda r: (
            (models.index(r["model"]), scopes.index(r["scope"]), r["lr"])
            + (r["seed"], order.get(r["data"], 99))
        ),
    ):
        facts = run["provenance"]
        counts = facts["training"]
        native = natives.get((run["model"], run["scope"], run["lr"], run["seed"]))
        native_tokens = native["supervised_tokens"] if native else 0
        ratio = counts["supervised_tokens"] / native_tokens if native_tokens else None
        rate = rate_of(run)
        table.rows.append(
            [
                label(about, "models", run["model"]),
                label(about, "data", run["data"]),
                scope_words(about, run["scope"]),
                Mark(rate, text=plain_number(rate)),
                run["seed"],
                counts["kept_rows"],
                counts["dropped_rows"],
                counts["truncated_rows"],
                counts["truncated_tokens"],
                counts["supervised_tokens"],
                ratio,
                facts.get("best_validation_perplexity"),
                facts.get("best_epoch"),
                facts.get("epochs"),
                facts.get("tokens_per_second"),
                facts["seconds"] / 60,
                facts.get("device"),
            ]
        )
    return table


def costs_page(runs: list[Run], about: dict[str, Any]) -> Page:
    """What was trained on, with the ratio of answer tokens in front."""
    main, topic = category(about, PROVENANCE)
    dropped = sum(run["provenance"]["training"]["dropped_rows"] for run in runs)
    cut = sum(run["provenance"]["training"]["truncated_rows"] for run in runs)
    hours = sum(run["provenance"]["seconds"] for run in runs) / 3600
    return Page(
        "",
        "training-costs",
        "What every run was trained on, and what it cost",
        "Were native and translated runs trained on the same amount of text?",
        "Times native's: above 1, the translated set has more answer tokens in as many rows, hence"
        " longer answers to learn from. Dropped and cut rows should be few and alike between data.",
        f"n: {plural(len(runs), 'run')}; rows dropped {dropped:,}, cut {cut:,}, summed over runs;"
        f" {hours:.2g} hours of training in all. Metric: tokens per epoch, by each model's tokenizer."
        f" Seeds: {', '.join(str(seed) for seed in sorted({run['seed'] for run in runs}))}.",
        main,
        topic or "Training",
        {
            "item": "Training sets and costs",
            "languages": ", ".join(places(runs, "scope", [*about["languages"], "multi"])),
        },
        [ratio_table(runs, about).without_empty(), run_table(runs, about).without_empty()],
    )
