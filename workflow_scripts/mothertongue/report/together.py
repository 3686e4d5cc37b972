"""Says once what holds for several tests: that they are at chance, or that nothing can be told."""

from collections.abc import Sequence

from ..correlate import claims as c
from .sentences import Finding, Names

AT_CHANCE = "At chance with either data, so that these tests see nothing with these models"


def together(findings: Sequence[Finding], names: Names) -> list[str]:
    """The sentences in their order; those that say the same of several places become one."""
    groups: dict[str, list[str]] = {}
    for finding in findings:
        place = names.place(finding.claim)
        if finding.claim.verdict == c.AT_CHANCE and finding.claim.question != c.SETTING:
            groups.setdefault(AT_CHANCE, []).append(place)
        else:
            said = finding.sentence.removeprefix(f"{place}: ")
            groups.setdefault(said, []).append(place)
    lines = []
    for said, places in groups.items():
        where = "; ".join(dict.fromkeys(places))
        lines.append(f"{said}: {where}." if said == AT_CHANCE else f"{where}: {said}")
    return lines
