"""Choose the smallest suite of public benchmarks for a language, and say what it misses.

A study takes a suite, or any test of the catalogue, as entries of `evaluate.benchmarks`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalogue import CATALOGUE, KINDS, PublicTest, benchmarks_in, known_languages
from .schema import Json
from .validation import Names, mapping, unknown

AUTO = "auto"  # a study's `evaluate.suite`: the smallest one

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


@dataclass(frozen=True, slots=True)
class StudyEntry:
    """One public benchmark as a study configures it; `codes`: (our code, lm-eval's) where they differ."""

    name: str
    label: str
    task: str
    codes: tuple[tuple[str, str], ...]
    languages: tuple[str, ...]
    origin: str
    kind: str
    limit: int | None
    cluster: str | None

    def as_config(self) -> dict[str, Any]:
        """The entry of `evaluate.benchmarks`, as YAML has it."""
        return {
            "label": self.label,
            "task": self.task,
            **({"codes": dict(self.codes)} if self.codes else {}),
            "languages": list(self.languages),
            "origin": self.origin,
            "kind": self.kind,
            **({"limit": self.limit} if self.limit else {}),
            **({"cluster": self.cluster} if self.cluster else {}),
        }


def study_entries(tests: Iterable[PublicTest]) -> list[StudyEntry]:
    """Entries for these tests: one for all languages of a benchmark in which origin and task agree.

    The workflow's own task is taken where it has the language. A second entry of one benchmark has
    its first language in its name and label.
    """
    groups: dict[tuple[str, str, str], list[PublicTest]] = {}
    for test in tests:
        task = test.pack.name if test.pack else test.pattern
        groups.setdefault((test.name, task, test.origin), []).append(test)
    entries: dict[str, StudyEntry] = {}
    for (name, task, origin), same in groups.items():
        first = same[0]
        again = name in entries
        entry = StudyEntry(
            f"{name}-{first.language}" if again else name,
            f"{first.label} ({first.language})" if again else first.label,
            task,
            tuple((t.language, t.code) for t in same if not t.pack and t.code != t.language),
            tuple(test.language for test in same),
            origin,
            first.kind,
            first.pack.limit if first.pack else None,
            None if first.pack else first.cluster,
        )
        entries[entry.name] = entry
    return list(entries.values())


def suite_languages(config: Json) -> list[str]:
    """The languages for which a study asks for a suite, in the order of their codes."""
    asked = mapping(mapping(mapping(config).get("evaluate")).get("suite"))
    return sorted(
        code for code, wanted in asked.items() if isinstance(code, str) and wanted == AUTO
    )


def with_suites(raw: Json) -> Json:
    """A configuration with the entries of its suites; what it names itself stays as it is."""
    languages = mapping(mapping(raw).get("languages"))
    if not (codes := [code for code in suite_languages(raw) if code in languages]):
        return raw
    own = raw["evaluate"].get("benchmarks")
    if own is not None and not isinstance(own, Mapping):
        return raw  # said elsewhere
    tests = [test for code in codes for test in smallest_suite(code).tests]
    added = {entry.name: entry.as_config() for entry in study_entries(tests)}
    return {**raw, "evaluate": {**raw["evaluate"], "benchmarks": {**added, **(own or {})}}}


def suite_mistakes(config: Json) -> Iterator[str]:
    """Suites of languages that a study lacks, or that no public benchmark holds."""
    if not isinstance(config, Mapping):
        return
    languages = Names(config).languages
    for code in suite_languages(config):
        where = f"evaluate.suite.{code}"
        if code not in languages:
            yield from unknown(where, code, languages, "language")
        elif not smallest_suite(code).tests:
            yield (
                f"{where}: no public benchmark of this language is known; leave it out, and add your"
                " own (docs/add-a-benchmark.md)"
            )
