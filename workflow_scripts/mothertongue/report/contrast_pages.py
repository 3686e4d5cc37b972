"""Pages of conditions compared one by one, with their own intervals and p.

Made of contrasts.csv, whose columns the script compare_conditions describes. SelfTestResults of the page as a
whole stand in claims; here every comparison keeps its own p.
"""

from typing import NamedTuple

from ..correlate.averages import (
    ROUND_TRIPS,
    TRANSLATED,
    Cells,
    Setting,
    Test,
)
from ..correlate.comparisons import ITEMS, Comparison
from ..correlate.contrasts import CHANGE, DEFECTS, GAP, KNOWLEDGE
from ..correlate.notes import setting_words
from . import categories
from .captions import digits_of, make_page
from .labels import metric_words
from .table import Column, Entry, Field, Mark, Page, Table, p_mark, tabulate

MOST_NAMED = 4  # comparisons in a note; the rest stands in contrasts.csv


class Kind(NamedTuple):
    """A page per test about some contrasts."""

    group: str
    contrasts: tuple[str, ...]
    category: str
    topic: str
    title: str
    question: str
    look: str


KINDS = (
    Kind(
        "gaps",
        (GAP,),
        categories.GAP,
        "The gap with its uncertainty",
        "is there a gap?",
        "Is native data better than translated data, beyond chance?",
        "Single comparisons with their own p, adjusted within a table: for looking closer. The verdicts,"
        " which allow for the whole page and the luck of training, stand on the first page.",
    ),
    Kind(
        "causes",
        (KNOWLEDGE, DEFECTS),
        categories.CAUSE,
        "Knowledge and defects with their uncertainty",
        "what causes the gap?",
        "Is it the native content that helps (round trip − translated), or does translation damage"
        " text (native − round trip)?",
        "Which of the two is larger is a question of its own: see the sentences of this category.",
    ),
    Kind(
        "changes",
        (CHANGE,),
        categories.BRIDGE,
        "Change of the gap with its uncertainty",
        "has the gap closed?",
        "Does the gap change under another learning rate or with multilingual training?",
        "Below 0: native data leads by less than at the main setting. Look at both scores: a gap that"
        " reverses, or shrinks because both fall, has not closed.",
    ),
)


def side_words(cells: Cells, name: str | None) -> str:
    """A data condition, or the mean over translators."""
    name = name or ""
    return name if name in (TRANSLATED, ROUND_TRIPS) else cells.facts.data_label(name)


def contrast_words(cells: Cells, row: Comparison) -> str:
    """`native − translated`."""
    words = f"{side_words(cells, row.first)} − {side_words(cells, row.second)}"
    return f"change of {words}" if row.contrast == CHANGE else words


def difference(row: Comparison, level: float) -> Mark:
    """Difference with interval; bold if significant after adjustment."""
    sure = row.p_holm is not None and row.p_holm < level
    return Mark(row.difference, bold=sure, interval=row.interval, hint=row.note or "")


def mean_table(
    cells: Cells, test: Test, metric: str, rows: list[Comparison], level: float
) -> Table:
    """Means over models and languages, one row per comparison, setting and resampled unit."""
    digits = digits_of(cells, test, metric)
    first, second = (Column(name, "score", digits) for name in ("first", "second"))
    if all(row.contrast == CHANGE for row in rows):
        first, second = (
            Column(name, "gap", digits, sign=True) for name in ("here", "main setting")
        )
    fields: list[Field[Comparison]] = [
        Field(Column("Comparison"), lambda row: contrast_words(cells, row)),
        Field(Column("Training"), lambda row: setting_words(row.setting)),
        Field(first, lambda row: row.first_score),
        Field(second, lambda row: row.second_score),
        Field(
            Column("difference", "", digits, "in favour of the first; interval in brackets", True),
            lambda row: difference(row, level),
        ),
        Field(Column("p", "", 3, "paired permutation test"), lambda row: p_mark(row.p)),
        Field(
            Column("resampled", "", 0, "what interval and p take as independent"),
            lambda row: row.unit,
        ),
        Field(Column("models", "n", 0), lambda row: row.models),
        Field(Column("languages", "n", 0), lambda row: row.languages),
        Field(Column("items", "n", 0, "summed over languages"), lambda row: row.items),
    ]
    order = list(dict.fromkeys(contrast_words(cells, row) for row in rows))
    title = f"{cells.test_label(test)}, {metric_words(metric)}: means over models and languages"
    ordered = sorted(rows, key=lambda row: order.index(contrast_words(cells, row)))
    return tabulate(f"{metric}-means", title, fields, ordered, keys=2)


