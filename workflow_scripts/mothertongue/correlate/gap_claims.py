"""Makes the claims about the gap: by group, test and translator, between languages, at chance."""

import math
from dataclasses import replace

import numpy as np

from . import claims as c
from .chance import gap_terms
from .decisions import ALIKE_OTHERS, Adjusted, closed, nested
from .draft_claims import Draft, OnlyP, Part, alone, by_sign, common, of_cell, on_test
from .effects import Evidence
from .groups import Cell, Group, cells_of, correlations_of, margin_of, single_cell
from .notes import CHOSEN, in_language
from .samples import Piece, Sample, Share
from .variance import Spread

INTERACTION = 0.05  # p of languages that differ below which their mean is not stated
CONFIDENCE = 0.95  # of the interval of a test that a mean may hide


def cell_drafts(
    evidence: Evidence,
    group: Group,
    adjusted: dict[str, Adjusted],
    whole: Adjusted | None,
    interaction: Draft | None,
) -> list[Draft]:
    """Cells of the first table; the mean over languages only where they do not differ."""
    every: list[tuple[str | None, Cell, Adjusted | None]] = [
        (code, cell, adjusted[code]) for code, cell in group.cells.items()
    ]
    if group.pooled is not None and not may_differ(interaction):
        every.append((None, group.pooled, whole))
    drafts = []
    for code, cell, own in every:
        claim = replace(common(evidence, group, code, c.CELL), best=best_of(evidence, cell))
        draft = of_cell(cell, own, claim)
        draft.hides = beyond_margin(evidence, cell)
        drafts.append(draft)
    return drafts


def may_differ(interaction: Draft | None) -> bool:
    """Whether the gap may differ between languages, so that no mean over them is stated."""
    return interaction is not None and interaction.tested.p < INTERACTION


def beyond_margin(evidence: Evidence, cell: Cell) -> tuple[str, ...]:
    """Tests of a mean, language by language, whose own interval lies wholly beyond the margin.

    A mean of +37 and -11 within a margin of 20 is no evidence that translated data is no worse.
    """
    if len(cell.shares) < 2:
        return ()
    found = []
    for share in cell.shares:
        margin = margin_of(evidence.cells, share.piece.test, share.piece.metric)
        one = single_cell(evidence, [alone(share)], margin)
        low, high = one.tested.interval(CONFIDENCE) if one is not None else (0.0, 0.0)
        if low > margin or high < -margin:
            label = evidence.cells.test_label(share.piece.test)
            language = evidence.cells.facts.language(share.piece.language)
            found.append(in_language(label, language))
    return tuple(found)


def best_of(evidence: Evidence, cell: Cell) -> str | None:
    """Translator whose data do best in a cell, by the estimate."""
    found = {}
    for name in translators_of(evidence, cell):
        sample = evidence.sample(with_translator(evidence, cell, name), cell.sample.models)
        if sample is not None:
            found[name] = sample.estimate
    return min(found, key=found.__getitem__) if found else None


def translators_of(evidence: Evidence, cell: Cell) -> list[str]:
    """Translators that every piece of a cell has."""
    sets = [[source[0] for source, weight in share.terms if weight < 0] for share in cell.shares]
    return [name for name in sets[0] if all(name in other for other in sets)]


def with_translator(evidence: Evidence, cell: Cell, name: str) -> list[Share]:
    """A cell's pieces with one translator instead of the mean."""
    return [Share(s.piece, s.share, gap_terms(evidence, s.piece, name)) for s in cell.shares]


def chance_drafts(evidence: Evidence, group: Group) -> list[Draft]:
    """Cells and tests that see nothing with these models."""
    drafts = []
    by_language: dict[str, list[Piece]] = {}
    for piece in group.chance:
        by_language.setdefault(piece.language, []).append(piece)
    for language, pieces in by_language.items():
        shares = [Share(p, 1 / len(pieces), gap_terms(evidence, p)) for p in pieces]
        cell = single_cell(evidence, shares, group.margin)
        if cell is not None and language not in group.cells:
            claim = common(evidence, group, language, c.CELL)
            drafts.append(of_cell(cell, None, claim, verdict=c.AT_CHANCE))
        for share in shares:
            cell = single_cell(evidence, [alone(share)], group.margin)
            if cell is not None:
                claim = common(evidence, group, language, c.BENCHMARK)
                claim = on_test(claim, share.piece.test, share.piece.metric)
                drafts.append(of_cell(cell, None, claim, verdict=c.AT_CHANCE))
    return drafts


