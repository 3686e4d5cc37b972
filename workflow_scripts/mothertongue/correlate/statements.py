"""From a source's scores and items to the claims of its report: one family of tests per page."""

import math

from . import claims as c
from .decisions import CELLS, Adjusted, Tested, adjust_cells, adjust_others, nested
from .drafts import Draft, finish
from .effects import Evidence
from .gap_claims import (
    best_translators,
    cell_drafts,
    chance_drafts,
    languages_differ,
    may_differ,
    share_translators,
    test_drafts,
    translator_drafts,
)
from .groups import cell_tests, correlations_of, find_groups
from .growth import find_gaps
from .other_claims import cause_drafts, growth_drafts, judge_drafts, setting_drafts
from .variance import Spread


def state(evidence: Evidence, *, resamples: int, confidence: float, seed: int) -> list[c.Claim]:
    """Every claim of one source."""
    cells = evidence.cells
    level = round(1 - confidence, 12)
    groups = find_groups(evidence, confidence)
    adjusted = adjust_cells(
        [(cell_tests(group), group.pooled and group.pooled.tested) for group in groups],
        correlations_of(groups),
        level,
    )
    factor = 1 / CELLS
    drafts: list[Draft] = []
    others: list[Draft] = []
    about: list[tuple[Draft, Adjusted]] = []  # asks about something, which has to be decided itself
    for group, (singles, whole) in zip(groups, adjusted, strict=True):
        by_language = dict(zip(group.cells, singles, strict=True))
        interaction = languages_differ(evidence, group)
        drafts += cell_drafts(evidence, group, by_language, whole, interaction)
        drafts += chance_drafts(evidence, group)
        drafts += test_drafts(evidence, group, by_language, whole, factor)
        drafts += translator_drafts(evidence, group, by_language, whole, factor, interaction)
        if interaction is not None:
            others.append(interaction)
        decided = surest([*singles, *([whole] if whole else [])], confidence)
        asked = [(draft, decided) for draft in cause_drafts(evidence, group)]
        for draft in setting_drafts(evidence, group, apart=may_differ(interaction)):
            asked.append((draft, by_language.get(draft.values["language"], decided)))
        about += asked
        drafts += [draft for draft, _ in asked]
        others += judge_drafts(evidence, group)
    found = nested([draft.tested for draft, _ in about], [parent for _, parent in about], factor)
    for (draft, _), one in zip(about, found, strict=True):
        draft.adjusted = one
    chance = {(*p.test, p.metric, p.language) for group in groups for p in group.chance}
    gaps = find_gaps(cells, chance, evidence)
    others += growth_drafts(evidence, gaps, resamples=resamples, confidence=confidence, seed=seed)
    share_translators(drafts)
    tests = [draft.tested or Tested(0.0, Spread(math.nan, math.nan)) for draft in others]
    for draft, found in zip(others, adjust_others(tests, level), strict=True):
        draft.adjusted = found
    finished = [
        finish(draft, row, evidence, level, confidence) for row, draft in enumerate(drafts + others)
    ]
    return best_translators(finished)


def surest(found: list[Adjusted], confidence: float) -> Adjusted:
    """The surest difference of a group: what asks about it is tested if there is one."""
    least = min((one.difference for one in found), default=1.0)
    alike = min((one.alike for one in found), default=1.0)
    return Adjusted(least, alike, min((one.confidence for one in found), default=confidence))
