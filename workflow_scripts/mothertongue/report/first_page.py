"""The report's first page: a table of verdicts, its forest plot, and at most eight sentences.

One piece of HTML with its own style, for the report's first page and for an item of its own. It is
made of claims alone; what no claim holds stays empty and is said once below the table.
"""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..correlate import claims as c
from ..correlate.averages import Cells
from ..correlate.claims import Claim
from ..correlate.facts import LANGUAGE_FIDELITY
from ..correlate.notes import HIDES
from .citing import citing_html
from .digits import p_words
from .forest import Bar, draw_forest
from .glossary import explained
from .labels import capitalised
from .page import asset
from .sentences import MOST, Finding
from .verdicts import (
    AXES,
    LOOKS,
    almost,
    checked,
    deciding_confidence,
    needed_words,
    numbers,
    over_words,
    printed_interval,
    without_spread,
)

ORDER = ("knowledge", "reading", "reasoning", "open answers", "text")
ALL = "all languages"
MANY = 5  # rows; more of them are set closer
WORDS = {c.AT_CHANCE: "sees nothing: at chance"}


@dataclass
class Screen:
    """The cells of the first page: (language or None for all, group) -> claim."""

    languages: list[str]
    groups: list[str]
    cells: dict[tuple[str | None, str], Claim] = field(default_factory=dict)
    best: dict[tuple[str | None, str], Claim] = field(default_factory=dict)

    @property
    def rows(self) -> list[str | None]:
        """Languages, and all of them together where there are several."""
        pooled = any((None, group) in self.cells for group in self.groups)
        return [*self.languages, *([None] if pooled and len(self.languages) > 1 else [])]


def arrange(claims: Iterable[Claim], languages: list[str]) -> Screen:
    """Choose the claims of the first page; a reversal between languages replaces the pooled cell."""
    claims = [checked(claim) for claim in claims]
    of_cells = [claim for claim in claims if claim.question == c.CELL and claim.group]
    groups = list(dict.fromkeys(claim.group or "" for claim in of_cells))
    groups.sort(key=lambda group: ORDER.index(group) if group in ORDER else len(ORDER))
    used = {claim.language for claim in of_cells}
    screen = Screen([code for code in languages if code in used], groups)
    for claim in of_cells:
        screen.cells[claim.language, claim.group or ""] = claim
    for claim in claims:
        place = (claim.language, claim.group or "")
        if claim.question == c.BEST and claim.benchmark is None:
            screen.best[place] = claim
    for claim in claims:
        if claim.question != c.LANGUAGES or claim.benchmark is not None:
            continue
        place = (None, claim.group or "")
        if claim.group in groups and (
            claim.verdict == c.LANGUAGES_DIFFER or place not in screen.cells
        ):
            screen.cells[place] = claim
    return screen


def column_unit(screen: Screen, group: str) -> str:
    """Unit of a column, from its first cell."""
    own = [claim.unit for (_, name), claim in screen.cells.items() if name == group]
    return AXES.get(own[0], own[0]) if own else ""