def test_parts(
    evidence: Evidence, group: Group, adjusted: dict[str, Adjusted], whole: Adjusted | None
) -> list[Part]:
    """Every test of a group by itself: per language, and over its languages if they agree."""
    found = []
    for test in group.tests:
        own = {
            code: [alone(s) for s in cell.shares if s.piece.test == test]
            for code, cell in group.cells.items()
        }
        own = {code: shares for code, shares in own.items() if shares}
        if not own:
            continue
        metric = evidence.metric(test)
        margin = margin_of(evidence.cells, test, metric)
        part = Part(cells_of(sampled(evidence, own), margin))
        claim = on_test(common(evidence, group, None, c.BENCHMARK), test, metric)
        claim = replace(claim, margin=margin)
        for code, cell in part.cells.items():
            own_cell = adjusted[code] if is_same(cell, group.cells[code]) else None
            draft = of_cell(cell, own_cell, replace(claim, language=code))
            part.drafts[code] = (draft, adjusted[code])
        if len(part.cells) > 1:
            by_itself = Group(group.name, group.unit, [test], margin, part.cells)
            differ = may_differ(languages_differ(evidence, by_itself))
            shares = [s._replace(share=1 / len(own)) for group_ in own.values() for s in group_]
            mean = single_cell(evidence, shares, margin)
            if mean is not None and whole and not differ:
                own_cell = whole if is_same(mean, group.pooled) else None
                part.mean = (of_cell(mean, own_cell, claim), whole)
        found.append(part)
    return found


def sampled(
    evidence: Evidence, shares: dict[str, list[Share]]
) -> dict[str, tuple[list[Share], Sample]]:
    """Samples by language, where there is one."""
    found = {code: (own, evidence.sample(own)) for code, own in shares.items()}
    return {code: (own, sample) for code, (own, sample) in found.items() if sample is not None}


def translator_parts(
    evidence: Evidence,
    group: Group,
    adjusted: dict[str, Adjusted],
    whole: Adjusted | None,
    interaction: Draft | None,
) -> list[Part]:
    """Native data against each translator: per language, and over them if they agree."""
    found = []
    together = None if may_differ(interaction) or whole is None else group.pooled
    every = [*group.cells.values(), *([together] if together else [])]
    names = dict.fromkeys(name for cell in every for name in translators_of(evidence, cell))

    def drafted(
        cell: Cell, whole_cell: Cell, parent: Adjusted, code: str | None, name: str
    ) -> tuple[Draft, Adjusted]:
        claim = replace(common(evidence, group, code, c.TRANSLATOR), second=name)
        draft = of_cell(cell, parent if is_same(cell, whole_cell) else None, claim)
        draft.hides = beyond_margin(evidence, cell)
        return draft, parent

    for name in names:
        shares = {
            code: with_translator(evidence, cell, name)
            for code, cell in group.cells.items()
            if name in translators_of(evidence, cell)
        }
        part = Part(cells_of(sampled(evidence, shares), group.margin))
        for code, cell in part.cells.items():
            part.drafts[code] = drafted(cell, group.cells[code], adjusted[code], code, name)
        if together is not None and whole and name in translators_of(evidence, together):
            one = single_cell(evidence, with_translator(evidence, together, name), group.margin)
            if one is not None:
                part.mean = drafted(one, together, whole, None, name)
        found.append(part)
    return found


def is_same(cell: Cell, other: Cell | None) -> bool:
    """Whether two cells are one comparison: the only test of a group, the only translator."""
    return other is not None and set(cell.shares) == set(other.shares)


def undecided(parts: list[Part]) -> list[Part]:
    """Parts that need p values of their own; one that is the cell itself has the cell's."""
    return [part for part in parts if any(draft.adjusted is None for draft, _ in part.every())]


