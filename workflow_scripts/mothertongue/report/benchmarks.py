"""Pages that rate benchmarks: each test's verdict, its signal and noise, and the sources of the noise."""

from collections.abc import Callable, Iterable

from ..correlate import claims as c
from ..correlate.averages import Cells, Test
from ..correlate.claims import Claim
from ..correlate.noise import NoiseRow
from ..correlate.notes import setting_words
from ..correlate.rating import INDEPENDENT, Rating
from . import categories
from .captions import plural, seeds_words
from .digits import digits_needed, fewest_digits, plain, signed, with_interval
from .labels import metric_words, short_label
from .table import Column, Field, Mark, Page, Table, p_mark, tabulate
from .verdicts import LOOKS, checked, levels_words, printed_interval

PARTS = {  # column of variance.csv -> heading, hint
    "items": ("items", "other items of the same kind"),
    "clusters": ("clusters", "items of one passage are alike: what that adds"),
    "training": ("training", "seeds and draws: the same recipe trained again"),
    "models": ("models", "other models; holds training too where each was trained once"),
    "languages": ("languages", "the gap differs between languages"),
}


def verdict_mark(claim: Claim) -> Mark:
    """A verdict with its symbol."""
    look = LOOKS.get(claim.verdict, LOOKS[c.UNDECIDED])
    words = "sees nothing: at chance" if claim.verdict == c.AT_CHANCE else claim.verdict
    return Mark(claim.verdict, text=f"{look.symbol} {words}")


def of_test(rows: Iterable[Rating], test: Test, metric: str | None = None) -> Rating:
    """The row of a test in a metric, else its first row; an empty one if it has none."""
    own = [row for row in rows if row.test == test]
    exact = [row for row in own if metric and row.metric == metric]
    return next(iter(exact + own), Rating(*test, metric or ""))


def small(value: float | None, shown: Callable[[float, int], str], before: str = "") -> str | None:
    """A number alone: two significant digits if it is small, so that it is not shown as zero."""
    return None if value is None else before + shown(value, digits_needed([value]))


def own_claims(claims: list[Claim], test: Test) -> list[Claim]:
    """Claims about a test: over its languages if they agree, else one per language."""
    own = [
        checked(claim)
        for claim in claims
        if claim.question == c.BENCHMARK and (claim.benchmark, claim.judge) == tuple(test)
    ]
    return [claim for claim in own if claim.language is None] or own


def page_of(
    cells: Cells, name: str, title: str, question: str, look: str, facts: str, table: Table
) -> Page | None:
    """A page with one table, in the category of benchmarks."""
    if not table.rows:
        return None
    where = categories.category(cells.facts, categories.NOTICE, "Benchmarks rated")
    labels = {"item": title, "benchmark": "all", "languages": ", ".join(cells.languages())}
    if any(test.judge for test in cells.tests):
        labels["judge"] = "all"
    if cells.facts.tables:
        labels["paper"] = "–"
    made = table.without_empty()
    return Page(
        "notice",
        name,
        title,
        question,
        look,
        facts,
        *where,
        labels,
        [made],
    )


def benchmarks_page(cells: Cells, claims: list[Claim], rated: list[Rating]) -> Page | None:
    """One row per test, or per test and language where the gap differs between languages."""
    table = Table(
        "benchmarks",
        "Would this benchmark notice?",
        [
            Column("Benchmark"),
            Column("Language"),
            Column("metric", "", 0),
            Column("questions", "nature", 0),
            Column("answers", "nature", 0),
            Column("verdict", "native − translated", 0),
            Column("gap", "native − translated", 1, "in the metric's unit", True),
            Column("adjusted p", "native − translated", 3, "over every test of the page"),
            Column("ahead in", "models", 0, "native data leads, by chance or not"),
            Column(
                "r", "gap and score", 2, "Pearson's r of gap and native score (paper: Figure 4)"
            ),
            Column("de-coupled r", "gap and score", 2, "without the term that both share"),
            Column("gap", "smallest detectable", 1, "80 % power, one model in one language"),
            Column("items", "smallest detectable", 0),
        ],
        keys=2,
    )
    for test in cells.tests:
        for place, claim in enumerate(own_claims(claims, test)):
            row = of_test(rated, test, claim.metric)
            ends = pair(*printed_interval(claim))
            seen = claim.verdict != c.AT_CHANCE
            first = row if not place else Rating(*test, row.metric)
            bound = first.detectable_basis == INDEPENDENT
            ahead = f"{claim.ahead} of {claim.models}" if claim.ahead is not None else None
            table.rows.append(
                [
                    short_label(cells, test),
                    cells.facts.language(claim.language) if claim.language else "all",
                    metric_words(claim.metric or ""),
                    row.origin,
                    row.kind,
                    verdict_mark(claim),
                    _gap(claim.estimate, ends, claim.unit) if seen else None,
                    p_mark(claim.p_adjusted) if seen else None,
                    Mark(claim.ahead, text=ahead) if ahead and seen else None,
                    Mark(first.r, interval=pair(first.r_low, first.r_high)),
                    Mark(
                        first.decoupled_r,
                        interval=pair(first.decoupled_low, first.decoupled_high),
                    ),
                    Mark(
                        first.detectable,
                        text=small(first.detectable, plain, "≤ " if bound else ""),
                        hint="upper limit: items taken as independent" if bound else "",
                    ),
                    first.detectable_items,
                ]
            )
    facts = (
        "Metric: see the table; gaps are in the metric's own unit."
        f" n: {plural(len(cells.models()), 'model')}, {plural(len(cells.languages()), 'language')},"
        f" {setting_words(cells.main)}. {seeds_words(cells)} {levels_words(claims)}; r: bootstrap over"
        " models. Smallest detectable: the gap of one model in one language that a two-sided test of"
        " its items finds with 80 % power, without the luck of training."
    )
    return page_of(
        cells,
        "benchmarks",
        "Would this benchmark notice?",
        "If translated data were worse than native data, which benchmark would show it?",
        "Undecided is no proof of equality; “no worse” is: the interval lies within the margin. A row"
        " per language stands where the gap may differ between languages.",
        facts,
        table,
    )


