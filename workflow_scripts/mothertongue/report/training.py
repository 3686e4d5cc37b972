"""Fine-tuning in the report: learning curves of every run, and what each run was trained on."""

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..correlate.averages import in_order
from ..correlate.facts import Facts
from ..correlate.notes import plain_number
from ..files import read_json
from ..scores import MULTI
from .captions import plural
from .categories import PROVENANCE, category
from .figures import key_above, palette_of, prepare, wrapped
from .interactive import chart_document, number
from .table import Column, Field, Mark, Page, Table, tabulate

QUESTION = "Did every run learn, and did any learn too long?"
LOOK = (
    "Held-out perplexity by epoch; epoch 0 is the untuned base, the ring marks the epoch that was"
    " kept. A curve that turns up is over-fitting. Every run is held out on rows of its own training"
    " data: compare shapes, not heights, between data."
)
DASHES = ("-", (0, (3, 1.5)), (0, (1, 1.2)), (0, (5, 1, 1, 1)))
SIDE_BY_SIDE = 4
TITLE = 26  # characters of a line above a panel
OTHER = ("#7A7A7A", "o")  # of sets with a number of rows: too many for colours of their own


@dataclass(frozen=True, slots=True)
class Point:
    """One epoch of a run; epoch 0 is the untuned base."""

    epoch: int
    perplexity: float | None  # held out
    loss: float | None
    best: bool  # whether this epoch was kept


@dataclass(frozen=True, slots=True)
class Run:
    """One fine-tuning run, from its history.csv and provenance.json."""

    model: str
    data: str
    scope: str
    lr: str
    seed: int
    points: tuple[Point, ...]
    learning_rate: float  # NaN where it is not stated
    kept_rows: int
    dropped_rows: int
    truncated_rows: int
    truncated_tokens: int
    answer_tokens: int
    perplexity: float | None  # at the epoch that was kept
    best_epoch: int | None
    epochs: int | None
    steps: int | None  # of the optimiser
    tokens_per_second: float | None
    seconds: float
    device: str | None


def read_runs(histories: Iterable[Path], provenances: Iterable[Path]) -> list[Run]:
    """Every run; its condition is told by its path."""
    return [
        read_run(Path(history), Path(provenance))
        for history, provenance in zip(histories, provenances, strict=True)
    ]


def read_run(history: Path, provenance: Path) -> Run:
    """One run."""
    model, data, scope, lr, seed = history.parts[-6:-1]
    made = read_json(provenance)
    training, rate = made["training"], made.get("recipe", {}).get("learning_rate")
    return Run(
        model=model,
        data=data,
        scope=scope,
        lr=lr,
        seed=int(seed.removeprefix("seed")),
        points=tuple(read_points(history)),
        learning_rate=math.nan if rate is None else float(rate),
        kept_rows=training["kept_rows"],
        dropped_rows=training["dropped_rows"],
        truncated_rows=training["truncated_rows"],
        truncated_tokens=training["truncated_tokens"],
        answer_tokens=training["supervised_tokens"],
        perplexity=made.get("best_validation_perplexity"),
        best_epoch=made.get("best_epoch"),
        epochs=made.get("epochs"),
        steps=made.get("steps"),
        tokens_per_second=made.get("tokens_per_second"),
        seconds=made["seconds"],
        device=made.get("device"),
    )


def read_points(history: Path) -> list[Point]:
    """The epochs of a run."""
    with history.open(encoding="utf-8", newline="") as handle:
        return [
            Point(
                int(row["epoch"]),
                to_number(row["validation_perplexity"]),
                to_number(row["train_loss"]),
                row["best"] == "1",
            )
            for row in csv.DictReader(handle)
        ]


def to_number(text: str) -> float | None:
    """A number of a CSV; empty and NaN are none."""
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def colours_of(facts: Facts) -> dict[str, tuple[str, str]]:
    """Colour and marker by data condition, as in every other figure."""
    kinds: dict[str, list[str]] = {}
    for name in facts.data:
        kinds.setdefault(facts.data_kind(name), []).append(name)
    return palette_of(kinds)


def scopes_of(runs: Iterable[Run], facts: Facts) -> list[str]:
    """Languages of training in the order of the configuration, several languages last."""
    return in_order([*facts.languages, MULTI], {run.scope for run in runs})


def models_of(runs: Iterable[Run], facts: Facts) -> list[str]:
    """Models in the order of the configuration."""
    return in_order(facts.models, {run.model for run in runs})


