"""Claims about the gap: cells, tests, translators, languages that differ, tests at chance."""

import math
from dataclasses import replace

import numpy as np

from . import claims as c
from .chance import gap_terms
from .decisions import ALIKE_OTHERS, Adjusted, closed, nested
from .drafts import (
    Draft,
    OnlyP,
    Part,
    common,
    of_cell,
    place_of,
    replace_share,
    replace_test,
)
from .effects import Evidence, Piece, Share
from .groups import Cell, Group, cells_of, correlations_of, margin_of, single_cell
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
    drafts = [
        of_cell(cell, adjusted[code], common(evidence, group, code, question=c.CELL)
                | {"best": best_of(evidence, cell)})
        for code, cell in group.cells.items()
    ]  # fmt: skip
    if group.pooled is not None and not may_differ(interaction):
        values = common(evidence, group, None, question=c.CELL)
        drafts.append(
            of_cell(group.pooled, whole, values | {"best": best_of(evidence, group.pooled)})
        )
    every = [*group.cells.values(), *([group.pooled] if group.pooled else [])]
    for draft, cell in zip(drafts, every, strict=False):
        draft.hides = beyond_margin(evidence, cell)
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
        one = single_cell(evidence, [replace_share(share)], margin)
        low, high = one.tested.interval(CONFIDENCE) if one is not None else (0.0, 0.0)
        if low > margin or high < -margin:
            label = evidence.cells.test_label(share.piece.test)
            found.append(f"{label} in {evidence.cells.language_label(share.piece.language)}")
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
            values = common(evidence, group, language, question=c.CELL)
            drafts.append(of_cell(cell, None, values | {"verdict": c.AT_CHANCE}))
        for share in shares:
            cell = single_cell(evidence, [replace_share(share)], group.margin)
            if cell is not None:
                values = common(evidence, group, language, question=c.BENCHMARK)
                values |= place_of(share.piece) | {"verdict": c.AT_CHANCE}
                drafts.append(of_cell(cell, None, values))
    return drafts


def test_parts(
    evidence: Evidence, group: Group, adjusted: dict[str, Adjusted], whole: Adjusted | None
) -> list[Part]:
    """Every test of a group by itself: per language, and over its languages if they agree."""
    found = []
    for test in group.tests:
        own = {
            code: [replace_share(s) for s in cell.shares if s.piece.test == test]
            for code, cell in group.cells.items()
        }
        own = {code: shares for code, shares in own.items() if shares}
        if not own:
            continue
        metric = evidence.metric(test)
        margin = margin_of(evidence.cells, test, metric)
        samples = {code: (shares, evidence.sample(shares)) for code, shares in own.items()}
        samples = {code: pair for code, pair in samples.items() if pair[1] is not None}
        part = Part(cells_of(samples, margin))
        place = {"benchmark": test.benchmark, "judge": test.judge, "metric": metric}
        values = common(evidence, group, None, question=c.BENCHMARK) | place | {"margin": margin}
        for code, cell in part.cells.items():
            own_cell = adjusted[code] if is_same(cell, group.cells[code]) else None
            draft = of_cell(cell, own_cell, values | {"language": code})
            part.drafts[code] = (draft, adjusted[code])
        if len(part.cells) > 1:
            alone = Group(group.name, group.unit, [test], margin, part.cells)
            differ = may_differ(languages_differ(evidence, alone))
            shares = [s._replace(share=1 / len(own)) for group_ in own.values() for s in group_]
            cell = single_cell(evidence, shares, margin)
            if cell is not None and whole and not differ:
                own_cell = whole if is_same(cell, group.pooled) else None
                part.mean = (of_cell(cell, own_cell, values), whole)
        found.append(part)
    return found


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

    def drafted(cell: Cell, code: str | None, name: str) -> tuple[Draft, Adjusted]:
        parent = adjusted[code] if code is not None else whole
        same = is_same(cell, group.cells[code] if code is not None else group.pooled)
        values = common(evidence, group, code, question=c.TRANSLATOR, second=name)
        draft = of_cell(cell, parent if same else None, values)
        draft.hides = beyond_margin(evidence, cell)
        return draft, parent

    for name in names:
        samples = {}
        for code, cell in group.cells.items():
            if name in translators_of(evidence, cell):
                shares = with_translator(evidence, cell, name)
                sample = evidence.sample(shares)
                samples |= {code: (shares, sample)} if sample is not None else {}
        part = Part(cells_of(samples, group.margin))
        for code, cell in part.cells.items():
            part.drafts[code] = drafted(cell, code, name)
        if together is not None and name in translators_of(evidence, together):
            one = single_cell(evidence, with_translator(evidence, together, name), group.margin)
            part.mean = drafted(one, None, name) if one is not None else None
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
            part.mean and part.mean[0].tested,
        )
        for part in parts
    ]
    found = closed(rows, correlations_of([part.cells for part in parts]))
    for part, (singles, whole) in zip(parts, found, strict=True):
        for (draft, parent), pair in zip(part.every(), [*singles, whole], strict=False):
            if draft.adjusted is not None:
                continue
            draft.adjusted = nested(pair, parent, share)
            if draft.values["question"] == c.TRANSLATOR:
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
        df = (units - 1) * (count - 1)
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
    values = common(evidence, group, None, question=c.LANGUAGES, contrast="interaction")
    values |= {"first": most, "second": least, "margin": None}
    cell = group.pooled or cells[0]
    draft = of_cell(replace_test(cell, OnlyP(float(np.ptp(estimates)), Spread(math.nan, df), known=p)),
                    None, values | {"languages": count})  # fmt: skip
    draft.decide = lambda d, level: (
        c.LANGUAGES_DIFFER if d.adjusted.difference <= level else c.NOT_SHOWN
    )
    return draft


def best_translators(claims: list[c.Claim]) -> list[c.Claim]:
    """Add the comparison with the best translator of each cell, corrected for the choice.

    It follows from the claims on each translator, so that nothing is picked and tested on the same
    data: no worse if any of them is no worse, native better only if it beats every one of them.
    """
    found = list(claims)
    places: dict[tuple, list[c.Claim]] = {}
    for claim in claims:
        if claim.question == c.TRANSLATOR and claim.estimate is not None:
            places.setdefault((claim.group, claim.unit, claim.language), []).append(claim)
    for own in places.values():
        best = min(own, key=lambda claim: claim.estimate)
        verdicts = {claim.verdict for claim in own}
        verdict, chosen = c.UNDECIDED, best
        if c.TRANSLATED_BETTER in verdicts:
            verdict = c.TRANSLATED_BETTER
        elif c.NO_WORSE in verdicts:
            verdict = c.NO_WORSE
        elif verdicts == {c.NATIVE_BETTER}:
            verdict = c.NATIVE_BETTER
        if verdict in (c.TRANSLATED_BETTER, c.NO_WORSE):
            chosen = min((x for x in own if x.verdict == verdict), key=lambda x: x.p_adjusted)
        note = "chosen among translators; corrected for the choice" if len(own) > 1 else ""
        found.append(
            replace(
                chosen, question=c.BEST, verdict=verdict, best=chosen.second, row=len(found),
                note="; ".join(filter(None, (chosen.note, note))),
            )
        )  # fmt: skip
    return found
