"""Says once what holds for several tests: that they are at chance, or that nothing can be told."""

from collections.abc import Sequence

from ..correlate import claims as c
from .sentences import Finding, Names

AT_CHANCE = "At chance with either data, so that these tests see nothing with these models"


def together(findings: Sequence[Finding], names: Names) -> list[str]:
    """The sentences in their order; those without a number of their own that say the same are one."""
    shared: dict[str, list[str]] = {}
    lines: list[str] = []  # keys of `shared`, and sentences that stand alone
    for finding in findings:
        place = names.place(finding.claim)
        if finding.claim.verdict == c.AT_CHANCE and finding.claim.question != c.SETTING:
            said = AT_CHANCE
        elif finding.claim.estimate is None and finding.sentence.startswith(f"{place}: "):
            said = finding.sentence.removeprefix(f"{place}: ")
        else:
            lines.append(finding.sentence)
            continue
        if said not in shared:
            lines.append(said)
        shared.setdefault(said, []).append(place)
    return [_line(line, list(dict.fromkeys(shared.get(line, ())))) for line in lines]


def _line(said: str, places: list[str]) -> str:
    """A sentence with the places that it is said of; it names its own if there are none."""
    if not places:
        return said
    return f"{said}: {'; '.join(places)}." if said == AT_CHANCE else f"{'; '.join(places)}: {said}"
