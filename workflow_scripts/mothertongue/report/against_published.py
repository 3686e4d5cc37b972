"""Our score beside the published one, wherever both studies have it, with reasons to differ."""

from collections.abc import Sequence
from typing import NamedTuple

from ..correlate.averages import Cells, Test
from ..correlate.groups import margin_of
from ..correlate.matching import Agreement, Match, agreement, shared_names
from ..correlate.notes import setting_words
from . import categories
from .captions import metrics_words, plural, seeds_words
from .departures import departures_table, of_score, reasons_words
from .labels import metric_words, short_label
from .register import Departure
from .table import Column, Field, Mark, Page, Table, tabulate


def judge_labels(mine: Cells, theirs: Cells, ours: Test, other: Test) -> tuple[str, str]:
    """Our judge of a test and the published one, by their labels."""
    return mine.facts.judge(ours.judge or ""), theirs.facts.judge(other.judge or "")


def reasons_of(
    mine: Cells, theirs: Cells, match: Match, register: Sequence[Departure]
) -> tuple[str, ...]:
    """What is seen to differ between the two numbers, and what the register knows of them."""
    found = []
    if match.test.judge is not None:
        ours, other = judge_labels(mine, theirs, match.test, match.theirs)
        if ours.casefold() != other.casefold():
            found.append(f"other judge ({ours}, not {other})")
    kinds = mine.facts.quantisation, theirs.facts.quantisation
    if None not in kinds and kinds[0] != kinds[1]:
        found.append(f"quantisation {kinds[0]}, not {kinds[1]}")
    benchmark = theirs.facts.benchmark(match.theirs.benchmark)
    size = (benchmark.sizes or benchmark.items).get(match.language)  # of the public test set
    if size and match.ours.n and match.ours.n != size:
        found.append(f"{match.ours.n:,} items, not {size:,}")
    if match.ours.seeds > 1:
        found.append(f"mean of {match.ours.seeds} seeds")
    known = of_score(
        register,
        match.theirs.benchmark,
        match.metric,
        match.language,
        mine.facts.data_kind(match.data),
        match.setting.kind,
    )
    return (*found, *known)


class Summary(NamedTuple):
    """A row of the table by benchmark; `unit` as in `Cells.unit`, `margin` in this unit."""

    label: str
    metric: str
    unit: str
    margin: float
    found: Agreement
    shared: int
    reasons: str


SUMMARY: list[Field[Summary]] = [
    Field(Column("Benchmark"), lambda row: row.label),
    Field(Column("metric", "", 0), lambda row: metric_words(row.metric)),
    Field(Column("cells", "", 0), lambda row: row.shared),
    Field(
        Column("mean", "ours − published", 1, "signed: are we above or below?", True),
        lambda row: row.found.mean,
    ),
    Field(
        Column("mean size", "ours − published", 1, "how far apart, whatever the sign"),
        lambda row: row.found.mean_size,
    ),
    Field(Column("largest", "ours − published", 1, "", True), lambda row: row.found.largest),
    Field(
        Column("ours", "gap native − translated", 1, "mean over the shared cells", True),
        lambda row: row.found.gap,
    ),
    Field(
        Column("published", "gap native − translated", 1, "", True),
        lambda row: row.found.published_gap,
    ),
    Field(Column("known reasons to differ", "", 0), lambda row: row.reasons),
]


def summaries(
    mine: Cells, theirs: Cells, matches: list[Match], register: Sequence[Departure]
) -> list[Summary]:
    """How far apart the studies are, per test and metric."""
    groups: dict[tuple[Test, Test, str], list[Match]] = {}
    for match in matches:
        groups.setdefault((match.test, match.theirs, match.metric), []).append(match)

    def label(test: Test, other: Test) -> str:
        ours, published = judge_labels(mine, theirs, test, other)
        against = f" against {published}" if test.judge and ours != published else ""
        return short_label(mine, test) + against

    def reasons(own: list[Match]) -> str:
        found = [reason for match in own for reason in reasons_of(mine, theirs, match, register)]
        return reasons_words(found, register)

    return [
        Summary(
            label(test, other),
            metric,
            mine.unit(test, metric),
            margin_of(mine, test, metric),
            agreement(mine, own),
            len(own),
            reasons(own),
        )
        for (test, other, metric), own in groups.items()
    ]


def score_table(
    mine: Cells, theirs: Cells, matches: list[Match], register: Sequence[Departure]
) -> Table:
    """One row per shared score."""
    facts = mine.facts
    fields: list[Field[Match]] = [
        Field(Column("Benchmark"), lambda match: short_label(mine, match.test)),
        Field(Column("Model"), lambda match: facts.model_label(match.model)),
        Field(Column("Language"), lambda match: facts.language(match.language)),
        Field(Column("Data"), lambda match: facts.data_label(match.data)),
        Field(Column("training", "", 0), lambda match: setting_words(match.setting)),
        Field(Column("metric", "", 0), lambda match: metric_words(match.metric)),
        Field(Column("ours", "score", 1), lambda match: match.ours.score),
        Field(Column("published", "score", 1), lambda match: match.published),
        Field(
            Column("difference", "score", 1, "ours − published", True),
            lambda match: Mark(match.difference),
        ),
        Field(
            Column("known reasons to differ", "", 0),
            lambda match: reasons_words(reasons_of(mine, theirs, match, register), register),
        ),
    ]
    return tabulate("cells", "Every cell that both have", fields, matches, keys=4)


def comparison_page(
    mine: Cells,
    theirs: Cells,
    register: Sequence[Departure],
    matches: list[Match],
    found: list[Summary],
) -> Page:
    """Ours beside published; a line that says why where no cell is shared."""
    where = categories.category(mine.facts, categories.BESIDE, "Comparison")
    labels = {"item": "Ours beside published", "languages": ", ".join(mine.languages())}
    page = Page(
        "",
        "beside-published",
        "Ours beside published",
        "Does this study find the scores that Chen et al. (EMNLP 2024) printed?",
        "Differences of a few points are expected even with the same recipe: other seeds, other"
        " revisions of models and translators. Compare the two gaps before single scores.",
        f"n: {plural(len(matches), 'shared cell')}, matched by model, benchmark, language, data,"
        f" languages of training and learning rate."
        f" {metrics_words(mine, dict.fromkeys(match.test for match in matches))} {seeds_words(mine)}",
        *where,
        labels,
        [],
    )
    if matches:
        shared = {match.theirs.benchmark for match in matches}
        page.tables = [
            tabulate("summary", "By benchmark", SUMMARY, found),
            departures_table(register, shared),
            score_table(mine, theirs, matches, register),
        ]
        page.tables = [table.without_empty() for table in page.tables]
        page.notes.append(
            "The paper does not state its seeds, nor the revisions of models, of Google Translate and"
            " of Command R; these can differ in every row."
        )
    else:
        page.notes.append(why_nothing(mine, theirs))
    return page


def why_nothing(mine: Cells, theirs: Cells) -> str:
    """The reason why no cell is shared."""
    names = shared_names(mine, theirs)
    for section, words in (("models", "model"), ("benchmarks", "benchmark"), ("data", "data")):
        if not names[section]:
            return f"Nothing to compare: this study shares no {words} with the published one."
    return (
        "Nothing to compare: this study has no cell of the published one (same model, benchmark,"
        " language, data, languages of training and learning rate)."
    )
