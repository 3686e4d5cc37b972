"""What a native row is worth in translated rows, and what to buy: sentences, tables and two figures.

Made of exchange.csv, curves.csv and purchase.csv, whose columns the script measure_exchange describes.
"""

from collections.abc import Sequence
from itertools import groupby

from ..correlate import exchange as verdicts
from ..correlate import intervals as basis
from ..correlate.averages import Cells, Test
from ..correlate.exchange_rows import CurveRow, OfferRow, RateRow
from ..correlate.purchase import BUDGET, SCORE
from .captions import digits_of, plural, seeds_words
from .categories import BRIDGE, category
from .labels import metric_words
from .table import Column, Entry, Field, Mark, Page, Table, tabulate

TOPIC = "How many rows?"
QUESTION = "How many translated rows is a native row worth?"
LOOK = (
    "A rate is the number of translated rows per native row at which both curves have the same score,"
    " found between the smallest and the largest translated set and nowhere else."
)
PURCHASE_QUESTION = "Which rows should be bought?"
PURCHASE_LOOK = (
    "Choices are the kinds of data that this study trained on, within the sizes that it trained on."
    " The money is that of rows alone, without GPU time."
)


def rate_words(row: RateRow, cells: Cells) -> str:
    """One sentence about a rate, and nothing that its verdict does not show."""
    rows, most = f"{row.rows:,}", f"{row.largest * row.rows:,.0f}"
    least = f"{row.smallest * row.rows:,.0f}"
    name = cells.facts.data_label(row.translator)
    if row.verdict == verdicts.PLATEAU:
        return (
            f"No rate: the curve of {name} levels off lower than that of native rows, and a plateau"
            " cannot be bought with more translated rows."
        )
    if row.verdict == verdicts.TRANSLATED_HIGHER:
        return f"No rate: the curve of {name} levels off higher than that of native rows."
    if row.verdict == verdicts.NONE:
        return f"None in range: more rows of {name} do not raise the score to that of native rows."
    if row.verdict == verdicts.MORE:
        return (
            f"More than {number(row.largest)} at {rows} rows: no number of translated rows in this"
            f" study (at most {most}) reaches {rows} native rows."
        )
    if row.verdict == verdicts.LESS:
        return (
            f"Less than {number(row.smallest)} at {rows} rows: {least} translated rows, the fewest in"
            f" this study, are better than {rows} native rows."
        )
    if row.verdict == verdicts.UNKNOWN and row.over == basis.NOTHING:
        about = f"about {number(row.rate)}" if row.rate else "not in the range of this study"
        return f"{about}, without an interval: too few sizes or draws to know.".capitalize()
    if row.verdict == verdicts.UNKNOWN:
        return (
            f"Not known: the scores allow every rate from {number(row.smallest)} to"
            f" {number(row.largest)} at {rows} rows."
        )
    at = f"At {rows} native rows, one native row is worth"
    if row.low is None:
        return f"{at} at most {number(row.high)} translated rows."
    if row.high is None:
        return f"{at} at least {number(row.low)} translated rows; the scores set no upper limit."
    return f"{at} {number(row.low)} to {number(row.high)} translated rows."


def number(value: float | None) -> str:
    """A rate in two significant digits, in plain notation: 8, 2.6, 0.25."""
    if value is None:
        return ""
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plateau_words(row: RateRow, digits: int = 1) -> str | None:
    """Whether the curves level off at different heights: `2 to 9`, `more than 2`; None if undecided."""
    low, high = row.height_low, row.height_high
    if not (low is not None and low > 0) and not (high is not None and high < 0):
        return None
    if low is not None and high is not None:
        return f"{low:.{digits}f} to {high:.{digits}f}"
    return f"less than {high:.{digits}f}" if low is None else f"more than {low:.{digits}f}"


def over_words(over: str, models: int) -> str:
    """What a set ranges over, and what it leaves out."""
    these = "this model" if models == 1 else f"these {models} models"
    return {
        basis.MODELS_AND_DRAWS: "models and draws of rows like these",
        basis.MODELS: "models like these; leaves out what another draw of rows would give",
        basis.DRAWS: f"draws of rows like these, for {these}; leaves out other models",
        basis.TRAININGS: (
            f"training runs of {these} on these rows; leaves out other models and other draws of rows"
        ),
        basis.NOTHING: "nothing: no interval",
    }[over]


def rates_table(cells: Cells, test: Test, rows: Sequence[RateRow]) -> Table:
    """Rates of a test."""

    def interval(row: RateRow) -> Entry:
        if row.verdict != verdicts.RATE:
            return None
        ends = [number(row.low) or "open", number(row.high) or "open"]
        return f"[{', '.join(ends)}]"

    digits = digits_of(cells, test, rows[0].metric)
    shown = (verdicts.RATE, verdicts.UNKNOWN)
    hint = "native - translated where curves level off, for all exponents that the scores allow"
    fields: list[Field[RateRow]] = [
        Field(Column("Language"), lambda row: cells.facts.language(row.language)),
        Field(Column("Translated by"), lambda row: cells.facts.data_label(row.translator)),
        Field(Column("Native rows", "", 0), lambda row: row.rows),
        Field(Column("In words"), lambda row: rate_words(row, cells)),
        Field(
            Column("estimate", "translated rows per native row"),
            lambda row: number(row.rate) if row.verdict in shown else None,
        ),
        Field(Column("set", "translated rows per native row"), interval),
        Field(Column("The set describes"), lambda row: over_words(row.over, row.models)),
        Field(Column("difference of plateaus", hint=hint), lambda row: plateau_words(row, digits)),
        Field(Column("models", "", 0), lambda row: row.models),
        Field(Column("draws", "", 0), lambda row: row.draws),
        Field(Column("seeds", "", 0), lambda row: row.seeds),
    ]
    title = f"{cells.test_label(test)}, {metric_words(rows[0].metric)}"
    return tabulate(f"rates-{test.slug}", title, fields, rows, keys=3).without_empty()