def adjust_parts(parts: list[Part], share: float) -> None:
    """p values of tests or translators: a closed procedure over the page, within decided cells."""
    rows = [
        (
            [cell.tested for cell in part.cells.values()],
            part.mean[0].tested if part.mean else None,
        )
        for part in parts
    ]
    found = closed(rows, correlations_of([part.cells for part in parts]))
    for part, (singles, whole) in zip(parts, found, strict=True):
        for (draft, parent), pair in zip(part.every(), [*singles, whole], strict=False):
            if draft.adjusted is not None:
                continue
            draft.adjusted = nested(pair, parent, share)
            if draft.claim.question == c.TRANSLATOR:
                # no worse than one translator can be so where the mean over all is not decided
                draft.adjusted = replace(draft.adjusted, alike=min(1.0, pair[1] / ALIKE_OTHERS))


def languages_differ(evidence: Evidence, group: Group) -> Draft | None:
    """Does the gap differ between languages? F test of the interaction, models in both."""
    from scipy.special import fdtrc

    cells = list(group.cells.values())
    if len(cells) < 2 or any(not math.isfinite(cell.tested.spread.variance) for cell in cells):
        return None
    models = [m for m in cells[0].sample.models if all(m in cell.sample.models for cell in cells)]
    count = len(cells)
    estimates = np.array([cell.tested.estimate for cell in cells])
    basis = cells[0].sample.basis
    extra = float(np.mean([cell.tested.spread.variance - cell.units.variance for cell in cells]))
    if basis != c.REPLICATES and len(models) >= 3:
        table = np.array(
            [[cell.sample.gaps[cell.sample.models.index(m)] for cell in cells] for m in models]
        )
        if basis == c.FAMILIES:
            families = evidence.families(models)
            table = np.array(
                [
                    table[[f == name for f in families]].mean(axis=0)
                    for name in dict.fromkeys(families)
                ]
            )
        units = len(table)
        rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
        df = float((units - 1) * (count - 1))
        noise = float((rest**2).sum()) / df / units + max(0.0, extra)
        estimates = table.mean(axis=0)
    else:
        noise = float(np.mean([cell.tested.spread.variance for cell in cells]))
        df = min(cell.tested.spread.df for cell in cells)
    if noise <= 0 or not df > 0:
        return None
    ratio = float(estimates.var(ddof=1)) / noise
    p = float(fdtrc(count - 1, df, ratio))
    codes = list(group.cells)
    most, least = codes[int(estimates.argmax())], codes[int(estimates.argmin())]
    claim = replace(
        common(evidence, group, None, c.LANGUAGES),
        contrast="interaction",
        first=most,
        second=least,
        margin=None,
        languages=count,
    )
    tested = OnlyP(float(np.ptp(estimates)), Spread(math.nan, df), known=p)
    decide = by_sign(c.LANGUAGES_DIFFER, c.LANGUAGES_DIFFER, c.NOT_SHOWN)
    return of_cell(group.pooled or cells[0], None, claim, tested=tested, decide=decide)


def or_inf(value: float | None) -> float:
    """A number to choose the smallest by; one that is not known is never chosen."""
    return math.inf if value is None else value


def best_translators(claims: list[c.Claim]) -> list[c.Claim]:
    """Add the comparison with the best translator of each cell, corrected for the choice.

    It follows from the claims on each translator, so that nothing is picked and tested on the same
    data: no worse if any of them is no worse, native better only if it beats every one of them.
    """
    found = list(claims)
    places: dict[tuple[str | None, str, str | None], list[c.Claim]] = {}
    for claim in claims:
        if claim.question == c.TRANSLATOR and claim.estimate is not None:
            places.setdefault((claim.group, claim.unit, claim.language), []).append(claim)
    for own in places.values():
        best = min(own, key=lambda claim: or_inf(claim.estimate))
        verdicts = {claim.verdict for claim in own}
        verdict, chosen = c.UNDECIDED, best
        if c.TRANSLATED_BETTER in verdicts:
            verdict = c.TRANSLATED_BETTER
        elif c.NO_WORSE in verdicts:
            verdict = c.NO_WORSE
        elif verdicts == {c.NATIVE_BETTER}:
            verdict = c.NATIVE_BETTER
        if verdict in (c.TRANSLATED_BETTER, c.NO_WORSE):
            alike = [claim for claim in own if claim.verdict == verdict]
            chosen = min(alike, key=lambda claim: or_inf(claim.p_adjusted))
        note = CHOSEN if len(own) > 1 else ""
        found.append(
            replace(
                chosen, question=c.BEST, verdict=verdict, best=chosen.second, row=len(found),
                note="; ".join(filter(None, (chosen.note, note))),
            )
        )  # fmt: skip
    return found