def cell_html(claim: Claim | None, best: Claim | None, cells: Cells, group: str = "") -> str:
    """One cell: verdict, estimate with the deciding interval, best translator, what would decide."""
    place = f'data-group="{html.escape(capitalised(group))}"'
    if claim is None:
        return f'<td class="none" {place}>–</td>'
    if claim.question == c.LANGUAGES and claim.verdict != c.LANGUAGES_DIFFER:
        alone = f" ({p_words(claim.p, claim.level)})" if claim.p is not None else ""
        words = f"no mean, as the languages may differ{alone}"
        return f'<td class="none" {place} title="{html.escape(claim.note)}">{words}</td>'
    look = LOOKS.get(claim.verdict, LOOKS[c.UNDECIDED])
    words = WORDS.get(claim.verdict, claim.verdict)
    lines = [
        f'<b style="color:{look.ink}"><span aria-hidden="true">{look.symbol}</span>'
        f" {html.escape(words)}</b>"
    ]
    if claim.verdict == c.LANGUAGES_DIFFER:
        p = claim.p_adjusted if claim.p_adjusted is not None else claim.p
        lines.append(f"no mean: {p_words(p, claim.level)}" if p is not None else "no mean")
    elif without_spread(claim):
        lines.append("no score differs")
    elif claim.estimate is not None and claim.verdict != c.AT_CHANCE:
        lines.append(html.escape(numbers(claim, unit=False)))
    more = []
    chosen = best.best or best.second if best is not None else claim.best
    if chosen and claim.verdict != c.AT_CHANCE and claim.estimate != 0:
        more.append(f"best: {cells.facts.data_label(chosen)}")
    if almost(claim):
        more.append("not at the page's level")
    if HIDES in claim.note:
        more.append("its tests differ by more than the margin")
    if claim.basis == c.ADAPTERS and claim.verdict == c.UNDECIDED:
        more.append("one training each")
    needed = needed_words(claim) if claim.verdict == c.UNDECIDED else ""
    if needed:
        more.append(f"would decide: {needed}")
    if more:
        lines.append("".join(f"<i>{html.escape(line)}</i>" for line in more))
    hint = f"{over_words(claim)}; {100 * deciding_confidence(claim):.4g} % interval"
    p = claim.p_adjusted
    hint += f"; adjusted {p_words(p, claim.level)}" if p is not None else ""
    hint += f"; {', '.join(claim.members)}" if claim.members else ""
    hint += f"; {claim.note}" if claim.note else ""
    return (
        f'<td {place} style="background:{look.tint}" tabindex="0" title="{html.escape(hint)}">'
        + "".join(f"<span>{line}</span>" for line in lines)
        + "</td>"
    )


