"""What tuning changes in other languages than its own: a page with one table per test.

Made of differences.csv, whose columns the script compare_languages describes. It states numbers and no
verdict: an interval here holds for these adapters, and leaves out what another training would give.
"""

from collections.abc import Sequence

from ..correlate.averages import Cells, Test
from ..correlate.comparisons import Comparison
from ..correlate.facts import Facts
from ..correlate.items import BASE
from ..correlate.languages import AnswerLanguages
from ..correlate.notes import plain_number
from ..scores import MULTI
from . import categories
from .captions import digits_of, plural, seeds_words
from .labels import metric_words
from .table import Column, Entry, Field, Mark, Page, Table, p_mark, tabulate

NAMED = 3  # languages in the first sentence


def _table(cells: Cells, test: Test, metric: str, rows: list[Comparison]) -> Table:
    digits = digits_of(cells, test, metric)
    facts = cells.facts
    fields: list[Field[Comparison]] = [
        Field(Column("Model"), lambda row: facts.model_label(row.model or "")),
        Field(Column("Trained on"), lambda row: facts.data_label(row.first or "")),
        Field(Column("in"), lambda row: facts.language(row.scope or "")),
        Field(Column("Tested in"), lambda row: facts.language(row.language or "")),
    ]
    keys = len(fields)
    if len({row.learning_rate for row in rows}) > 1:
        rate = Field[Comparison](
            Column("Learning rate"), lambda row: plain_number(row.learning_rate or 0.0)
        )
        fields.append(rate)
        keys += 1
    fields += [
        Field(Column("untuned", "score", digits), lambda row: row.second_score),
        Field(Column("tuned", "score", digits), lambda row: row.first_score),
        Field(
            Column("difference", "", digits, "in favour of the tuned model; interval", True),
            lambda row: Mark(row.difference, interval=row.interval, hint=row.note or ""),
        ),
        Field(
            Column("adjusted p", "", 3, "Holm, over all rows of this page"),
            lambda row: p_mark(row.p_holm),
        ),
        Field(Column("items", "", 0), lambda row: row.items),
        Field(Column("clusters", "", 0), lambda row: row.clusters),
        Field(Column("seeds", "", 0), lambda row: row.seeds),
    ]
    title = f"{cells.test_label(test)}, {metric_words(metric)}"
    return tabulate(f"{test.slug}-{metric}", title, fields, rows, keys=keys).without_empty()


def _first_sentence(cells: Cells, rows: list[Comparison]) -> str:
    """The range of the differences in percent, language by language; numbers alone."""
    told = []
    for language in cells.languages():
        found = [
            row.difference
            for row in rows
            if row.language == language
            and row.difference is not None
            and cells.unit(Test(row.benchmark, row.judge), row.metric) == "%"
        ]
        if found:
            low, high = min(found), max(found)
            told.append(
                f"{cells.facts.language(language)}: {low:+.1f} to {high:+.1f}"
                f" ({plural(len(found), 'difference')})"
            )
    if not told:
        return "No test that is scored in percent has a score of a tuned model and of its base."
    more = f"; {plural(len(told) - NAMED, 'more language')} below" if len(told) > NAMED else ""
    listed = "; ".join(told[:NAMED]) + more
    return f"Tuned minus untuned model, in percentage points: {listed}."


def _answers_table(facts: Facts, rows: Sequence[AnswerLanguages]) -> Table:
    """Answers to open questions that are in another language than their question."""

    def place(row: AnswerLanguages) -> str | None:
        if row.data == BASE:
            return None
        return "several languages" if row.scope == MULTI else facts.language(row.scope)

    def rate(row: AnswerLanguages) -> Entry:
        return None if row.learning_rate is None else plain_number(row.learning_rate)

    def which(row: AnswerLanguages) -> Entry:
        parts = [part.rsplit(" ", 1) for part in (row.which or "").split(", ") if part]
        return ", ".join(f"{facts.language(name)} {number}" for name, number in parts) or None

    fields: list[Field[AnswerLanguages]] = [
        Field(Column("Questions"), lambda row: facts.benchmark(row.benchmark).label),
        Field(Column("Asked in"), lambda row: facts.language(row.language)),
        Field(Column("Model"), lambda row: facts.model_label(row.model)),
        Field(Column("Trained on"), lambda row: facts.data_label(row.data)),
        Field(Column("in"), place),
        Field(Column("Learning rate"), rate),
        Field(Column("answers", "n", 0, "of all seeds"), lambda row: row.answers),
        Field(Column("without a letter", "n", 0), lambda row: row.wordless),
        Field(Column("in another language", "n", 0), lambda row: row.other),
        Field(Column("which", "n"), which),
    ]
    title = "Answers to open questions that are in another language than their question"
    table = tabulate("answers", title, fields, rows, keys=6).without_empty()
    table.notes.append(
        "The identifiers are those of the translation checks; short texts, names, numbers and code are not judged."
    )
    return table


def languages_page(
    cells: Cells,
    rows: list[Comparison],
    confidence: float,
    answers: Sequence[AnswerLanguages] = (),
) -> Page:
    """Every comparison of a tuned model with its base in another language; languages of answers."""
    tests = dict.fromkeys((Test(row.benchmark, row.judge), row.metric) for row in rows)
    tables = [
        _table(
            cells,
            test,
            metric,
            [r for r in rows if (Test(r.benchmark, r.judge), r.metric) == (test, metric)],
        )
        for test, metric in tests
    ]
    if answers:
        tables.append(_answers_table(cells.facts, answers))
    alone = all(row.seeds in (None, 1) for row in rows)
    seeds = (
        "one seed, so that they leave out the luck of training"
        if alone
        else "with seeds as a second level"
    )
    metrics = ", ".join(dict.fromkeys(metric_words(metric) for _, metric in tests))
    languages = [code for code in cells.languages() if any(r.language == code for r in rows)]
    without = sorted({row.note for row in rows if row.note and row.difference is None})
    return Page(
        "",
        "languages",
        "Other languages",
        "What does tuning change in languages that a model was not tuned on?",
        _first_sentence(cells, rows),
        f"n: {plural(len(rows), 'comparison')}."
        f" Metric: {metrics}. {seeds_words(cells)}"
        f" {100 * confidence:g} % intervals: bootstrap over clusters of items, paired with the untuned base;"
        f" {seeds}. p: the same resampling, Holm-adjusted over this page. The gaps between training"
        " data on other pages do not use these tests.",
        *categories.category(cells.facts, categories.PROVENANCE, "Other languages"),
        {"item": "Other languages", "languages": ", ".join(languages)},
        tables,
        [f"{note[:1].upper()}{note[1:]}." for note in without],
    )