def draw_curves(runs: list[Run], facts: Facts) -> Any:
    """One panel per model and scope; colour = data, dashes = learning rate."""
    plt = prepare()
    models = models_of(runs, facts)
    scopes = scopes_of(runs, facts)
    rates = sorted({run.lr for run in runs})
    rates.sort(key=lambda lr: -max(r.learning_rate for r in runs if r.lr == lr))
    colours = colours_of(facts)
    panels = [(model, scope) for model in models for scope in scopes]
    across = min(len(scopes), SIDE_BY_SIDE)  # more would be too small to read on a screen
    down = math.ceil(len(panels) / across)
    size = (max(3.4, 1.75 * across + 0.3), 1.35 * down + 0.6)
    figure, grid = plt.subplots(
        down, across, figsize=size, squeeze=False, sharex=True, layout="constrained"
    )
    for axes, (model, scope) in zip(grid.flat, panels, strict=False):
        own = [run for run in runs if (run.model, run.scope) == (model, scope)]
        draw_panel(axes, own, colours, rates)
        title = f"{facts.model_label(model)} · {scope_words(facts, scope)}"
        axes.set_title(wrapped(title, TITLE).replace(" · ", ", "), fontsize=7.5)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("held-out perplexity", fontsize=8)
    names = [name for name in colours if any(run.data == name for run in runs)]
    handles = [plt.Line2D([], [], color=colours[name][0]) for name in names]
    words = [facts.data_label(name) for name in names]
    if any(run.data not in colours for run in runs):
        handles.append(plt.Line2D([], [], color=OTHER[0]))
        words.append("a number of rows")
    if len(rates) > 1:
        for place, lr in enumerate(rates):
            dash = DASHES[place % len(DASHES)]
            handles.append(plt.Line2D([], [], color="#5b6b7b", linestyle=dash))
            rate = next(r.learning_rate for r in runs if r.lr == lr)
            words.append(f"learning rate {plain_number(rate)}" if math.isfinite(rate) else lr)
    key_above(figure, handles, words, 4)
    return figure


def draw_panel(
    axes: Any, runs: Sequence[Run], colours: Mapping[str, tuple[str, str]], rates: list[str]
) -> None:
    """Curves of one panel."""
    for run in runs:
        known = [p for p in run.points if p.perplexity is not None]
        colour = colours.get(run.data, OTHER)[0]
        dash = DASHES[rates.index(run.lr) % len(DASHES)]
        axes.plot(
            [p.epoch for p in known],
            [p.perplexity for p in known],
            color=colour,
            linestyle=dash,
            linewidth=1,
        )
        for p in known:
            if p.best:
                axes.plot(p.epoch, p.perplexity, "o", mfc="white", mec=colour, ms=3.5)
    if not any(p.perplexity is not None for run in runs for p in run.points):
        axes.text(0.5, 0.5, "no run", transform=axes.transAxes, ha="center", color="#7A7A7A")
        axes.set_yticks([])
    axes.locator_params(axis="x", integer=True, nbins=5)
    axes.locator_params(axis="y", nbins=4)


def scope_words(facts: Facts, scope: str) -> str:
    """`Spanish`, `multilingual`."""
    return "multilingual" if scope == MULTI else facts.language(scope)


def curves_page(runs: list[Run], facts: Facts, told: str) -> str:
    """The same curves, one model's panel each, with numbers on hover."""
    used = {run.data for run in runs}
    colours = dict.fromkeys(in_order(facts.data, used), OTHER) | colours_of(facts)
    scopes = scopes_of(runs, facts)
    rates = {run.lr: run.learning_rate for run in runs}
    shown = sorted(rates, key=lambda lr: -rates[lr] if math.isfinite(rates[lr]) else 0.0)
    content = {
        "type": "curves",
        "languages": {},
        "scopes": [[scope, scope_words(facts, scope)] for scope in scopes],
        "rates": [
            [lr, f"learning rate {plain_number(rates[lr])}" if math.isfinite(rates[lr]) else lr]
            for lr in shown
        ],
        "series": {
            name: {"label": facts.data_label(name), "colour": colour, "marker": marker}
            for name, (colour, marker) in colours.items()
            if name in used
        },
        "panels": [
            {
                "title": facts.model_label(model),
                "runs": [
                    {"data": run.data, "scope": run.scope, "lr": run.lr, "seed": run.seed}
                    | {
                        "points": [
                            [p.epoch, number(p.perplexity), number(p.loss), int(p.best)]
                            for p in run.points
                        ]
                    }
                    for run in runs
                    if run.model == model
                ],
            }
            for model in models_of(runs, facts)
        ],
    }
    return chart_document("Learning curves of every run", QUESTION, f"{LOOK} {told}", content)


