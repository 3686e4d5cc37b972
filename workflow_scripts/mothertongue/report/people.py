"""A page on labels by people: their agreement, themselves beside each judge, and corrected gaps."""

import math
from collections.abc import Callable, Mapping, Sequence

from ..people.compare import Agreement, Beside
from ..people.gaps import MEAN, Gap
from . import categories
from .table import Column, Entry, Field, Mark, Page, Table, tabulate

Names = Mapping[str, Mapping[str, str]]


def interval(value: float, low: float, high: float) -> Entry:
    """A number with its interval, where it has one."""
    if math.isnan(value):
        return None
    return value if math.isnan(low) else Mark(value, interval=(low, high))


def people_page(
    among: Sequence[Agreement],
    by_judge: Sequence[Beside],
    found: Sequence[Gap],
    names: Names,
    confidence: float,
) -> Page:
    """The three tables; the corrected gaps first."""

    def name(section: str) -> Callable[[str], str]:
        return lambda key: names[section].get(key, key)

    judge, language, questions, data = map(name, ("judges", "languages", "questions", "data"))

    def condition(key: str) -> str:
        return " against ".join(map(data, key.split(" against ")))

    corrected: list[Field[Gap]] = [
        Field(Column("Judge"), lambda row: judge(row.judge)),
        Field(Column("Language"), lambda row: language(row.language)),
        Field(Column("Questions"), lambda row: questions(row.questions)),
        Field(Column("Model"), lambda row: name("models")(row.model) if row.model else "all"),
        Field(
            Column("native against"),
            lambda row: "mean over translators" if row.against == MEAN else data(row.against),
        ),
        Field(Column("judge alone", "gap", 2, sign=True), lambda row: row.raw),
        Field(
            Column("people alone", "gap", 2, sign=True),
            lambda row: interval(row.people, row.people_low, row.people_high),
        ),
        Field(
            Column("corrected", "gap", 2, sign=True),
            lambda row: interval(row.corrected, row.low, row.high),
        ),
        Field(Column("unit", "gap"), lambda row: row.unit),
        Field(Column("weight of the judge", "", 2), lambda row: row.weight),
        Field(
            Column("correlation", "", 2, "of people's and the judge's gap"),
            lambda row: row.correlation,
        ),
        Field(Column("labelled", "questions", 0), lambda row: row.labelled),
        Field(Column("all", "questions", 0), lambda row: row.units),
        Field(
            Column(
                "would decide",
                "questions",
                0,
                "labelled questions for the smallest gap that matters",
            ),
            lambda row: row.needed or None,
        ),
        Field(Column("note"), lambda row: row.note),
    ]
    against: list[Field[Beside]] = [
        Field(Column("Judge"), lambda row: judge(row.judge)),
        Field(Column("Language"), lambda row: language(row.language)),
        Field(Column("Questions"), lambda row: questions(row.questions)),
        Field(Column("Condition"), lambda row: condition(row.condition)),
        Field(Column("people", "mean", 2), lambda row: row.people),
        Field(Column("judge", "mean", 2), lambda row: row.of_judge),
        Field(
            Column("people − judge", "mean", 2, sign=True),
            lambda row: interval(row.difference, row.low, row.high),
        ),
        Field(Column("rank correlation", "", 2), lambda row: row.correlation),
        Field(Column("same side", "%", 0), lambda row: row.same_side),
        Field(Column("labelled", "n", 0), lambda row: row.labelled),
    ]
    agreement: list[Field[Agreement]] = [
        Field(Column("Language"), lambda row: language(row.language)),
        Field(
            Column("alpha", "", 2, "Krippendorff's alpha, ordinal"),
            lambda row: interval(row.alpha, row.low, row.high),
        ),
        Field(Column("same label", "%", 0), lambda row: row.same),
        Field(Column("first shown chosen", "%", 0), lambda row: row.first),
        Field(Column("annotators", "n", 0), lambda row: row.annotators),
        Field(Column("labels", "n", 0), lambda row: row.labels),
        Field(Column("labelled twice", "n", 0), lambda row: row.twice),
    ]
    tables: list[Table] = [
        tabulate("gaps", "Gaps of each judge, corrected by people", corrected, found, keys=5),
        tabulate(
            "beside", "People beside each judge, on the same answers", against, by_judge, keys=4
        ),
        tabulate("agreement", "People among themselves", agreement, among),
    ]
    pairwise = any(row.mode == "pairwise" for row in among)
    metric = (
        "people choose between two answers; a gap is native's share of wins (ties count half) beyond"
        " one half, in percentage points"
        if pairwise
        else "rating from 1 to 5; a gap is native less translated"
    )
    return Page(
        "",
        "people",
        "People and judges",
        "Do people see the gap that the judges see?",
        "Read the corrected gap: it uses the judge's ratings of all answers and people's labels of some,"
        " and is right on average even where the judge is biased. It falls back on people alone where"
        " the judge tells nothing.",
        f"n: in every row. Metric: {metric}. {100 * confidence:g} % intervals: prediction-powered"
        " inference (PPI++) over questions, for these models and seeds; bootstrap over items for alpha.",
        categories.ANSWERS,
        "People",
        {},
        [table.without_empty() for table in tables if table.rows],
        [] if found else ["No judge has rated a labelled question, so that no gap is corrected."],
    )