def _gap(estimate: float | None, ends: tuple[float, float] | None, unit: str) -> Mark:
    fewest = fewest_digits(unit)
    if ends is None:
        return Mark(estimate, text=small(estimate, signed))
    return Mark(estimate, text=with_interval(estimate, *ends, fewest=fewest), interval=ends)


def pair(low: float | None, high: float | None) -> tuple[float, float] | None:
    """An interval, if both of its ends are known."""
    return None if low is None or high is None else (low, high)


def share_of(part: str) -> Callable[[NoiseRow], float | None]:
    """Gives a part's share of the noise, in percent."""
    return lambda row: row.share(part)


def noise_page(cells: Cells, variances: list[NoiseRow]) -> Page | None:
    """What the noise of one comparison is made of; gap against the untuned models' score."""
    fields: list[Field[NoiseRow]] = [
        Field(Column("Benchmark"), lambda row: short_label(cells, Test(row.benchmark, row.judge))),
        Field(Column("untuned", "mean score", 1), lambda row: row.base),
        Field(Column("native", "mean score", 1), lambda row: row.native),
        Field(Column("translated", "mean score", 1), lambda row: row.translated),
        Field(
            Column("gap", "signal", 1, "mean over models and languages", True),
            lambda row: Mark(row.gap, text=small(row.gap, signed)),
        ),
        Field(
            Column("noise", "signal", 1, "standard deviation of one comparison"),
            lambda row: Mark(row.comparison_sd, text=small(row.comparison_sd, plain)),
        ),
        Field(Column("signal ÷ noise", "signal", 2), lambda row: row.signal_to_noise),
        *(
            Field(Column(word, "share of the noise, %", 0, hint), share_of(name))
            for name, (word, hint) in PARTS.items()
        ),
        Field(
            Column("one adapter", "luck of training", 2, "standard deviation of its score"),
            lambda row: row.adapter_sd,
        ),
        Field(Column("models", "n", 0), lambda row: row.models),
        Field(Column("languages", "n", 0), lambda row: row.languages),
        Field(Column("seeds", "n", 0), lambda row: row.seeds),
        Field(Column("items", "n", 0), lambda row: row.items),
        Field(Column("clusters", "n", 0), lambda row: row.clusters),
    ]
    title = "Signal, noise, and what the noise is made of"
    table = tabulate("noise", title, fields, variances)
    untold = [
        word
        for name, (word, _) in PARTS.items()
        if variances and all(row.variances[name] is None for row in variances)
    ]
    facts = (
        "Metric: that of each test, as elsewhere; perplexity as bits."
        f" n: see the table. {seeds_words(cells)} One comparison: one model, one language, each adapter"
        " trained once."
        + (f" These scores do not tell: {', '.join(untold)}." if untold else "")
        + " Draws of rows vary with the seeds or not at all."
    )
    return page_of(
        cells,
        "noise",
        "Signal and noise of each benchmark",
        "How large is the gap against the noise of one comparison, and what would make it smaller?",
        "Items: use more of them. Training: use more seeds. Models and languages: only more of these"
        " help. Below a signal ÷ noise of about 1 one model says nothing.",
        facts,
        table,
    )
