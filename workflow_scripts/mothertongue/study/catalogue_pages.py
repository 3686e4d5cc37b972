"""Show the catalogue of public benchmarks: a language on the terminal, all of it as Markdown."""

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import yaml

from .catalogue import (
    KINDS,
    ORIGINS,
    PublicTest,
    benchmarks_in,
    known_languages,
    read_catalogue,
)
from .suite import NATIVE_WORDS, Suite, smallest_suite, study_entries

WIDTH = 100
UNKNOWN = "not known"
ACCESS = {True: "gated", False: "open", None: UNKNOWN}


def _count(items: int | None) -> str:
    return UNKNOWN if items is None else f"{items:,}"


def _chance(chance: float | None) -> str:
    return UNKNOWN if chance is None else f"{100 * chance:.3g} %"


def _block(text: str, mark: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=f"    {mark} ",
        subsequent_indent="      ",
        break_on_hyphens=False,
    )


def _rows(tests: Sequence[PublicTest]) -> Iterator[str]:
    """A line of a table per test, with its task, licence and faults below."""
    heads = ("benchmark", "origin", "kind", "items", "chance", "access", "year")
    cells = [
        (
            test.label,
            test.origin,
            test.kind,
            _count(test.items),
            _chance(test.chance),
            ACCESS[test.gated],
            str(test.year),
        )
        for test in tests
    ]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        return "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()

    yield line(heads)
    for test, row in zip(tests, cells, strict=True):
        yield line(row)
        yield _block(f"{test.task}: {test.measures}; licence: {test.licence or UNKNOWN}", "task")
        if test.unfit and not test.is_usable:
            yield _block(test.unfit, "in no suite:")
        yield from (_block(fault, "-") for fault in test.faults)


def _suite_lines(suite: Suite) -> Iterator[str]:
    """What a suite holds and lacks."""
    for test in suite.tests:
        sort = f"{NATIVE_WORDS[test.is_native]} {test.kind}"
        own = f" (here: task {test.pack.name})" if test.pack else ""
        yield f"    {sort:<23} {test.label}: {test.task}{own}"
    yield from (_block(sentence, "-") for sentence in (*suite.missed, *suite.few))


def _entry_lines(suite: Suite) -> Iterator[str]:
    """The entries that a study would have for a suite."""
    yield from (
        "",
        f"A study takes it by evaluate: {{suite: {{{suite.language}: auto}}}}, or by these benchmarks:",
    )
    for entry in study_entries(suite.tests):
        written = yaml.safe_dump(
            entry.as_config(), default_flow_style=True, width=math.inf, sort_keys=False
        )
        yield f"    {entry.name}: {written.strip()}"


def suite_text(code: str) -> str:
    """The suite of one language: its tests, and what is missed."""
    title = f"suite of {known_languages().get(code, code)} ({code})"
    return "\n".join(["", title, "=" * WIDTH, *_suite_lines(smallest_suite(code))])


def language_text(code: str, name: str) -> str:
    """The benchmarks of one language and its smallest suite, for the terminal."""
    tests = benchmarks_in(code)
    title = f"{name} ({code}): {len(tests)} public benchmark{'s' * (len(tests) != 1)}"
    lines = ["", title, "=" * len(title)]
    suite = smallest_suite(code)
    if not tests:
        return "\n".join([*lines, *_suite_lines(suite)])
    return "\n".join(
        [
            *(*lines, *_rows(tests), "", "The smallest suite that covers what there is:"),
            *(*_suite_lines(suite), *(_entry_lines(suite) if suite.tests else ())),
        ]
    )


def _origins(tests: Mapping[str, PublicTest]) -> str:
    """The origin of most languages, then the others with their languages."""
    groups = {
        origin: codes
        for origin in ORIGINS
        if (codes := [code for code, test in tests.items() if test.origin == origin])
    }
    most = max(groups, key=lambda origin: len(groups[origin]))
    others = [f"{origin} in {', '.join(c)}" for origin, c in groups.items() if origin != most]
    return "; ".join([most, *others])


def _range(numbers: Iterable[int | None]) -> str:
    """From the fewest to the most items of a language."""
    all_numbers = set(numbers)
    known = sorted(number for number in all_numbers if number is not None)
    if not known:
        return UNKNOWN
    shown = _count(known[0]) if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"
    return f"{shown}; partly {UNKNOWN}" if None in all_numbers else shown


def _tasks(tests: Mapping[str, PublicTest]) -> str:
    """The task of the first language, as an example."""
    return f"`{next(iter(tests.values())).task}`"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def _benchmark_rows() -> Iterator[Sequence[str]]:
    for tests in read_catalogue().values():
        first = next(iter(tests.values()))
        yield (
            f"[{first.label}]({first.source})",
            _tasks(tests),
            str(len(tests)),
            _origins(tests),
            first.kind,
            _range(test.items for test in tests.values()),
            _chance(first.chance),
            first.licence or UNKNOWN,
            ACCESS[first.gated],
            str(first.year),
        )


def _notes() -> Iterator[str]:
    """What each benchmark measures, its languages, its data and its faults."""
    for tests in read_catalogue().values():
        first = next(iter(tests.values()))
        at = f" at `{first.revision[:12]}`" if first.revision else ""
        own = [code for code, test in tests.items() if test.pack]
        yield f"* **{first.label}**: {first.measures}. `{first.hub}`{at}, checked {first.checked}."
        yield f"  Languages: {', '.join(tests)}."
        if own:
            task = tests[own[0]].pack
            yield f"  This workflow's own task: `{task.name if task else ''}` ({', '.join(own)})."
        said = dict.fromkeys(fault for test in tests.values() for fault in test.faults)
        unfit = [f"In no suite: {first.unfit}"] if first.unfit and not first.is_usable else []
        yield from (f"  - {fault}" for fault in (*said, *unfit))


def _language_rows() -> Iterator[Sequence[str]]:
    for code, name in known_languages().items():
        suite = smallest_suite(code)
        chosen = {(test.is_native, test.kind): test.label for test in suite.tests}
        cells = [chosen.get((native, kind), "–") for native in (True, False) for kind in KINDS]
        yield (f"{name} (`{code}`)", str(len(benchmarks_in(code))), *cells)


def as_markdown() -> str:
    """The tables and notes of docs/benchmarks.md."""
    sorts = [f"{NATIVE_WORDS[native]}, {kind}" for native in (True, False) for kind in KINDS]
    return "\n".join(
        [
            "## Benchmarks\n",
            _table(
                ("benchmark", "a task", "languages", "origin", "kind", "items", "chance", "licence")
                + ("access", "year"),
                _benchmark_rows(),
            ),
            "## What to know about each\n",
            *_notes(),
            "\n## Languages and their smallest suites\n",
            "`–`: no public test of this sort is known, or none that can be used.\n",
            _table(("language", "benchmarks", *sorts), _language_rows()),
        ]
    )
