"""The paper's claims on kinds of tests, under the paper's labels and under ours, side by side.

The paper calls TyDi QA and MGSM structured (4.3, 4.5); their answers are generated, and here they count
as generative. What follows from the label, and what does not, stands on one page. Only for scores whose
description has the paper's label (`paper_kind`).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..correlate.averages import MULTI, TRANSLATED, Cells, Setting, Test
from ..correlate.statistics import Interval, mean_interval
from . import categories
from .table import Column, Mark, Page, Table
from .tables import plural, seeds_words

SCHEMES = {"paper_kind": "the paper's", "kind": "ours"}
GENERATIVE, STRUCTURED = "generative", "structured"
SHOWN, REVERSED, UNDECIDED = "shown", "the other way round", "undecided"


@dataclass(frozen=True)
class Outcome:
    """A claim under one scheme of labels: an estimate in points over models, and what it says."""

    scheme: str
    claim: str
    tests: str
    interval: Interval
    models: int

    @property
    def verdict(self) -> str:
        """Shown where the interval lies above 0, reversed where below."""
        low, high = self.interval.low, self.interval.high
        return SHOWN if low > 0 else REVERSED if high < 0 else UNDECIDED


def percent_tests(cells: Cells) -> list[Test]:
    """Tests in percent with both labels: points of ratings are no percent."""
    benchmarks = cells.about["benchmarks"]
    return [
        test
        for test in cells.tests
        if test.judge is None and {"kind", "paper_kind"} <= set(benchmarks[test.benchmark])
    ]


def gap_of(cells: Cells, test: Test, model: str, setting: Setting) -> float:
    """Mean over languages of a model's gap, native minus translated, in the main metric."""
    metric = cells.metrics(test)[0]
    gaps = [
        cells.gap(test, metric, code, model, setting, second=TRANSLATED)
        for code in cells.languages(test)
    ]
    known = [gap for gap in gaps if not math.isnan(gap)]
    return sum(known) / len(known) if known else math.nan


def over_models(
    cells: Cells, tests: Iterable[Test], value: Callable[[Test, str], float]
) -> dict[str, float]:
    """Model -> mean of a value over tests; models without one of them are left out."""
    tests = list(tests)
    found = {}
    for model in cells.models():
        values = [value(test, model) for test in tests]
        if values and not any(map(math.isnan, values)):
            found[model] = sum(values) / len(values)
    return found


def contrast(
    cells: Cells,
    first: list[Test],
    second: list[Test],
    value: Callable[[Test, str], float],
    confidence: float,
) -> tuple[Interval, int]:
    """Mean over the first tests, less that over the second (none: 0), as an interval over models."""
    a = over_models(cells, first, value)
    b = over_models(cells, second, value) if second else dict.fromkeys(a, 0.0)
    shared = [model for model in a if model in b]
    return mean_interval([a[model] - b[model] for model in shared], confidence), len(shared)