def setting_table(
    cells: Cells, test: Test, metric: str, setting: Setting, rows: list[Comparison], level: float
) -> Table:
    """Every model and language at one setting; a pair of columns per comparison."""
    digits = digits_of(cells, test, metric)
    names = list(dict.fromkeys(contrast_words(cells, row) for row in rows))
    columns = [Column("Model"), Column("Language")]
    for name in names:
        columns += [
            Column("difference", name, digits, "in favour of the first; interval", True),
            Column("adjusted p", name, 3, "Holm, within this column; means over languages apart"),
        ]
    columns.append(Column("items", "", 0))
    table = Table(
        f"{metric}-{setting.kind}-{setting.learning_rate:g}",
        f"{cells.test_label(test)}, {metric_words(metric)}: {setting_words(setting)}",
        columns,
        keys=2,
    )
    for model in cells.models(test):
        for language in (*cells.languages(test), None):
            own = [r for r in rows if (r.model, r.language) == (model, language)]
            if not own:
                continue
            found = {contrast_words(cells, row): row for row in own}
            entries: list[Entry] = [
                cells.facts.model_label(model),
                cells.facts.language(language) if language else "mean",
            ]
            for name in names:
                row = found.get(name)
                pair = [difference(row, level), p_mark(row.p_holm)] if row else [None, None]
                entries += pair
            entries.append(max((r.items or 0 for r in own), default=0) or None)
            table.rows.append(entries)
    return table


def contrast_page(
    cells: Cells, test: Test, kind: Kind, rows: list[Comparison], confidence: float
) -> Page | None:
    """What was compared on one test; `rows` are its contrasts."""
    rows = [row for row in rows if row.contrast in kind.contrasts]
    if not rows:
        return None
    if any(row.unit == ITEMS for row in rows):  # one model's languages say little beside
        rows = [row for row in rows if row.unit == ITEMS or (row.models or 0) > 1]
    level = 1 - confidence
    tables = []
    for metric in dict.fromkeys(row.metric for row in rows):
        own = [row for row in rows if row.metric == metric]
        means = [row for row in own if row.model is None]
        if means:
            tables.append(mean_table(cells, test, metric, means, level))
        single = [row for row in own if row.model is not None]
        for setting in dict.fromkeys(row.setting for row in single):
            here = [row for row in single if row.setting == setting]
            tables.append(setting_table(cells, test, metric, setting, here, level))
    page = make_page(
        cells,
        test,
        kind.group,
        f"{cells.test_label(test)}: {kind.title}",
        kind.question,
        kind.look,
        categories.category(cells.facts, kind.category, kind.topic),
        [table.without_empty() for table in tables],
        "",
    )
    page.facts += " " + interval_words(rows, confidence)
    page.notes += contrast_notes(cells, rows)
    return page


def contrast_notes(cells: Cells, rows: list[Comparison]) -> list[str]:
    """Notes on comparisons, each once, with the comparisons and the cells that it is about."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for row in rows:
        if row.note:
            model = cells.facts.model_label(row.model) if row.model else "mean"
            cell = f"{model} {row.language}" if row.language else model
            compared = f"{contrast_words(cells, row)}, {setting_words(row.setting)}"
            found.setdefault(row.note, {}).setdefault(compared, {})[cell] = None
    lines = []
    for note, about in found.items():
        named = [f"{compared} ({', '.join(own)})" for compared, own in about.items()]
        more = len(named) - MOST_NAMED
        rest = f"; {more} more in contrasts.csv" if more > 0 else ""
        lines.append(f"{note[:1].upper()}{note[1:]}: {'; '.join(named[:MOST_NAMED])}{rest}.")
    return lines


def interval_words(rows: list[Comparison], confidence: float) -> str:
    """How intervals and p came about."""
    percent = f"{100 * confidence:g} % intervals"
    if any(row.unit == ITEMS for row in rows):
        alone = all(row.seeds in (None, 1) for row in rows)
        seeds = "one seed, so without the luck of training" if alone else "seeds as a second level"
        return (
            f"{percent}: bootstrap over items, paired; {seeds}; means also over models and languages."
            " p: paired permutation, Holm-adjusted within a benchmark."
        )
    return (
        f"{percent}: Student's t over models, since these scores come without items;"
        " p: paired permutation of models' means."
    )


def contrast_pages(cells: Cells, contrasts: list[Comparison], confidence: float) -> list[Page]:
    """Every page of conditions compared."""
    found = []
    for test in cells.tests:
        own = [r for r in contrasts if (r.benchmark, r.judge) == tuple(test)]
        found += [contrast_page(cells, test, kind, own, confidence) for kind in KINDS]
    return [page for page in found if page is not None and page.tables]
