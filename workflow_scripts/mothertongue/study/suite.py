"""Choose the smallest suite of public benchmarks for a language, and say what it misses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .catalogue import CATALOGUE, KINDS, PublicTest, benchmarks_in, known_languages

FEW = 400  # items below which chance alone moves a score by 5 points or more
NATIVE_WORDS = {True: "native", False: "translated"}
# (native, kind) -> what to do where no public test is of this sort
INSTEAD = {
    (
        True,
        "structured",
    ): "write one of your own (docs/add-a-benchmark.md), and use held-out bits per byte",
    (True, "generative"): "use held-out bits per byte and open questions with people's labels",
    (False, "structured"): "compare languages and origins on what the suite holds, with more care",
    (False, "generative"): "have open questions translated by people, and label the answers",
}


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of a suite in a language (our code), and sentences for people.

    `missed`: one per sort of test that it lacks; `few`: one per test with few items.
    """

    language: str
    tests: tuple[PublicTest, ...]
    missed: tuple[str, ...]
    few: tuple[str, ...]


def _best(tests: Sequence[PublicTest]) -> PublicTest | None:
    """The first of the least foreign ones; a gated dataset only if there is no other."""
    usable = [test for test in tests if test.is_usable]
    return next(iter(sorted(usable, key=lambda test: test.gated is True)), None)


def _missing(name: str, native: bool, kind: str, unfit: Sequence[PublicTest]) -> str:
    """What is said of a sort of test that a language lacks."""
    sort = f"{NATIVE_WORDS[native]} {kind} test"
    head = f"No {sort} in {name} can be used" if unfit else f"No {sort} exists in {name}"
    reasons = [f"{test.label}: {test.unfit}" for test in unfit]
    return " ".join([f"{head}: {INSTEAD[native, kind]}.", *reasons])


def _few(test: PublicTest, name: str) -> str | None:
    """What is said of a test with few items."""
    if test.items is None or test.items >= FEW:
        return None
    points = 100 * 1.96 * 0.5 / math.sqrt(test.items)
    return (
        f"{test.label} has {test.items} items in {name}: the 95 % interval of a score near 50 is"
        f" ± {points:.0f} points."
    )


def smallest_suite(language: str, path: Path = CATALOGUE) -> Suite:
    """One test each, as far as there is one: native and translated, structured and generative.

    A test is of one origin and one kind, so no smaller set covers these.
    """
    found, name = benchmarks_in(language, path), known_languages().get(language, language)
    chosen, missed = [], []
    for native in (True, False):
        for kind in KINDS:
            cell = [test for test in found if test.is_native == native and test.kind == kind]
            best = _best(cell)
            if best:
                chosen.append(best)
            else:
                missed.append(_missing(name, native, kind, cell))
    few = tuple(said for test in chosen if (said := _few(test, name)))
    return Suite(language, tuple(chosen), tuple(missed), few)
