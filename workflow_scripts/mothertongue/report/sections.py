"""What each category opens with: its question, one picture of its claims, at most five sentences."""

import html
from collections.abc import Sequence
from typing import NamedTuple

from ..correlate import claims as c
from ..correlate.averages import Test
from ..correlate.claims import Claim
from ..correlate.gap_correlation import ENOUGH_MODELS
from . import categories
from .digits import fewest_digits, plain
from .first_page import bars_of_screen
from .forest import Bar, Look, draw_forest
from .glossary import explained
from .labels import capitalised
from .page import asset, document
from .sentences import Finding, Names, leaves_out_zero
from .together import together
from .verdicts import AXES, EITHER_SIDE, LEADS, LOOKS, WITHIN, printed_interval

MOST = 5  # sentences
ROWS = 40  # of a picture; where there are more, claims over all languages stand for their parts
IDLE = (c.UNDECIDED, c.NOT_SHOWN, c.AT_CHANCE)
SCORES = "Is the gap larger where models score higher?"
TOPIC = "A first look"  # sorts before the other sub-categories


class Opening(NamedTuple):
    """A category's question, and what its picture shows left and right of 0."""

    name: str
    question: str
    below: str
    above: str


OPENINGS = {
    categories.GAP: Opening(
        "gap",
        "Is there a gap between native and translated training data?",
        "translated better",
        "native better",
    ),
    categories.NOTICE: Opening(
        "notice", "Which benchmark notices the gap?", "translated better", "native better"
    ),
    categories.OBVIOUS: Opening(
        "growth",
        f"{SCORES} (r of gap and score)",
        "gap falls",
        "gap grows",
    ),
    categories.CAUSE: Opening(
        "causes", "Is it missing knowledge, or defects of the translation?", "below 0", "above 0"
    ),
    categories.BRIDGE: Opening(
        "settings", "Does another training setting change the gap?", "gap smaller", "gap larger"
    ),
    categories.ANSWERS: Opening(
        "judges", "Do judges see the same gap?", "second sees more", "first sees more"
    ),
}
CAUSES = {
    "knowledge": "native content",
    "defects": "translation and back",
    c.KNOWLEDGE_OR_DEFECTS: "their difference",
}


def look_of(claim: Claim) -> Look:
    """Colour and symbol of a verdict: which side leads, or that they are alike or differ."""
    if claim.verdict in LEADS:
        return LOOKS[c.NATIVE_BETTER if LEADS[claim.verdict] > 0 else c.TRANSLATED_BETTER]
    if claim.verdict in WITHIN:
        return LOOKS[c.NO_WORSE]
    if claim.verdict in EITHER_SIDE:
        return LOOKS[c.LANGUAGES_DIFFER]
    return LOOKS.get(claim.verdict, LOOKS[c.UNDECIDED])


def bar_of(claim: Claim, names: Names) -> Bar:
    """One row of a picture: the place as its heading, what differs within it as its name."""
    language = names.cells.facts.language(claim.language) if claim.language else "all languages"
    what = names.test(claim) if claim.benchmark is not None else claim.group or "all tests"
    heading, name = capitalised(what), language
    if claim.question == c.GROWTH:
        heading, name = "Gap and score", capitalised(what)
    elif claim.question == c.CAUSE:
        heading, name = f"{heading}, {language}", CAUSES.get(claim.contrast, claim.contrast)
    elif claim.question == c.SETTING:
        heading, name = f"{heading}, {language}", names.setting(claim)
    elif claim.question == c.JUDGES:
        heading = f"{names.judge(claim.first)} and {names.judge(claim.second)}"
        name = f"{what}, {language}"
    low, high = printed_interval(claim)
    if claim.question == c.GROWTH and claim.verdict in IDLE and leaves_out_zero(claim):
        low = high = None  # p, by exchange of models, decides: as in the sentence
    unit = "r" if claim.question == c.GROWTH else AXES.get(claim.unit, claim.unit)
    known = claim.estimate if claim.verdict != c.AT_CHANCE else None
    margin = claim.margin or (0.5 if unit == "r" else 1.0)
    if known is None:
        low = high = None
    return Bar(
        heading, capitalised(name), claim.verdict, look_of(claim), known, low, high, margin, unit
    )


