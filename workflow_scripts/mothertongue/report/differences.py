"""Words and a page on what else differed between native and translated training.

Made of differences.csv (script tabulate_differences): rows, answer tokens, steps, and rows that the
length limit cut or dropped. A difference in these is no effect of translation.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ..correlate.amounts import Amounts, MeanAmounts, mean_amounts
from ..correlate.averages import Cells
from ..correlate.notes import setting_words
from ..scores import MULTI
from . import categories
from .captions import plural
from .table import Column, Field, Page, tabulate

RATIO = 0.1  # answer tokens that differ by more are worth a word
SHARE = 0.05  # so are rows and steps
LOST = 0.02  # and shares of rows that the length limit cut or dropped


def at_main(rows: Iterable[Amounts], cells: Cells, language: str | None = None) -> list[Amounts]:
    """Rows of the main setting, in a language."""
    main = cells.main
    scopes = [MULTI] if main.kind == MULTI else cells.languages()
    if language is not None and main.kind != MULTI:
        scopes = [language]
    return [r for r in rows if r.scope in scopes and r.learning_rate == main.learning_rate]


def apart(one: float, other: float, share: float) -> bool:
    """Whether two numbers differ by more than a share of the larger one."""
    return abs(one - other) > share * max(one, other)


def words_of(native: list[Amounts], translated: list[Amounts]) -> str:
    """`translated: 1.7 × answer tokens; 10 steps (native 8)`; empty where nothing differs much."""
    if not native or not translated:
        return ""
    own, other = mean_amounts(native), mean_amounts(translated)
    parts = []
    if own.answer_tokens and apart(other.answer_tokens, own.answer_tokens, RATIO):
        parts.append(f"{other.answer_tokens / own.answer_tokens:.1f} × answer tokens")
    for word, mine, theirs in (
        ("rows", own.trained_rows, other.trained_rows),
        ("steps", own.steps, other.steps),
    ):
        if apart(mine, theirs, SHARE):
            parts.append(f"{theirs:,.0f} {word} (native {mine:,.0f})")
    lost = [side.truncated_rows + side.dropped_rows for side in (own, other)]
    whole = [side.trained_rows + side.dropped_rows for side in (own, other)]
    if all(whole) and abs(lost[0] / whole[0] - lost[1] / whole[1]) > LOST:
        parts.append(f"rows cut: {lost[1]:,.0f} (native {lost[0]:,.0f})")
    return f"translated: {'; '.join(parts)}" if parts else ""


def by_language(rows: list[Amounts], cells: Cells) -> dict[str, str]:
    """Language -> what else differed there, for the first table."""
    found = {}
    translators = cells.data("translated")
    for language in cells.languages():
        here = at_main(rows, cells, language)
        words = words_of(
            [row for row in here if row.data == "native"],
            [row for row in here if row.data in translators],
        )
        if words:
            found[language] = words
    return found


class Trained(NamedTuple):
    """What a kind of data was trained on in one language of training: means over its adapters."""

    scope: str
    data: str
    mean: MeanAmounts
    native_tokens: float | None
    equal: tuple[str, ...]  # what conditions.budget holds equal

    @property
    def times_native(self) -> float | None:
        """Answer tokens as a multiple of native's."""
        return self.mean.answer_tokens / self.native_tokens if self.native_tokens else None


def trained_on(rows: list[Amounts], cells: Cells) -> list[Trained]:
    """One entry for each language of training and kind of data."""
    found = []
    order = list(cells.facts.data)
    for scope in dict.fromkeys(row.scope for row in rows):
        own: dict[str, list[Amounts]] = {}
        for row in rows:
            if row.scope == scope:
                own.setdefault(row.data, []).append(row)
        native = mean_amounts(own["native"]).answer_tokens if "native" in own else None
        for name in sorted(own, key=lambda n: order.index(n) if n in order else len(order)):
            equal = {row.equal for row in own[name] if row.equal}
            mean = mean_amounts(own[name])
            found.append(Trained(scope, name, mean, native, tuple(sorted(equal))))
    return found


def differences_page(rows: list[Amounts], cells: Cells) -> Page | None:
    """Every condition at the main setting: a row per training language and data."""
    here = at_main(rows, cells)
    if not here:
        return None
    facts = cells.facts
    fields: list[Field[Trained]] = [
        Field(
            Column("Training language"),
            lambda row: "multilingual" if row.scope == MULTI else facts.language(row.scope),
        ),
        Field(Column("Data"), lambda row: facts.data_label(row.data)),
        Field(Column("trained on", "rows", 0), lambda row: row.mean.trained_rows),
        Field(
            Column("cut", "rows", 0, "answers that the length limit shortened"),
            lambda row: row.mean.truncated_rows,
        ),
        Field(
            Column("dropped", "rows", 0, "prompts that fill the window"),
            lambda row: row.mean.dropped_rows,
        ),
        Field(
            Column("supervised", "answer tokens", 0, "of one epoch"),
            lambda row: row.mean.answer_tokens,
        ),
        Field(Column("× native", "answer tokens", 2), lambda row: row.times_native),
        Field(Column("steps", "", 0, "of the optimiser"), lambda row: row.mean.steps),
        Field(Column("held equal", "", 0), lambda row: ", ".join(row.equal) or "nothing"),
    ]
    title = "Training sets and steps at the main setting, means over models and seeds"
    table = tabulate("differences", title, fields, trained_on(here, cells), keys=2)
    where = categories.category(facts, categories.GAP, "What else differed")
    seeds = sorted({row.seed for row in here})
    models = len({row.model for row in here})
    return Page(
        "",
        "differences",
        "What else differed",
        "Could anything but translation explain a verdict?",
        "More answer tokens, rows or steps, or fewer rows cut, are no effect of translation."
        " conditions.budget holds one of them equal.",
        f"n: {plural(len(here), 'adapter')} of {plural(models, 'model')}; {setting_words(cells.main)}."
        f" Metric: rows, tokens of each model's tokenizer, steps. Seeds: {', '.join(map(str, seeds))}.",
        *where,
        {"item": "What else differed", "languages": ", ".join(cells.languages())},
        [table.without_empty()],
    )
