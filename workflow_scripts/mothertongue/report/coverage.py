"""Names the languages that a mean leaves out, and says why."""

from collections.abc import Iterable

from ..correlate.averages import Cells, Setting, Test
from ..correlate.coverage import core_names, covered
from .labels import short_label


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def left_out(cells: Cells, tests: Iterable[Test], setting: Setting | None) -> list[str]:
    """Languages that means leave out and why; each reason once, with the tests if not all."""
    tests = list(tests)
    reasons: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for test in tests:
        metric = cells.metrics(test)[0]
        have = {
            name: covered(cells, test, metric, None, name, setting)
            for name in core_names(cells, test)
        }
        have = {name: codes for name, codes in have.items() if codes}
        for code in cells.languages(test):
            absent = tuple(name for name, codes in have.items() if code not in codes)
            if absent and len(absent) < len(have):
                reasons.setdefault((code, absent), []).append(short_label(cells, test))
    lines = []
    for (code, absent), names in reasons.items():
        what = listed([cells.facts.data_label(name) for name in absent])
        where = "" if len(names) == len(tests) else f" on {listed(names)}"
        lines.append(
            f"{cells.facts.language(code)} has no scores with {what}{where}, so means leave it out."
        )
    return lines
