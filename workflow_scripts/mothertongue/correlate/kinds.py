"""The paper's claims on kinds of tests, under the paper's labels and under ours.

The paper calls TyDi QA and MGSM structured (4.3, 4.5); their answers are generated, and here they count
as generative. Each claim is estimated under both labels, for scores whose description has the paper's
label (`paper_kind`).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..scores import MULTI
from .averages import TRANSLATED, Cells, Setting, Test
from .facts import BenchmarkFacts
from .statistics import Interval, mean_interval

PAPER, OURS = "paper_kind", "kind"  # whose labels
SCHEMES = (PAPER, OURS)
GENERATIVE, STRUCTURED = "generative", "structured"
SHOWN, REVERSED, UNDECIDED = "shown", "reversed", "undecided"
# Claims: native or generative tests show a gap, a larger one than the others; generative tests show
# a larger gap than structured ones; another setting closes the gap on a kind of tests, or more of it.
NOTICING, NOTICING_MORE, GENERATIVE_MORE = "noticing", "noticing more", "generative more"
LOW_RATE, MULTILINGUAL = "low rate", "multilingual"  # the settings that may close the gap
CLOSES_STRUCTURED, CLOSES_GENERATIVE, CLOSES_MORE = "structured", "generative", "more"


@dataclass(frozen=True, slots=True)
class KindClaim:
    """What is claimed; `setting` is named where the claim is about closing the gap."""

    name: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A claim under one scheme of labels: an estimate in points over models, and what it says."""

    scheme: str
    claim: KindClaim
    first: tuple[Test, ...]
    second: tuple[Test, ...]  # empty: the first tests are compared with no gap
    interval: Interval
    models: int

    @property
    def verdict(self) -> str:
        """Shown where the interval lies above 0, reversed where below."""
        low, high = self.interval.low, self.interval.high
        return SHOWN if low > 0 else REVERSED if high < 0 else UNDECIDED


Value = Callable[[Test, str], float]  # of a test and a model
Rows = list[tuple[KindClaim, list[Test], list[Test], Value]]


def kind_of(benchmark: BenchmarkFacts, scheme: str) -> str | None:
    """A benchmark's kind under one scheme of labels."""
    return benchmark.paper_kind if scheme == PAPER else benchmark.kind


def percent_tests(cells: Cells) -> list[Test]:
    """Tests in percent with both labels: points of ratings are no percent."""
    return [
        test
        for test in cells.tests
        if test.judge is None
        and all(kind_of(cells.facts.benchmark(test.benchmark), name) for name in SCHEMES)
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


def over_models(cells: Cells, tests: Iterable[Test], value: Value) -> dict[str, float]:
    """Model -> mean of a value over tests; models without one of them are left out."""
    tests = list(tests)
    found = {}
    for model in cells.models():
        values = [value(test, model) for test in tests]
        if values and not any(map(math.isnan, values)):
            found[model] = sum(values) / len(values)
    return found


def contrast(
    cells: Cells, first: list[Test], second: list[Test], value: Value, confidence: float
) -> tuple[Interval, int]:
    """Mean over the first tests, less that over the second (none: 0), as an interval over models."""
    a = over_models(cells, first, value)
    b = over_models(cells, second, value) if second else dict.fromkeys(a, 0.0)
    shared = [model for model in a if model in b]
    return mean_interval([a[model] - b[model] for model in shared], confidence), len(shared)


def closing_settings(cells: Cells) -> dict[str, Setting]:
    """The first setting with a lower learning rate, and the first multilingual one, if any."""
    main = cells.main
    low = [s for s in cells.settings() if s.kind == main.kind and s != main]
    multi = [
        s for s in cells.settings() if s.kind == MULTI and s.learning_rate == main.learning_rate
    ]
    return {name: own[0] for name, own in ((LOW_RATE, low), (MULTILINGUAL, multi)) if own}


def outcomes(cells: Cells, confidence: float) -> list[Outcome]:
    """Each claim under each scheme."""
    tests, main = percent_tests(cells), cells.main
    if not tests:
        return []

    def gap(test: Test, model: str) -> float:
        return gap_of(cells, test, model, main)

    def closed(setting: Setting) -> Value:
        return lambda test, model: gap(test, model) - gap_of(cells, test, model, setting)

    found = []
    for scheme in SCHEMES:
        kinds = {test: kind_of(cells.facts.benchmark(test.benchmark), scheme) for test in tests}
        generative = [test for test in tests if kinds[test] == GENERATIVE]
        structured = [test for test in tests if kinds[test] == STRUCTURED]
        noticing = [
            test
            for test in tests
            if kinds[test] == GENERATIVE or cells.facts.benchmark(test.benchmark).origin == "native"
        ]
        others = [test for test in tests if test not in noticing]
        rows: Rows = [
            (KindClaim(NOTICING), noticing, [], gap),
            (KindClaim(NOTICING_MORE), noticing, others, gap),
            (KindClaim(GENERATIVE_MORE), generative, structured, gap),
        ]
        for name, setting in closing_settings(cells).items():
            shrinks = closed(setting)
            rows += [
                (KindClaim(CLOSES_STRUCTURED, name), structured, [], shrinks),
                (KindClaim(CLOSES_GENERATIVE, name), generative, [], shrinks),
                (KindClaim(CLOSES_MORE, name), structured, generative, shrinks),
            ]
        for claim, first, second, value in rows:
            interval, models = contrast(cells, first, second, value, confidence)
            found.append(Outcome(scheme, claim, tuple(first), tuple(second), interval, models))
    return found
