"""A page on judges' probes: accuracy, and what they lean to."""

from collections.abc import Mapping, Sequence

from ..judge.probes import PASSING, Trial
from . import categories
from .table import Column, Entry, Field, Mark, Page, tabulate

KINDS = {
    "wrong": "right against plausible but wrong",
    "cut": "complete against cut",
    "other": "right language against another",
    "padding": "short against padded",
    "order": "right against an order to the judge",
}


def probes_page(
    rows: Sequence[Trial],
    names: Mapping[str, Mapping[str, str]],
    confidence: float,
    untried: Sequence[str] = (),
) -> Page:
    """A table by judge and language, and one by kind of probe. `untried`: languages without probes."""

    def accuracy(row: Trial) -> Entry:
        return Mark(
            100 * row.accuracy, bold=not row.passes, interval=(100 * row.low, 100 * row.high)
        )

    def points(value: float | None) -> float | None:
        return None if value is None else 100 * value

    fields: list[Field[Trial]] = [
        Field(Column("Judge"), lambda row: names["judges"].get(row.judge, row.judge)),
        Field(
            Column("Language"),
            lambda row: (
                names["languages"].get(row.language, row.language) if row.language else "all"
            ),
        ),
        Field(Column("Probe"), lambda row: KINDS.get(row.kind, row.kind) if row.kind else "all"),
        Field(Column("accuracy", "%", 0), accuracy),
        Field(
            Column("longer wins", "points more often than is right", 0, sign=True),
            lambda row: points(row.length),
        ),
        Field(
            Column("first shown wins", "points more often than half", 0, sign=True),
            lambda row: points(row.position),
        ),
        Field(Column("probes", "n", 0), lambda row: row.probes),
        Field(Column("not read", "n", 0), lambda row: row.unread),
    ]
    whole = [row for row in rows if row.kind is None]
    kinds = [row for row in rows if row.kind is not None]
    failing = sorted({names["judges"].get(row.judge, row.judge) for row in whole if not row.passes})
    notes = [f"Below {100 * PASSING:.0f} %: {', '.join(failing)}."] if failing else []
    if untried:
        told = ", ".join(names["languages"].get(code, code) for code in untried)
        notes.append(f"No probes in {told}: what a judge is worth there is not known.")
    return Page(
        "",
        "probes",
        "Judges on trial",
        "Does a judge know the better answer where everybody does?",
        f"A judge below {100 * PASSING:.0f} % in a language (bold) is marked wherever it is shown; guessing"
        " gives 50 %.",
        "n: in every row. Metric: per cent of probes in which the better answer wins; ties count half,"
        f" and pairs are asked in both orders. {100 * confidence:g} % intervals: Student's t over questions.",
        categories.ANSWERS,
        "Judges",
        {},
        [
            tabulate("judges", "Judges by language", fields, whole, keys=3).without_empty(),
            tabulate("kinds", "Judges by kind of probe", fields, kinds, keys=3).without_empty(),
        ],
        notes,
    )
