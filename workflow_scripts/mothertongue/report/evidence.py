"""Pages of conditions compared one by one, with their own intervals and p.

Made of contrasts.csv, whose columns the script compare_conditions describes. SelfTestResults of the page as a
whole stand in claims; here every comparison keeps its own p.
"""

from typing import Any, NamedTuple

from ..correlate.averages import (
    ROUND_TRIPS,
    TRANSLATED,
    Cells,
    Setting,
    Test,
    metric_words,
)
from ..correlate.contrasts import CHANGE, DEFECTS, GAP, ITEMS, KNOWLEDGE
from . import categories
from .table import Column, Entry, Mark, Page, Table
from .tables import digits_of, make_page

Row = dict[str, Any]
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


def side_words(cells: Cells, name: str) -> str:
    """A data condition, or the mean over translators."""
    return name if name in (TRANSLATED, ROUND_TRIPS) else cells.label("data", name)


def contrast_words(cells: Cells, row: Row) -> str:
    """`native − translated`."""
    words = f"{side_words(cells, row['first'])} − {side_words(cells, row['second'])}"
    return f"change of {words}" if row["contrast"] == CHANGE else words


def setting_of(row: Row) -> Setting:
    """Training setting of a row."""
    return Setting(row["scope"], row["learning_rate"])


def difference(row: Row, level: float) -> Mark:
    """Difference with interval; bold if significant after adjustment."""
    sure = row["p_holm"] is not None and row["p_holm"] < level
    return Mark(row["difference"], bold=sure, interval=bounds(row), hint=row["note"] or "")


def bounds(row: Row, low: str = "low", high: str = "high") -> tuple[float, float] | None:
    """The interval of a row."""
    return None if row[low] is None or row[high] is None else (row[low], row[high])


def p_mark(p: float | None) -> Entry:
    """A p value; the smallest ones as a bound."""
    return Mark(p, text="< 0.001") if p is not None and p < 0.0005 else p


def mean_table(cells: Cells, test: Test, metric: str, rows: list[Row], level: float) -> Table:
    """Means over models and languages, one row per comparison, setting and resampled unit."""
    digits = digits_of(cells, test, metric)
    sides = [Column(name, "score", digits) for name in ("first", "second")]
    if all(row["contrast"] == CHANGE for row in rows):
        sides = [Column(name, "gap", digits, sign=True) for name in ("here", "main setting")]
    table = Table(
        f"{metric}-means",
        f"{cells.test_label(test)}, {metric_words(metric)}: means over models and languages",
        [
            Column("Comparison"),
            Column("Training"),
            *sides,
            Column("difference", "", digits, "in favour of the first; interval in brackets", True),
            Column("p", "", 3, "paired permutation test"),
            Column("resampled", "", 0, "what interval and p take as independent"),
            Column("models", "n", 0),
            Column("languages", "n", 0),
            Column("items", "n", 0, "summed over languages"),
        ],
        keys=2,
    )
    order = list(dict.fromkeys(contrast_words(cells, row) for row in rows))
    for row in sorted(rows, key=lambda row: order.index(contrast_words(cells, row))):
        table.rows.append(
            [
                contrast_words(cells, row),
                setting_of(row).words(),
                row["first_score"],
                row["second_score"],
                difference(row, level),
                p_mark(row["p"]),
                row["unit"],
                row["models"],
                row["languages"],
                row["items"],
            ]
        )
    return table


def cell_table(
    cells: Cells, test: Test, metric: str, setting: Setting, rows: list[Row], level: float
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
        f"{cells.test_label(test)}, {metric_words(metric)}: {setting.words()}",
        columns,
        keys=2,
    )
    for model in cells.models(test):
        for language in (*cells.languages(test), None):
            own = [r for r in rows if (r["model"], r["language"]) == (model, language)]
            if not own:
                continue
            found = {contrast_words(cells, row): row for row in own}
            entries: list[Entry] = [
                cells.label("models", model),
                cells.language_label(language) if language else "mean",
            ]
            for name in names:
                row = found.get(name)
                pair = [difference(row, level), p_mark(row["p_holm"])] if row else [None, None]
                entries += pair
            entries.append(max((r["items"] or 0 for r in own), default=0) or None)
            table.rows.append(entries)
    return table


def contrast_page(
    cells: Cells, test: Test, kind: Kind, rows: list[Row], confidence: float
) -> Page | None:
    """What was compared on one test; `rows` are its contrasts."""
    rows = [row for row in rows if row["contrast"] in kind.contrasts]
    if not rows:
        return None
    if any(row["unit"] == ITEMS for row in rows):  # one model's languages say little beside
        rows = [row for row in rows if row["unit"] == ITEMS or (row["models"] or 0) > 1]
    level = 1 - confidence
    tables = []
    for metric in dict.fromkeys(row["metric"] for row in rows):
        own = [row for row in rows if row["metric"] == metric]
        means = [row for row in own if row["model"] is None]
        if means:
            tables.append(mean_table(cells, test, metric, means, level))
        single = [row for row in own if row["model"] is not None]
        for setting in dict.fromkeys(setting_of(row) for row in single):
            here = [row for row in single if setting_of(row) == setting]
            tables.append(cell_table(cells, test, metric, setting, here, level))
    page = make_page(
        cells,
        test,
        kind.group,
        f"{cells.test_label(test)}: {kind.title}",
        kind.question,
        kind.look,
        categories.category(cells.about, kind.category),
        kind.topic,
        [table.without_empty() for table in tables],
        "",
    )
    page.facts += " " + interval_words(rows, confidence)
    page.notes += contrast_notes(cells, rows)
    return page


def contrast_notes(cells: Cells, rows: list[Row]) -> list[str]:
    """Notes on comparisons, each once, with the comparisons and the cells that it is about."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for row in rows:
        if row["note"]:
            model = cells.label("models", row["model"]) if row["model"] else "mean"
            cell = f"{model} {row['language']}" if row["language"] else model
            compared = f"{contrast_words(cells, row)}, {setting_of(row).words()}"
            found.setdefault(row["note"], {}).setdefault(compared, {})[cell] = None
    lines = []
    for note, about in found.items():
        named = [f"{compared} ({', '.join(own)})" for compared, own in about.items()]
        more = len(named) - MOST_NAMED
        rest = f"; {more} more in contrasts.csv" if more > 0 else ""
        lines.append(f"{note[:1].upper()}{note[1:]}: {'; '.join(named[:MOST_NAMED])}{rest}.")
    return lines


def interval_words(rows: list[Row], confidence: float) -> str:
    """How intervals and p came about."""
    percent = f"{100 * confidence:g} % intervals"
    if any(row["unit"] == ITEMS for row in rows):
        alone = all(row["seeds"] in (None, 1) for row in rows)
        seeds = "one seed, so without the luck of training" if alone else "seeds as a second level"
        return (
            f"{percent}: bootstrap over items, paired; {seeds}; means also over models and languages."
            " p: paired permutation, Holm-adjusted within a benchmark."
        )
    return (
        f"{percent}: Student's t over models, since these scores come without items;"
        " p: paired permutation of models' means."
    )


def evidence_pages(cells: Cells, contrasts: list[Row], confidence: float) -> list[Page]:
    """Every page of conditions compared."""
    found = []
    for test in cells.tests:
        own = [r for r in contrasts if (r["benchmark"], r["judge"]) == tuple(test)]
        found += [contrast_page(cells, test, kind, own, confidence) for kind in KINDS]
    return [page for page in found if page is not None and page.tables]