def exchange_page(cells: Cells, rows: Sequence[RateRow], confidence: float) -> Page:
    """Every rate, with what it leaves out."""
    tests = list(dict.fromkeys(Test(row.benchmark, row.judge) for row in rows))
    tables = [
        rates_table(cells, test, [r for r in rows if Test(r.benchmark, r.judge) == test])
        for test in tests
    ]
    notes = []
    left_out = max((row.left_out for row in rows), default=0)
    if left_out:
        notes.append(
            f"{plural(left_out, 'score')} of a test left out: sizes or draws that not every model has."
        )
    if any(plateau_words(row) is None for row in rows):
        notes.append(
            "Where no difference of plateaus is given, it is undecided whether the curves level off at"
            " the same height: a rate holds at its number of native rows, and says nothing about more"
            " rows than this study has."
        )
    if not rows:
        notes.append(
            "No language has two sizes of native and of translated data with the same models."
        )
    return Page(
        "",
        "exchange",
        "Exchange rate of native and translated rows",
        QUESTION,
        LOOK,
        f"n: {plural(len(rows), 'rate')}. {100 * confidence:g} % sets, each by itself: of many sets,"
        f" some miss the truth. {seeds_words(cells)}",
        *category(cells.facts, BRIDGE, TOPIC),
        {"item": "Exchange rate"},
        tables,
        notes,
    )


def purchase_page(cells: Cells, rows: Sequence[OfferRow], confidence: float) -> Page:
    """What to buy for a score and for a budget."""
    tables = []
    for test in dict.fromkeys(Test(row.benchmark, row.judge) for row in rows):
        for by in (SCORE, BUDGET):
            own = [r for r in rows if Test(r.benchmark, r.judge) == test and r.by == by]
            if own:
                tables.append(_offers(cells, test, by, own))
    return Page(
        "",
        "purchase",
        "What to buy",
        PURCHASE_QUESTION,
        PURCHASE_LOOK,
        f"{100 * confidence:g} % intervals. A choice is called best if its score at the same money is"
        " higher than that of every other kind of data (corrected for their number); if it only looks"
        " best, the table says so.",
        *category(cells.facts, BRIDGE, TOPIC),
        {"item": "What to buy"},
        tables,
        [] if rows else ["No price of a native row is stated (prices.native_row)."],
    )


def choice_words(row: OfferRow) -> str:
    """Whether an offer is the best one."""
    if not row.best:
        return ""
    word = "cheapest" if row.by == SCORE else "best"
    return word if row.decided else f"looks {word}; not decided"


def _offers(cells: Cells, test: Test, by: str, rows: Sequence[OfferRow]) -> Table:
    digits = digits_of(cells, test, rows[0].metric)

    def money(row: OfferRow) -> Entry:
        if by == BUDGET:
            return dollars(row.dollars)
        ends = [dollars(row.dollars_low) or "open", dollars(row.dollars_high) or "open"]
        return f"{dollars(row.dollars)} [{', '.join(ends)}]"

    def score(row: OfferRow) -> Entry:
        if row.score_low is None or row.score_high is None:
            return row.score
        return Mark(row.score, interval=(row.score_low, row.score_high))

    wanted = Column("Score wanted" if by == SCORE else "Budget, dollars", "", digits)
    fields: list[Field[OfferRow]] = [
        Field(Column("Language"), lambda row: cells.facts.language(row.language)),
        Field(wanted, lambda row: row.wanted if by == SCORE else dollars(row.wanted)),
        Field(Column("Data"), lambda row: kind_words(row.kind, cells)),
        Field(Column("rows", "", 0), lambda row: row.rows),
        Field(Column("of them native", "", 0), lambda row: row.native_rows),
        Field(Column("dollars"), money),
        Field(Column("score", "", digits), score),
        Field(Column("Choice"), choice_words),
        Field(
            Column("", "", 0),
            lambda row: "the largest set of the study; the money would buy more" * row.limit,
        ),
    ]
    what = "Cheapest data for a score" if by == SCORE else "Best score for a budget"
    title = f"{what}: {cells.test_label(test)}, {metric_words(rows[0].metric)}"
    table = tabulate(f"{by}-{test.slug}", title, fields, rows, keys=3).without_empty()
    table.notes.append(
        "Data that is not listed does not reach the score with the rows of this study, or has no price."
        if by == SCORE
        else "Data that is not listed has no price, or the money buys fewer rows than its smallest set."
    )
    return table


def dollars(value: float | None) -> str:
    """`1,250`, or `0.42` where cents matter."""
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def kind_words(kind: str, cells: Cells) -> str:
    """A kind of data with its translator's label."""
    *share, name = kind.split(", ")
    return ", ".join([*share, cells.facts.data_label(name)])


def panels(rows: Sequence[CurveRow]) -> dict[tuple[str, Test, str], list[CurveRow]]:
    """Rows of curves.csv by language, test and metric."""

    def key(row: CurveRow) -> tuple[str, str, str, str]:
        return row.language, row.benchmark, row.judge or "", row.metric

    found = {}
    for _, own in groupby(rows, key=key):
        group = list(own)
        first = group[0]
        found[first.language, Test(first.benchmark, first.judge), first.metric] = group
    return found