def bars_of(section: str, findings: Sequence[Finding], names: Names) -> list[Bar]:
    """The rows of a section's picture."""
    claims = [f.claim for f in findings if f.section == section and f.claim.estimate is not None]
    if section == categories.GAP:
        return bars_of_screen(claims, names.cells)
    if len(claims) > ROWS:
        claims = [claim for claim in claims if claim.language is None] or claims
    return [bar_of(claim, names) for claim in claims[:ROWS]]


def chosen(section: str, findings: Sequence[Finding]) -> list[Finding]:
    """What is said: what was decided before what was not, over all languages before one."""
    own = [f for f in findings if f.section == section]
    return sorted(
        own,
        key=lambda f: (
            f.claim.verdict in IDLE,
            f.claim.question not in (c.CELL, c.BENCHMARK),
            f.claim.language is not None,
        ),
    )


def bars_beside_scores(claims: Sequence[Claim], names: Names) -> list[Bar]:
    """What is drawn of gap and score where no r is known: each test's gap and its native score."""
    known = [
        claim
        for claim in claims
        if claim.question == c.BENCHMARK
        and claim.estimate is not None
        and claim.first_score is not None
        and Test(claim.benchmark or "", claim.judge) not in names.cells.checks
    ]
    rows = [claim for claim in known if claim.language is not None]
    if len(rows) > ROWS:
        rows = [claim for claim in known if claim.language is None]
    bars = []
    for claim in sorted(rows, key=lambda row: -(row.first_score or 0)):
        bar = bar_of(claim, names)
        score = plain(claim.first_score or 0, fewest_digits(claim.unit))
        bars.append(bar._replace(name=f"{bar.name}, native {score}"))
    tests = list(dict.fromkeys(bar_of(claim, names).language for claim in rows))
    return sorted(bars, key=lambda bar: tests.index(bar.language))[:ROWS]


def growth_page(findings: Sequence[Finding], names: Names) -> str:
    """Gap and score where no r is known, as with one model; empty where no gap is known either."""
    claims = [finding.claim for finding in findings]
    models = max((one.models or 0 for one in claims if one.question == c.GROWTH), default=0)
    bars = bars_beside_scores(claims, names)
    if models >= ENOUGH_MODELS or not bars:
        return ""
    lines = [
        f"It takes {ENOUGH_MODELS} models to tell whether the gap grows with the score; this"
        f" study compares {models}.",
        "Each row shows a test's gap beside its score with native data; the highest score of a test"
        " comes first.",
    ]
    heads = (OPENINGS[categories.GAP].below, OPENINGS[categories.GAP].above)
    return opening_page(SCORES, draw_forest(bars, heads=heads), lines)


def section_page(section: str, findings: Sequence[Finding], names: Names) -> str:
    """A category's first page; empty where nothing is claimed."""
    opening = OPENINGS[section]
    lines = together(chosen(section, findings), names)
    if not lines:
        return ""
    bars = bars_of(section, findings, names)
    if section == categories.OBVIOUS and not bars:
        shown = growth_page(findings, names)
        if shown:
            return shown
    heads = (opening.below, opening.above)
    shaded = section != categories.OBVIOUS
    return opening_page(
        opening.question, draw_forest(bars, heads=heads, shaded=shaded) if bars else "", lines
    )


def opening_page(question: str, picture: str, lines: Sequence[str]) -> str:
    """A category's question, its picture (an SVG, or empty) and its first sentences."""
    told: set[str] = set()
    said = "".join(f"<li>{explained(line, told)}</li>" for line in lines[:MOST])
    rest = len(lines) - MOST
    more = (
        f"<p class='facts'>{rest} more: see the item <i>Every sentence</i>.</p>" if rest > 0 else ""
    )
    shown = f"<figure>{picture}</figure>" if picture else ""
    body = (
        f"<style>{asset('screen.css')}</style><div class='screen-one opening'>"
        f"<h1>{html.escape(question)}</h1>{shown}"
        f"<ul class='sentences'>{said}</ul>{more}</div>"
    )
    return document(question, body)
