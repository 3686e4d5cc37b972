"""Collects every sentence of a source, and words what stands around the first table: n, what is missing."""

import html
from collections.abc import Iterable
from typing import NamedTuple

from ..correlate import claims as c
from ..correlate.averages import Cells
from ..correlate.claims import Claim
from ..correlate.facts import LANGUAGE_FIDELITY
from ..correlate.notes import setting_words
from ..judge.probes import FAILS
from .captions import metrics_words, plural, seeds_words
from .coverage import left_out, listed
from .first_page import Screen
from .glossary import explained
from .sentences import SECTIONS, Finding, Names, word
from .together import together
from .verdicts import checked, is_shared, levels_words, unit_words

MOST_MISSING = 4  # lines on the first page
DIFFERENCES = (c.NATIVE_BETTER, c.TRANSLATED_BETTER, c.LANGUAGES_DIFFER)
TITLE = "Is translated instruction data good enough?"
QUESTION = "Is translated instruction data good enough, and would the tests notice if it were not?"
LOOK = (
    "A cell compares native data with the mean over the translators. ▲ native better, ▼ translated"
    " better, ≈ no worse with translated: the interval lies within the margin (grey band), ? undecided,"
    " ∅ this test sees nothing with these models."
)


def find_all(claims: Iterable[Claim], names: Names) -> list[Finding]:
    """One finding per claim, by section."""
    found = [
        Finding(word(claim, names), checked(claim), SECTIONS[claim.question]) for claim in claims
    ]
    return sorted(found, key=lambda finding: finding.section)


class FirstPage(NamedTuple):
    """What the first page is made of: scores, claims in its table, findings that it may tell."""

    cells: Cells
    claims: list[Claim]
    findings: list[Finding]


def for_first_page(cells: Cells, claims: list[Claim], findings: list[Finding]) -> FirstPage:
    """Of answers looked at without a judge only what differs, unless a study has nothing else."""

    def told(claim: Claim) -> bool:
        return claim.group != LANGUAGE_FIDELITY or checked(claim).verdict in DIFFERENCES

    checks = [claim for claim in claims if claim.group == LANGUAGE_FIDELITY]
    if not checks or len(checks) == len(claims):
        return FirstPage(cells, claims, findings)
    findings = [finding for finding in findings if told(finding.claim)]
    if any(map(told, checks)):
        return FirstPage(cells, claims, findings)
    rest = [test for test in cells.tests if test not in cells.checks]
    return FirstPage(cells.on(rest), [one for one in claims if one not in checks], findings)


def bases_words(claims: list[Claim]) -> str:
    """What the intervals range over."""
    words = {
        c.MODELS: "models, each with a training of its own (languages fixed)",
        c.FAMILIES: "model families (languages fixed)",
        c.REPLICATES: "draws, seeds and items for these models",
        c.ADAPTERS: "items of the adapters at hand, which decides nothing about a method",
    }
    found = dict.fromkeys(words[claim.basis] for claim in claims)
    return "; or over ".join(found) or "nothing"


def facts_words(cells: Cells, claims: list[Claim]) -> str:
    """n, metric, seeds, and what the intervals are."""
    shown = [claim for claim in claims if claim.question not in (c.GROWTH, c.LANGUAGES)]
    margins = dict.fromkeys(
        f"{claim.margin:g} {unit_words(claim.unit)}"
        for claim in claims
        if claim.question == c.CELL and claim.margin
    )
    return (
        f"n: {plural(len(cells.models()), 'model')}, {plural(len(cells.languages()), 'language')},"
        f" {plural(len(cells.tests), 'test')}; {setting_words(cells.main)}."
        f" {metrics_words(cells, cells.tests, main=True)} {seeds_words(cells)}"
        f" In brackets: {levels_words(shown)} over {bases_words(shown)}."
        + (f" Margin: {', '.join(margins)}." if margins else "")
        + "".join(f" Judge {label}." for label in cells.facts.judges.values() if FAILS in label)
        + "".join(f" {note[:1].upper()}{note[1:]}." for note in shared_notes(claims))
    )


def shared_notes(claims: list[Claim]) -> list[str]:
    """Notes about all claims alike, each once."""
    parts = (part.strip() for claim in claims for part in claim.note.split(";"))
    return list(dict.fromkeys(part for part in parts if is_shared(part)))


def missing_words(cells: Cells, screen: Screen) -> list[str]:
    """What has no score and why, each reason once; then languages that means leave out."""
    lines = [f"Missing: {line}." for line in cells.facts.missing]
    lines += left_out(cells, cells.tests, cells.main)
    untested = {
        group: [code for code in screen.languages if (code, group) not in screen.cells]
        for group in screen.groups
    }
    lines += [
        f"No test in the group '{group}' for {listed([cells.facts.language(code) for code in codes])}."
        for group, codes in untested.items()
        if codes
    ]
    return lines[:MOST_MISSING] + (
        [f"{len(lines) - MOST_MISSING} more: see the pages of the tests."]
        if len(lines) > MOST_MISSING
        else []
    )


def every_sentence(findings: list[Finding], names: Names) -> str:
    """All sentences by section, as a piece of HTML; what holds for several tests is said once."""
    body = []
    told: set[str] = set()
    for section in dict.fromkeys(finding.section for finding in findings):
        own = together([f for f in findings if f.section == section], names)
        lines = "".join(f"<li>{explained(line, told)}</li>" for line in own)
        body.append(f"<h2>{html.escape(section)}</h2>\n<ul>{lines}</ul>")
    return "\n".join(body)