def ratio_table(runs: list[Run], facts: Facts) -> Table:
    """Answer tokens of every training set as a multiple of native's, per model and language."""
    whole = {run.data for run in runs if facts.data_kind(run.data) not in ("native", "sized")}
    names = in_order(facts.data, whole)
    tokens: dict[tuple[str, str], dict[str, int]] = {}
    for model in models_of(runs, facts):
        for scope in scopes_of(runs, facts):
            own = {
                run.data: run.answer_tokens
                for run in runs
                if (run.model, run.scope) == (model, scope)
            }
            if own:
                tokens[model, scope] = own

    def times_native(name: str) -> Callable[[tuple[str, str]], float | None]:
        def ratio(place: tuple[str, str]) -> float | None:
            own = tokens[place]
            native = own.get("native")
            return own[name] / native if native and name in own else None

        return ratio

    fields: list[Field[tuple[str, str]]] = [
        Field(Column("Model"), lambda place: facts.model_label(place[0])),
        Field(Column("Training language"), lambda place: scope_words(facts, place[1])),
        Field(
            Column("native", "answer tokens", 0, "supervised tokens of one epoch, training rows"),
            lambda place: tokens[place].get("native"),
        ),
    ]
    fields += [
        Field(Column(facts.data_label(name), "times native's", 2), times_native(name))
        for name in names
    ]
    title = "Answer tokens: translated against native"
    return tabulate("ratio", title, fields, tokens, keys=2)


def run_table(runs: list[Run], facts: Facts) -> Table:
    """Every run: rows, drops, truncation, tokens, best epoch, speed."""
    natives = {
        (run.model, run.scope, run.lr, run.seed): run.answer_tokens
        for run in runs
        if run.data == "native"
    }

    def times_native(run: Run) -> float | None:
        native = natives.get((run.model, run.scope, run.lr, run.seed))
        return run.answer_tokens / native if native else None

    fields: list[Field[Run]] = [
        Field(Column("Model"), lambda run: facts.model_label(run.model)),
        Field(Column("Data"), lambda run: facts.data_label(run.data)),
        Field(Column("Language"), lambda run: scope_words(facts, run.scope)),
        Field(
            Column("learning rate", "run", 0),
            lambda run: Mark(run.learning_rate, text=plain_number(run.learning_rate)),
        ),
        Field(Column("seed", "run", 0), lambda run: run.seed),
        Field(Column("used", "rows", 0), lambda run: run.kept_rows),
        Field(
            Column("dropped", "rows", 0, "their prompt fills the window: nothing left to learn"),
            lambda run: run.dropped_rows,
        ),
        Field(
            Column("cut", "rows", 0, "their answer is longer than the window"),
            lambda run: run.truncated_rows,
        ),
        Field(Column("cut off", "answer tokens", 0), lambda run: run.truncated_tokens),
        Field(
            Column("supervised", "answer tokens", 0, "of one epoch"), lambda run: run.answer_tokens
        ),
        Field(
            Column("× native", "answer tokens", 2, "against native data of the same kind of run"),
            times_native,
        ),
        Field(
            Column("perplexity", "kept epoch", 2, "held-out, at the epoch that was kept"),
            lambda run: run.perplexity,
        ),
        Field(Column("epoch", "kept epoch", 0), lambda run: run.best_epoch),
        Field(Column("of", "kept epoch", 0), lambda run: run.epochs),
        Field(
            Column("optimiser", "steps", 0, "done in all: with the epochs, how long was trained"),
            lambda run: run.steps,
        ),
        Field(Column("tokens/s", "speed", 0), lambda run: run.tokens_per_second),
        Field(Column("minutes", "speed", 1), lambda run: run.seconds / 60),
        Field(Column("device", "speed", 0), lambda run: run.device),
    ]
    data = {name: place for place, name in enumerate(facts.data)}
    models, scopes = models_of(runs, facts), scopes_of(runs, facts)

    def order(run: Run) -> tuple[int, int, str, int, int]:
        place = models.index(run.model), scopes.index(run.scope)
        return (*place, run.lr, run.seed, data.get(run.data, len(data)))

    return tabulate("runs", "Every run", fields, sorted(runs, key=order), keys=3)


def costs_page(runs: list[Run], facts: Facts) -> Page:
    """What was trained on, with the ratio of answer tokens in front."""
    where = category(facts, PROVENANCE, "Training")
    dropped = sum(run.dropped_rows for run in runs)
    cut = sum(run.truncated_rows for run in runs)
    hours = sum(run.seconds for run in runs) / 3600
    return Page(
        "",
        "training-costs",
        "What every run was trained on, and what it cost",
        "Were native and translated runs trained on the same amount of text?",
        "Times native's: above 1, the translated set has more answer tokens in as many rows, hence"
        " longer answers to learn from. Dropped and cut rows should be few and alike between data.",
        f"n: {plural(len(runs), 'run')}; rows dropped {dropped:,}, cut {cut:,}, summed over runs;"
        f" {hours:.2g} hours of training in all. Metric: tokens per epoch, by each model's tokenizer."
        f" Seeds: {', '.join(str(seed) for seed in sorted({run.seed for run in runs}))}.",
        *where,
        {
            "item": "Training sets and costs",
            "languages": ", ".join(scopes_of(runs, facts)),
        },
        [ratio_table(runs, facts).without_empty(), run_table(runs, facts).without_empty()],
    )
