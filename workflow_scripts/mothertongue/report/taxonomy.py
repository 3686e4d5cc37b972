"""The page on the paper's claims about kinds of tests, under the paper's labels and under ours.

What follows from the label, and what does not, stands on one page (correlate/kinds.py).
"""

import math
from collections.abc import Iterable

from ..correlate import kinds as k
from ..correlate.averages import Cells
from ..correlate.kinds import OURS, PAPER, KindClaim, Outcome, percent_tests
from . import categories
from .captions import plural, seeds_words
from .labels import short_label
from .table import Column, Field, Mark, Page, tabulate

SCHEMES = {PAPER: "the paper's", OURS: "ours"}
VERDICTS = {k.SHOWN: "shown", k.REVERSED: "the other way round", k.UNDECIDED: "undecided"}
SETTINGS = {k.LOW_RATE: "a lower learning rate", k.MULTILINGUAL: "multilingual training"}
CLAIMS = {
    k.NOTICING: "native or generative tests show a gap",
    k.NOTICING_MORE: "… a larger one than the other tests",
    k.GENERATIVE_MORE: "generative tests show a larger gap than structured ones",
    k.CLOSES_STRUCTURED: "{setting} closes the gap on structured tests",
    k.CLOSES_GENERATIVE: "{setting} closes the gap on generative tests",
    k.CLOSES_MORE: "{setting} closes more of it on structured than on generative tests",
}


def claim_words(claim: KindClaim) -> str:
    """A claim in words."""
    return CLAIMS[claim.name].format(setting=SETTINGS.get(claim.setting, ""))


def tests_words(cells: Cells, outcome: Outcome) -> str:
    """The tests behind an outcome."""
    words = ", ".join(short_label(cells, test) for test in outcome.first)
    if outcome.second:
        words += f" against {', '.join(short_label(cells, test) for test in outcome.second)}"
    return words


def changes(found: list[Outcome]) -> list[str]:
    """A line per claim whose verdict the labels decide; one line if they decide none."""
    by_claim: dict[KindClaim, dict[str, str]] = {}
    for outcome in found:
        verdict = VERDICTS[outcome.verdict]
        by_claim.setdefault(outcome.claim, {})[outcome.scheme] = verdict
    lines = [
        f"{claim_words(claim).removeprefix('… ').capitalize()}: {own[PAPER]} under the paper's labels,"
        f" {own[OURS]} under ours."
        for claim, own in by_claim.items()
        if len(set(own.values())) > 1
    ]
    return lines or ["The labels decide no verdict: each claim fares alike under both."]


def taxonomy_page(cells: Cells, found: Iterable[Outcome], confidence: float) -> Page | None:
    """The paper's claims on kinds of tests under both labels; None without the paper's labels."""
    found = [outcome for outcome in found if math.isfinite(outcome.interval.low)]
    if not found:
        return None
    fields: list[Field[Outcome]] = [
        Field(Column("Labels"), lambda row: SCHEMES[row.scheme]),
        Field(Column("Claim"), lambda row: claim_words(row.claim)),
        Field(Column("verdict", "", 0), lambda row: VERDICTS[row.verdict]),
        Field(
            Column(
                "points",
                "in favour of the claim",
                1,
                "mean over models of the mean over tests",
                True,
            ),
            lambda row: Mark(row.interval.estimate, interval=row.interval[1:]),
        ),
        Field(Column("models", "", 0), lambda row: row.models),
        Field(Column("tests", "", 0), lambda row: tests_words(cells, row)),
    ]
    title = "The paper's claims under its labels first, then under ours"
    table = tabulate("claims", title, fields, found, keys=2)
    named = [
        f"{short_label(cells, test)}: {one.paper_kind} in the paper, {one.kind} here"
        for test in percent_tests(cells)
        if (one := cells.facts.benchmark(test.benchmark)).kind != one.paper_kind
    ]
    table.notes += [f"Labelled otherwise: {'; '.join(named)}."] if named else []
    table.notes.append(
        f"Intervals are Student's t over models at {confidence:.0%}, each claim by itself; open questions"
        " are rated in other units and are left out (generative under both)."
    )
    where = categories.category(cells.facts, categories.NOTICE, "Labels of tests")
    return Page(
        "taxonomy",
        "labels",
        "Under whose labels?",
        "Do the paper's claims on structured and generative tests rest on what it calls structured?",
        "Compare the rows of a claim: the paper's labels first, then ours.",
        f"n: {plural(len(cells.models()), 'model')}. Metric: the main one of each test (percent)."
        f" {seeds_words(cells)}",
        *where,
        {"item": "Under whose labels?", "languages": ", ".join(cells.languages())},
        [table],
        changes(found),
    )
