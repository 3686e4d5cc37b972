"""What else differed between native and translated training, beside the verdicts it could explain.

Made of differences.csv (script tabulate_differences): rows, answer tokens, steps, and rows that the
length limit cut or dropped. A difference in these is no effect of translation.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..correlate.averages import Cells
from ..scores import MULTI
from . import categories
from .table import Column, Page, Table
from .tables import plural

Row = dict[str, Any]
RATIO = 0.1  # answer tokens that differ by more are worth a word
SHARE = 0.05  # so are rows and steps
LOST = 0.02  # and shares of rows that the length limit cut or dropped
COUNTS = ("trained_rows", "answer_tokens", "steps", "truncated_rows", "dropped_rows")


def read_differences(path: Path | None) -> list[Row]:
    """Rows of differences.csv; none without the file (published scores have none)."""
    import polars as pl

    if path is None:
        return []
    return pl.read_csv(path, infer_schema_length=None).to_dicts()


def at_main(rows: Iterable[Row], cells: Cells, language: str | None = None) -> list[Row]:
    """Rows of the main setting, in a language."""
    main = cells.main
    scopes = [MULTI] if main.kind == MULTI else cells.languages()
    if language is not None and main.kind != MULTI:
        scopes = [language]
    return [r for r in rows if r["scope"] in scopes and r["learning_rate"] == main.learning_rate]


def means(rows: list[Row]) -> dict[str, float]:
    """Mean counts over models, seeds and translators."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in COUNTS}


def apart(one: float, other: float, share: float) -> bool:
    """Whether two numbers differ by more than a share of the larger one."""
    return abs(one - other) > share * max(one, other)


def words_of(native: list[Row], translated: list[Row]) -> str:
    """`translated: 1.7 × answer tokens; 10 steps (native 8)`; empty where nothing differs much."""
    if not native or not translated:
        return ""
    own, other = means(native), means(translated)
    parts = []
    if own["answer_tokens"] and apart(other["answer_tokens"], own["answer_tokens"], RATIO):
        parts.append(f"{other['answer_tokens'] / own['answer_tokens']:.1f} × answer tokens")
    for name, word in (("trained_rows", "rows"), ("steps", "steps")):
        if apart(own[name], other[name], SHARE):
            parts.append(f"{other[name]:,.0f} {word} (native {own[name]:,.0f})")
    lost = [side["truncated_rows"] + side["dropped_rows"] for side in (own, other)]
    whole = [side["trained_rows"] + side["dropped_rows"] for side in (own, other)]
    if all(whole) and abs(lost[0] / whole[0] - lost[1] / whole[1]) > LOST:
        parts.append(f"{lost[1]:,.0f} rows cut (native {lost[0]:,.0f})")
    return f"translated: {'; '.join(parts)}" if parts else ""


def beside(rows: list[Row], cells: Cells) -> dict[str, str]:
    """Language -> what else differed there, for the first table."""
    found = {}
    translators = cells.data("translated")
    for language in cells.languages():
        here = at_main(rows, cells, language)
        words = words_of(
            [row for row in here if row["data"] == "native"],
            [row for row in here if row["data"] in translators],
        )
        if words:
            found[language] = words
    return found


def differences_page(rows: list[Row], cells: Cells) -> Page | None:
    """Every condition at the main setting: a row per training language and data."""
    here = at_main(rows, cells)
    table = Table(
        "differences",
        "Training sets and steps at the main setting, means over models and seeds",
        [
            Column("Training language"),
            Column("Data"),
            Column("trained on", "rows", 0),
            Column("cut", "rows", 0, "answers that the length limit shortened"),
            Column("dropped", "rows", 0, "prompts that fill the window"),
            Column("supervised", "answer tokens", 0, "of one epoch"),
            Column("× native", "answer tokens", 2),
            Column("steps", "", 0, "of the optimiser"),
            Column("held equal", "", 0),
        ],
        keys=2,
    )
    order = list(cells.about["data"])
    for scope in dict.fromkeys(row["scope"] for row in here):
        own: dict[str, list[Row]] = {}
        for row in here:
            if row["scope"] == scope:
                own.setdefault(row["data"], []).append(row)
        native = means(own["native"])["answer_tokens"] if "native" in own else None
        for name in sorted(own, key=lambda n: order.index(n) if n in order else len(order)):
            mean = means(own[name])
            equal = {row.get("equal") for row in own[name]} - {None, ""}
            table.rows.append(
                [
                    "multilingual" if scope == MULTI else cells.language_label(scope),
                    cells.label("data", name),
                    *(mean[key] for key in ("trained_rows", "truncated_rows", "dropped_rows")),
                    mean["answer_tokens"],
                    mean["answer_tokens"] / native if native else None,
                    mean["steps"],
                    ", ".join(sorted(equal)) or "nothing",
                ]
            )
    if not table.rows:
        return None
    main, topic = categories.category(cells.about, categories.GAP)
    seeds = sorted({row["seed"] for row in here})
    models = len({row["model"] for row in here})
    return Page(
        "",
        "differences",
        "What else differed",
        "Could anything but translation explain a verdict?",
        "More answer tokens, rows or steps, or fewer rows cut, are no effect of translation."
        " conditions.budget holds one of them equal.",
        f"n: {plural(len(here), 'adapter')} of {plural(models, 'model')}; {cells.main.words()}."
        f" Metric: rows, tokens of each model's tokenizer, steps. Seeds: {', '.join(map(str, seeds))}.",
        main,
        topic or "What else differed",
        {"item": "What else differed", "languages": ", ".join(cells.languages())},
        [table.without_empty()],
    )