def table_html(screen: Screen, cells: Cells, differences: Mapping[str, str]) -> str:
    """The table of verdicts; `differences`: language -> what else differed, below its name."""
    head = "".join(
        f"<th scope='col'>{html.escape(group)}<span>{html.escape(column_unit(screen, group))}</span>"
        "</th>"
        for group in screen.groups
    )
    body = []
    for code in screen.rows:
        name = capitalised(ALL if code is None else cells.facts.language(code))
        beside = differences.get(code or "", "")
        beside = f"<span>{html.escape(beside)}</span>" if beside else ""
        entries = "".join(
            cell_html(screen.cells.get((code, group)), screen.best.get((code, group)), cells, group)
            for group in screen.groups
        )
        start = ' class="all"' if code is None else ""
        body.append(f"<tr{start}><th scope='row'>{html.escape(name)}{beside}</th>{entries}</tr>")
    many = " many" if len(screen.rows) > MANY else ""
    return (
        f'<table class="verdicts{many}"><thead><tr><td class="corner"></td>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def bars_of(screen: Screen, cells: Cells) -> list[Bar]:
    """The same cells as intervals."""
    bars = []
    for code in screen.rows:
        for group in screen.groups:
            claim = screen.cells.get((code, group))
            if claim is None or (not claim.margin and claim.verdict != c.LANGUAGES_DIFFER):
                continue
            low, high = printed_interval(claim)
            if claim.verdict in (c.AT_CHANCE, c.LANGUAGES_DIFFER):
                bars.append(_bar(claim, code, cells, None, None, None))
            else:
                bars.append(_bar(claim, code, cells, claim.estimate, low, high))
    return bars


def bars_of_screen(claims: Iterable[Claim], cells: Cells) -> list[Bar]:
    """The bars of the first page's cells among claims."""
    return bars_of(arrange(claims, cells.languages()), cells)


def _bar(
    claim: Claim,
    code: str | None,
    cells: Cells,
    estimate: float | None,
    low: float | None,
    high: float | None,
) -> Bar:
    name = ALL if code is None else cells.facts.language(code)
    return Bar(
        capitalised(name),
        capitalised(claim.group or ""),
        claim.verdict,
        LOOKS.get(claim.verdict, LOOKS[c.UNDECIDED]),
        estimate,
        low,
        high,
        claim.margin or 1.0,
        AXES.get(claim.unit, claim.unit),
    )


def first_sentences(findings: list[Finding]) -> list[Finding]:
    """At most eight that decide something: over languages first, then what explains it.

    Translators that part ways stand in the place of their mean, and one control is always shown; so
    is one difference in the right language of answers. Without any, the cells of the table are worded
    as they are.
    """
    idle = (c.UNDECIDED, c.NOT_SHOWN, c.AT_CHANCE)
    decided = [f for f in findings if checked(f.claim).verdict not in idle]

    def own(question: str, pooled: bool | None = None) -> list[Finding]:
        return [
            f
            for f in decided
            if f.claim.question == question
            and (pooled is None or (f.claim.language is None) == pooled)
        ]

    parted = _parted(own(c.TRANSLATOR))

    def worded(cells: Iterable[Finding]) -> list[Finding]:
        return [part for cell in cells for part in parted.get(_place(cell.claim)) or [cell]]

    causes = own(c.CAUSE)
    told_apart = {  # one test where knowledge costs more, one where defects do
        checked(f.claim).verdict: f
        for f in reversed(causes)
        if f.claim.contrast == c.KNOWLEDGE_OR_DEFECTS
    }
    causes = sorted(causes, key=lambda f: f not in told_apart.values())
    controls = [f for f in findings if f.claim.question == c.CONTROL]
    checks = [f for f in own(c.CELL) if f.claim.group == LANGUAGE_FIDELITY]
    checks.sort(key=lambda f: f.claim.language is not None)
    chosen = [
        *worded(own(c.CELL, True)[:4]),
        *own(c.LANGUAGES)[:2],
        *checks[:1],
        *sorted(controls, key=lambda f: f not in decided)[:1],
        *causes[:2],
        *own(c.GROWTH)[:1],
        *own(c.SETTING)[:1],
        *own(c.JUDGES)[:1],
        *worded(f for f in own(c.CELL, False) if (None, *_place(f.claim)[1:]) not in parted),
        *own(c.BEST),
        *own(c.SETTING),
        *own(c.BENCHMARK),
    ]
    chosen = chosen or [f for f in findings if f.claim.question == c.CELL]
    return sorted(_unique(chosen)[:MOST], key=lambda finding: finding.section)


def _place(claim: Claim) -> tuple[str | None, str | None, str]:
    """Language, None over all; group; unit."""
    return claim.language, claim.group, claim.unit


def _parted(findings: list[Finding]) -> dict[tuple[str | None, str | None, str], list[Finding]]:
    """Translators of a cell whose verdicts differ, so that their mean says little: by its place."""
    places: dict[tuple[str | None, str | None, str], list[Finding]] = {}
    for finding in findings:
        places.setdefault(_place(finding.claim), []).append(finding)
    return {
        place: own
        for place, own in places.items()
        if len({checked(finding.claim).verdict for finding in own}) > 1
    }


def _unique(findings: list[Finding]) -> list[Finding]:
    """Findings that say different things, in their order.

    A group of one test, and the best of one translator, have the numbers of their whole.
    """
    found: dict[object, Finding] = {}
    for finding in findings:
        claim = finding.claim
        of_gap = claim.question in (c.CELL, c.TRANSLATOR, c.BEST, c.BENCHMARK)
        numbers = (claim.language, claim.unit, claim.estimate, claim.low, claim.high)
        found.setdefault(
            numbers if of_gap and claim.estimate is not None else finding.sentence, finding
        )
    return list(found.values())


def first_page_html(
    screen: Screen,
    cells: Cells,
    sentences: list[str],
    *,
    title: str,
    look: str,
    facts: str,
    differences: Mapping[str, str] | None = None,
    missing: list[str] | None = None,
) -> str:
    """The whole first page."""
    told: set[str] = set()
    parts = [
        f"<style>{asset('screen.css')}{asset('terms.css')}</style>",
        '<div class="screen-one">',
    ]
    parts.append(f"<h2>{html.escape(title)}</h2><p class='look'>{explained(look, told)}</p>")
    if screen.cells:
        parts.append(
            '<div class="answer">'
            f"{table_html(screen, cells, differences or {})}"
            f"<figure>{draw_forest(bars_of(screen, cells))}</figure></div>"
        )
    if sentences:
        lines = "".join(f"<li>{explained(sentence, told)}</li>" for sentence in sentences[:MOST])
        parts.append(f"<ul class='sentences'>{lines}</ul>")
    parts += [f"<p class='missing'>{html.escape(line)}</p>" for line in missing or []]
    parts.append(f"<p class='facts'>{explained(facts, told)}</p>{citing_html()}</div>")
    return "\n".join(parts)