def outcomes(cells: Cells, confidence: float) -> list[Outcome]:
    """Each claim under each scheme."""
    tests, main, found = percent_tests(cells), cells.main, []
    if not tests:
        return []
    benchmarks = cells.about["benchmarks"]
    low = [s for s in cells.settings() if s.kind == main.kind and s != main]
    multi = [
        s for s in cells.settings() if s.kind == MULTI and s.learning_rate == main.learning_rate
    ]

    def gap(test: Test, model: str) -> float:
        return gap_of(cells, test, model, main)

    def closed(setting: Setting) -> Callable[[Test, str], float]:
        return lambda test, model: gap(test, model) - gap_of(cells, test, model, setting)

    for scheme in SCHEMES:

        def named(test: Test, scheme: str = scheme) -> str:
            return benchmarks[test.benchmark][scheme]

        generative = [t for t in tests if named(t) == GENERATIVE]
        structured = [t for t in tests if named(t) == STRUCTURED]
        noticing = [
            t
            for t in tests
            if named(t) == GENERATIVE or benchmarks[t.benchmark]["origin"] == "native"
        ]
        others = [t for t in tests if t not in noticing]
        rows = [
            ("native or generative tests show a gap", noticing, [], gap),
            ("… a larger one than the other tests", noticing, others, gap),
            (
                "generative tests show a larger gap than structured ones",
                generative,
                structured,
                gap,
            ),
        ]
        for settings, how in ((low, "a lower learning rate"), (multi, "multilingual training")):
            for setting in settings[:1]:
                shrinks = closed(setting)
                rows += [
                    (f"{how} closes the gap on structured tests", structured, [], shrinks),
                    (f"{how} closes the gap on generative tests", generative, [], shrinks),
                    (
                        f"{how} closes more of it on structured than on generative tests",
                        structured, generative, shrinks,
                    ),
                ]  # fmt: skip
        for claim, first, second, value in rows:
            interval, models = contrast(cells, first, second, value, confidence)
            words = ", ".join(cells.short_label(t) for t in first)
            if second:
                words += f" against {', '.join(cells.short_label(t) for t in second)}"
            found.append(Outcome(scheme, claim, words, interval, models))
    return found


def changes(found: list[Outcome]) -> list[str]:
    """A line per claim whose verdict the labels decide; one line if they decide none."""
    by_claim: dict[str, dict[str, str]] = {}
    for outcome in found:
        by_claim.setdefault(outcome.claim, {})[outcome.scheme] = outcome.verdict
    lines = [
        f"{claim.removeprefix('… ').capitalize()}: {own['paper_kind']} under the paper's labels,"
        f" {own['kind']} under ours."
        for claim, own in by_claim.items()
        if len(set(own.values())) > 1
    ]
    return lines or ["The labels decide no verdict: each claim fares alike under both."]


def taxonomy_page(cells: Cells, confidence: float) -> Page | None:
    """The paper's claims on kinds of tests under both labels; None without the paper's labels."""
    found = [o for o in outcomes(cells, confidence) if math.isfinite(o.interval.low)]
    if not found:
        return None
    table = Table(
        "claims",
        "The paper's claims under its labels first, then under ours",
        [
            Column("Labels"),
            Column("Claim"),
            Column("verdict", "", 0),
            Column(
                "points",
                "in favour of the claim",
                1,
                "mean over models of the mean over tests",
                True,
            ),
            Column("models", "", 0),
            Column("tests", "", 0),
        ],
        keys=2,
    )
    for outcome in found:
        interval = outcome.interval
        table.rows.append(
            [
                SCHEMES[outcome.scheme],
                outcome.claim,
                outcome.verdict,
                Mark(interval.estimate, interval=(interval.low, interval.high)),
                outcome.models,
                outcome.tests,
            ]
        )
    named = [
        f"{cells.short_label(t)}: {b['paper_kind']} in the paper, {b['kind']} here"
        for t in percent_tests(cells)
        if (b := cells.about["benchmarks"][t.benchmark])["kind"] != b["paper_kind"]
    ]
    table.notes += [f"Labelled otherwise: {'; '.join(named)}."] if named else []
    table.notes.append(
        f"Intervals are Student's t over models at {confidence:.0%}, each claim by itself; open questions"
        " are rated in other units and are left out (generative under both)."
    )
    where, topic = categories.category(cells.about, categories.NOTICE)
    return Page(
        "taxonomy",
        "labels",
        "Under whose labels?",
        "Do the paper's claims on structured and generative tests rest on what it calls structured?",
        "Compare the rows of a claim: the paper's labels first, then ours.",
        f"n: {plural(len(cells.models()), 'model')}. Metric: the main one of each test (percent)."
        f" {seeds_words(cells)}",
        where,
        topic or "Labels of tests",
        {"item": "Under whose labels?", "languages": ", ".join(cells.languages())},
        [table],
        changes(found),
    )
