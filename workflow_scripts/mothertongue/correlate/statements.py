"""Makes every claim of a source from its scores and items; all tests of a page are one family.

What answers look like without a judge (answer.fidelity) is a family of its own: it asks whether
training worked, not how good its data are, and changes no p value of the page's own tests.
"""

from dataclasses import replace

from . import claims as c
from .decisions import Adjusted, adjust_cells, adjust_others, holm_pairs, nested
from .draft_claims import Draft, Part, finish
from .effects import Evidence
from .gap_claims import (
    adjust_parts,
    best_translators,
    cell_drafts,
    chance_drafts,
    languages_differ,
    may_differ,
    test_parts,
    translator_parts,
    undecided,
)
from .gap_correlation import find_gaps
from .groups import correlations_of, find_groups
from .other_claims import cause_drafts, control_drafts, growth_drafts, judge_drafts, setting_drafts


def state(evidence: Evidence, *, resamples: int, confidence: float, seed: int) -> list[c.Claim]:
    """Every claim of one source, family by family."""
    cells = evidence.cells
    checks = cells.checks
    found: list[c.Claim] = []
    for tests in ([test for test in cells.tests if test not in checks], checks):
        if tests:
            own = Evidence(cells.on(tests), evidence.item_table)
            found += _family(own, resamples=resamples, confidence=confidence, seed=seed)
    return [replace(claim, row=row) for row, claim in enumerate(found)]


def _family(evidence: Evidence, *, resamples: int, confidence: float, seed: int) -> list[c.Claim]:
    """Every claim of one family of tests."""
    cells = evidence.cells
    level = round(1 - confidence, 12)
    groups = find_groups(evidence, confidence)
    adjusted = adjust_cells(
        [
            (
                [cell.tested for cell in group.cells.values()],
                group.pooled.tested if group.pooled else None,
            )
            for group in groups
        ],
        correlations_of([group.cells for group in groups]),
        level,
    )
    drafts: list[Draft] = []
    others: list[Draft] = []
    tests: list[Part] = []
    translators: list[Part] = []
    questions: list[tuple[Draft, Adjusted]] = []  # with what must be decided before they are tested
    for group, (singles, whole) in zip(groups, adjusted, strict=True):
        by_language = dict(zip(group.cells, singles, strict=True))
        interaction = languages_differ(evidence, group)
        drafts += cell_drafts(evidence, group, by_language, whole, interaction)
        drafts += chance_drafts(evidence, group)
        own = test_parts(evidence, group, by_language, whole)
        apart = translator_parts(evidence, group, by_language, whole, interaction)
        if interaction is not None:
            others.append(interaction)
        decided = surest([*singles, *([whole] if whole else [])], confidence)
        asked = [(draft, decided) for draft in cause_drafts(evidence, group)]
        for draft in setting_drafts(evidence, group, apart=may_differ(interaction)):
            asked.append((draft, by_language.get(draft.claim.language or "", decided)))
        parts = [pair for part in own + apart for pair in part.every()]
        drafts += [draft for draft, _ in parts + asked]
        tests += own
        translators += apart
        questions += asked
        others += [*judge_drafts(evidence, group), *control_drafts(evidence, group)]
    families = [undecided(tests), undecided(translators)]
    share = 1 / max(1, sum(map(bool, [*families, questions])))
    for family in families:
        adjust_parts(family, share)
    pairs = holm_pairs([draft.tested for draft, _ in questions])
    for (draft, parent), pair in zip(questions, pairs, strict=True):
        draft.adjusted = nested(pair, parent, share)
    chance = {piece for group in groups for piece in group.chance}
    gaps = find_gaps(cells, chance, evidence)
    others += growth_drafts(evidence, gaps, resamples=resamples, confidence=confidence, seed=seed)
    beside = adjust_others([draft.tested for draft in others], level)
    for draft, found in zip(others, beside, strict=True):
        draft.adjusted = found
    finished = [finish(draft, row, level, confidence) for row, draft in enumerate(drafts + others)]
    return best_translators(finished)


def surest(found: list[Adjusted], confidence: float) -> Adjusted:
    """The surest difference of a group: what asks about it is tested if there is one."""
    least = min((one.difference for one in found), default=1.0)
    alike = min((one.alike for one in found), default=1.0)
    return Adjusted(least, alike, min((one.confidence for one in found), default=confidence))
