"""From a source's scores and items to the claims of its report: one family of tests per page."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import claims as c
from .cells import ROUND_TRIPS, TRANSLATED, Test
from .chance import gap_terms, is_at_chance
from .contrasts import DEFECTS, GAP, KNOWLEDGE, translator_of
from .decisions import (
    ALIKE_CELLS,
    ALIKE_OTHERS,
    CELLS,
    Adjusted,
    Tested,
    adjust_cells,
    adjust_others,
    nested,
)
from .effects import ENOUGH_FAMILIES, Evidence, Piece, Sample, Share, Terms
from .groups import group_of, margin_of
from .growth import ENOUGH_MODELS, correlate, find_gaps
from .power import needed
from .statistics import holm
from .variance import Spread, likeness, pool

TABLE = "estimates.csv"
INTERACTION = 0.05  # p of languages that differ below which their mean is not stated


@dataclass
class Draft:
    """A claim before the page's p values are adjusted."""

    values: dict[str, Any]
    tested: Tested | None = None
    sample: Sample | None = None
    units: Spread | None = None
    adjusted: Adjusted | None = None
    decide: Callable[["Draft", float], str] | None = None


@dataclass
class Cell:
    """One group (or test) in one language, or over languages."""

    shares: list[Share]
    sample: Sample
    units: Spread
    tested: Tested


@dataclass
class Group:
    """Tests that answer one question in one unit."""

    name: str
    unit: str
    tests: list[Test]
    margin: float
    cells: dict[str, Cell] = field(default_factory=dict)
    pooled: Cell | None = None
    chance: list[Piece] = field(default_factory=list)


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
        for asked in (cause_drafts(evidence, group), setting_drafts(evidence, group)):
            for draft, one in zip(
                asked,
                nested([d.tested for d in asked], [decided] * len(asked), factor),
                strict=True,
            ):
                draft.adjusted = one
            drafts += asked
        others += judge_drafts(evidence, group)
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


# -- groups and their cells ----------------------------------------------------------------------


def find_groups(evidence: Evidence, confidence: float) -> list[Group]:
    """Every group with its samples, at the main setting; what is at chance is set aside."""
    cells = evidence.cells
    found: dict[tuple[str, str], Group] = {}
    for test in cells.tests:
        metric = evidence.metric(test)
        name, unit = group_of(cells, test), evidence.unit(test, metric)
        if any(other == name for other, _ in found) and (name, unit) not in found:
            name = f"{name} ({unit})"
        margin = margin_of(cells, test, metric)
        group = found.setdefault((name, unit), Group(name, unit, [], margin))
        group.tests.append(test)
        group.margin = min(group.margin, margin)
    for group in found.values():
        fill(evidence, group, confidence)
    return list(found.values())


def fill(evidence: Evidence, group: Group, confidence: float) -> None:
    """Samples of a group's languages, and of their mean."""
    cells = evidence.cells
    languages = [
        code for code in cells.languages() if any(code in cells.languages(t) for t in group.tests)
    ]
    samples: dict[str, tuple[list[Share], Sample]] = {}
    for language in languages:
        pieces = []
        for test in group.tests:
            piece = Piece(test, evidence.metric(test), language)
            terms = gap_terms(evidence, piece)
            alone = evidence.sample([Share(piece, 1.0, terms)]) if terms else None
            if alone is None:
                continue
            if is_at_chance(evidence, piece, alone, confidence):
                group.chance.append(piece)
            else:
                pieces.append((piece, terms))
        shares = [Share(piece, 1 / len(pieces), terms) for piece, terms in pieces]
        sample = evidence.sample(shares) if shares else None
        if sample is not None:
            samples[language] = (shares, sample)
    group.cells = cells_of(samples, group.margin)
    if len(samples) > 1:
        whole = [
            Share(s.piece, s.share / len(samples), s.terms)
            for shares, _ in samples.values()
            for s in shares
        ]
        group.pooled = single_cell(evidence, whole, group.margin)


def single_cell(evidence: Evidence, shares: list[Share], margin: float) -> Cell | None:
    """A cell that nothing is pooled with."""
    sample = evidence.sample(shares)
    if sample is None:
        return None
    return Cell(shares, sample, sample.units, Tested(sample.estimate, sample.spread(), margin))


def cells_of(samples: dict[str, tuple[list[Share], Sample]], margin: float) -> dict[str, Cell]:
    """Cells of languages, whose variances over units support one another."""
    own = [sample for _, sample in samples.values()]
    units = [sample.units for sample in own]
    if len(own) > 1 and len({sample.basis for sample in own}) == 1:
        if own[0].basis == c.REPLICATES:
            mono = all(
                s.terms[0][0][1].kind == "mono" for shares, _ in samples.values() for s in shares
            )
            alikeness = 0.0 if mono else math.nan  # adapters of one language each are separate
        else:
            same = all(sample.models == own[0].models for sample in own)
            alikeness = likeness([sample.gaps for sample in own]) if same else math.nan
        if math.isfinite(alikeness):
            units = pool(units, [sample.interaction for sample in own], alikeness)
    found = {}
    for (language, (shares, sample)), spread in zip(samples.items(), units, strict=True):
        tested = Tested(sample.estimate, sample.spread(spread), margin)
        found[language] = Cell(shares, sample, spread, tested)
    return found


def correlations_of(groups: list[Group]) -> np.ndarray:
    """Correlations between the estimates of all cells, as means over pairs of one kind.

    Kinds: the same group in two languages, one language in two groups, neither. Where units are too
    few to tell, cells count as one.
    """
    places = [(group, code, cell) for group in groups for code, cell in group.cells.items()]
    kinds: dict[tuple, list[tuple[int, int, float]]] = {}
    for i, j in itertools.combinations(range(len(places)), 2):
        (one, code, a), (other, second, b) = places[i], places[j]
        kind = (one is other, code == second)
        value = math.nan
        if c.REPLICATES in (a.sample.basis, b.sample.basis):
            value = 0.0 if code != second and a.shares[0].terms[0][0][1].kind == "mono" else 1.0
        elif a.sample.models == b.sample.models and len(a.sample.models) >= 4:
            with np.errstate(invalid="ignore", divide="ignore"):
                value = float(np.nan_to_num(np.corrcoef(a.sample.gaps, b.sample.gaps)[0, 1]))
        kinds.setdefault(kind, []).append((i, j, value))
    table = np.eye(len(places))
    for found in kinds.values():
        known = [value for *_, value in found if math.isfinite(value)]
        mean = max(0.0, sum(known) / len(known)) if known else 1.0
        for i, j, value in found:
            table[i, j] = table[j, i] = mean if math.isfinite(value) else 1.0
    return table


def cell_tests(group: Group) -> list[Tested]:
    """The tests of a group's languages."""
    return [cell.tested for cell in group.cells.values()]


def surest(found: list[Adjusted], confidence: float) -> Adjusted:
    """The surest difference of a group: what asks about it is tested if there is one."""
    least = min((one.difference for one in found), default=1.0)
    alike = min((one.alike for one in found), default=1.0)
    return Adjusted(least, alike, min((one.confidence for one in found), default=confidence))


# -- drafts --------------------------------------------------------------------------------------


def common(evidence: Evidence, group: Group, language: str | None, **more: Any) -> dict[str, Any]:
    """What claims of a group share."""
    main = evidence.cells.main
    return {
        "group": group.name,
        "benchmark": None,
        "judge": None,
        "metric": evidence.metric(group.tests[0]),
        "language": language,
        "contrast": GAP,
        "first": "native",
        "second": TRANSLATED,
        "scope": main.kind,
        "learning_rate": main.learning_rate,
        "unit": group.unit,
        "margin": group.margin,
        **more,
    }


def of_cell(cell: Cell, adjusted: Adjusted | None, values: dict[str, Any]) -> Draft:
    """A draft with a cell's numbers."""
    tests = dict.fromkeys(share.piece.test.slug for share in cell.shares)
    languages = {share.piece.language for share in cell.shares}
    values = {"members": tuple(tests), "languages": len(languages), **values}
    return Draft(values, cell.tested, cell.sample, cell.units, adjusted)


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
    differ = interaction is not None and interaction.tested.p < INTERACTION
    if group.pooled is not None and not differ:
        values = common(evidence, group, None, question=c.CELL)
        drafts.append(
            of_cell(group.pooled, whole, values | {"best": best_of(evidence, group.pooled)})
        )
    return drafts


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


def replace_share(share: Share) -> Share:
    """The piece alone."""
    return share._replace(share=1.0)


def place_of(piece: Piece) -> dict[str, Any]:
    """Benchmark, judge and metric of a piece."""
    return {"benchmark": piece.test.benchmark, "judge": piece.test.judge, "metric": piece.metric}


def test_drafts(
    evidence: Evidence,
    group: Group,
    adjusted: dict[str, Adjusted],
    whole: Adjusted | None,
    factor: float,
) -> list[Draft]:
    """Every test of a group by itself: per language, and over its languages if they agree."""
    drafts: list[Draft] = []
    parents: list[Adjusted] = []
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
        singles = cells_of(samples, margin)
        place = {"benchmark": test.benchmark, "judge": test.judge, "metric": metric}
        values = common(evidence, group, None, question=c.BENCHMARK) | place | {"margin": margin}
        for code, cell in singles.items():
            drafts.append(of_cell(cell, None, values | {"language": code}))
            parents.append(adjusted[code])
        if len(singles) > 1:
            part = Group(group.name, group.unit, [test], margin, singles)
            differ = languages_differ(evidence, part)
            shares = [s._replace(share=1 / len(own)) for group_ in own.values() for s in group_]
            cell = single_cell(evidence, shares, margin)
            if cell is not None and whole and not (differ and differ.tested.p < INTERACTION):
                drafts.append(of_cell(cell, None, values))
                parents.append(whole)
    if len({draft.values["benchmark"] for draft in drafts}) == 1 and len(group.tests) == 1:
        for draft, parent in zip(drafts, parents, strict=True):
            draft.adjusted = parent  # the cell itself
        return drafts
    found = nested([draft.tested for draft in drafts], parents, factor)
    for draft, one in zip(drafts, found, strict=True):
        draft.adjusted = one
    return drafts


def translator_drafts(
    evidence: Evidence,
    group: Group,
    adjusted: dict[str, Adjusted],
    whole: Adjusted | None,
    factor: float,
    interaction: Draft | None,
) -> list[Draft]:
    """Native data against each translator; equivalence is shared out over the page later."""
    drafts: list[Draft] = []
    parents: list[Adjusted] = []
    places: list[tuple[str | None, Cell, Adjusted]] = [
        (code, cell, adjusted[code]) for code, cell in group.cells.items()
    ]
    differ = interaction is not None and interaction.tested.p < INTERACTION
    if group.pooled is not None and whole is not None and not differ:
        places.append((None, group.pooled, whole))
    names = dict.fromkeys(name for _, cell, _ in places for name in translators_of(evidence, cell))
    for name in names:
        samples = {}
        for code, cell in group.cells.items():
            if name in translators_of(evidence, cell):
                shares = with_translator(evidence, cell, name)
                sample = evidence.sample(shares)
                samples |= {code: (shares, sample)} if sample is not None else {}
        singles = cells_of(samples, group.margin)
        for code, cell, parent in places:
            one = singles.get(code) if code is not None else None
            if code is None and name in translators_of(evidence, cell):
                one = single_cell(evidence, with_translator(evidence, cell, name), group.margin)
            if one is not None:
                values = common(evidence, group, code, question=c.TRANSLATOR, second=name)
                drafts.append(of_cell(one, None, values))
                parents.append(parent)
    for draft, one in zip(drafts, nested([d.tested for d in drafts], parents, factor), strict=True):
        draft.adjusted = one
    return drafts


def share_translators(drafts: list[Draft]) -> None:
    """Equivalence with single translators: Holm over the page, at the share of other statements."""
    own = [draft for draft in drafts if draft.values["question"] == c.TRANSLATOR]
    for draft, p in zip(own, holm([d.tested.p_alike for d in own]), strict=True):
        draft.adjusted = replace(draft.adjusted, alike=min(1.0, p / ALIKE_OTHERS))


@dataclass(frozen=True)
class OnlyP(Tested):
    """A test without an interval."""

    known: float = math.nan

    @property
    def p(self) -> float:
        """Its p."""
        return self.known


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


def replace_test(cell: Cell, tested: Tested) -> Cell:
    """The cell with another test."""
    return Cell(cell.shares, cell.sample, cell.units, tested)


# -- causes, settings, judges, growth ------------------------------------------------------------


def merged(*terms: tuple[Terms, float]) -> Terms:
    """A weighted sum of differences, each source once."""
    total: dict[Any, float] = {}
    for own, weight in terms:
        for source, share in own:
            total[source] = total.get(source, 0.0) + weight * share
    return tuple((source, weight) for source, weight in total.items() if abs(weight) > 1e-12)


def cause_drafts(evidence: Evidence, group: Group) -> list[Draft]:
    """Knowledge, defects, and which is larger: per test over its languages with round trips."""
    cells, main = evidence.cells, evidence.cells.main
    drafts = []
    for test in group.tests:
        metric = evidence.metric(test)
        found: list[tuple[Piece, Terms, Terms]] = []
        for language in cells.languages(test):
            piece = Piece(test, metric, language)
            if piece in group.chance:
                continue
            where = (test, metric, language)
            translated = cells.conditions(*where, "translated", main)
            trips = [
                trip
                for trip in cells.conditions(*where, "roundtrip", main)
                if translator_of(cells, trip) in translated
            ]
            native = cells.conditions(*where, "native", main)
            if trips and native:
                k = 1 / len(trips)
                trip_terms = tuple(((trip, main), k) for trip in trips)
                english = tuple(((translator_of(cells, trip), main), -k) for trip in trips)
                home = tuple(((name, main), 1 / len(native)) for name in native)
                found.append((piece, trip_terms + english, merged((home, 1), (trip_terms, -1))))
        if not found:
            continue
        share = 1 / len(found)
        margin = margin_of(cells, test, metric)
        place = {"benchmark": test.benchmark, "judge": test.judge, "metric": metric}
        only = found[0][0].language if len(found) == 1 else None
        for contrast, first, second, verdicts in (
            (KNOWLEDGE, ROUND_TRIPS, TRANSLATED, (c.FIRST_BETTER, c.SECOND_BETTER)),
            (DEFECTS, "native", ROUND_TRIPS, (c.FIRST_BETTER, c.SECOND_BETTER)),
            ("knowledge - defects", KNOWLEDGE, DEFECTS, (c.KNOWLEDGE_LARGER, c.DEFECTS_LARGER)),
        ):
            shares = [
                Share(piece, share, {KNOWLEDGE: knowledge, DEFECTS: defects}.get(contrast)
                      or merged((knowledge, 1), (defects, -1)))
                for piece, knowledge, defects in found
            ]  # fmt: skip
            cell = single_cell(evidence, shares, margin)
            if cell is None:
                continue
            values = common(evidence, group, only, question=c.CAUSE, contrast=contrast)
            values |= place | {"first": first, "second": second, "margin": margin}
            draft = of_cell(cell, None, values)
            draft.decide = by_sign(*verdicts)
            drafts.append(draft)
    return drafts


def by_sign(above: str, below: str, neither: str = c.UNDECIDED) -> Callable[[Draft, float], str]:
    """Verdict by the sign of a difference that is sure."""

    def decide(draft: Draft, level: float) -> str:
        if not draft.adjusted.difference <= level:
            return neither
        return above if draft.tested.estimate > 0 else below

    return decide


def setting_drafts(evidence: Evidence, group: Group) -> list[Draft]:
    """Change of the gap in every other training setting, over languages that both settings have."""
    cells, main = evidence.cells, evidence.cells.main
    drafts = []
    for setting in cells.settings():
        if setting == main:
            continue
        changes, here, there = [], [], []
        for cell in group.cells.values():
            for share in cell.shares:
                other = tuple(((source[0], setting), weight) for source, weight in share.terms)
                changes.append(
                    Share(share.piece, share.share, merged((other, 1), (share.terms, -1)))
                )
                here.append(share._replace(terms=other))
                there.append(share)
        known = [
            place for place, share in enumerate(changes)
            if any(evidence.part(share.piece, m, share.terms) for m in cells.models(share.piece.test))
        ]  # fmt: skip
        if not known:
            continue
        total = sum(changes[place].share for place in known)
        lists = [
            [own[place]._replace(share=own[place].share / total) for place in known]
            for own in (changes, here, there)
        ]
        cell = single_cell(evidence, lists[0], group.margin)
        if cell is None:
            continue
        now, before = (evidence.sample(own, cell.sample.models) for own in lists[1:])
        languages = {share.piece.language for share in lists[0]}
        only = next(iter(languages)) if len(languages) == 1 else None
        values = common(evidence, group, only, question=c.SETTING, contrast="change")
        values |= {"scope": setting.kind, "learning_rate": setting.learning_rate}
        values |= {"first_score": now.estimate, "second_score": before.estimate}
        fell = now.first < before.first and now.second < before.second
        values["note"] = (
            f"gap {before.estimate:+.3g} at the main setting, {now.estimate:+.3g} here; native"
            f" {before.first:.4g} to {now.first:.4g}, translated {before.second:.4g} to {now.second:.4g}"
        )
        draft = of_cell(cell, None, values)
        draft.decide = change_of(now.estimate, before.estimate, fell)
        drafts.append(draft)
    return drafts


def change_of(now: float, before: float, fell: bool) -> Callable[[Draft, float], str]:
    """Verdict about a changed gap: smaller only if it kept its side and not both scores fell."""

    def decide(draft: Draft, level: float) -> str:
        if not draft.adjusted.difference <= level:
            return c.UNDECIDED
        if now * before < 0:
            return c.REVERSED
        if abs(now) > abs(before):
            return c.LARGER
        return c.BOTH_FELL if fell else c.SMALLER

    return decide


def judge_drafts(evidence: Evidence, group: Group) -> list[Draft]:
    """The gap by one judge minus the gap by another, on the same answers."""
    drafts = []
    by_benchmark: dict[str, list[Test]] = {}
    for test in group.tests:
        if test.judge is not None:
            by_benchmark.setdefault(test.benchmark, []).append(test)
    for benchmark, tests in by_benchmark.items():
        for one, other in itertools.combinations(tests, 2):
            pairs = []
            for cell in group.cells.values():
                own = {share.piece.test: share for share in cell.shares}
                if one in own and other in own:
                    pairs.append((own[one], own[other]))
            if not pairs:
                continue
            share = 1 / len(pairs)
            first = [a._replace(share=share) for a, _ in pairs]
            second = [b._replace(share=-share) for _, b in pairs]
            cell = single_cell(evidence, first + second, group.margin)
            if cell is None:
                continue
            models = cell.sample.models
            a = evidence.sample(first, models)
            b = evidence.sample([s._replace(share=share) for s in second], models)
            only = pairs[0][0].piece.language if len(pairs) == 1 else None
            values = common(evidence, group, only, question=c.JUDGES, contrast="judges")
            values |= {"benchmark": benchmark, "first": one.judge, "second": other.judge}
            values |= {"first_score": a.estimate, "second_score": b.estimate}
            draft = of_cell(cell, None, values | {"languages": len(pairs)})
            opposite = a.estimate * b.estimate < 0
            word = c.OPPOSITE_SIDES if opposite else c.SIDES_DIFFER
            draft.decide = by_sign(word, word, c.NOT_SHOWN)
            drafts.append(draft)
    return drafts


def growth_drafts(
    evidence: Evidence, gaps: list[dict[str, Any]], *, resamples: int, confidence: float, seed: int
) -> list[Draft]:
    """Does the gap grow with the score? Claimed from six models on, drawn for fewer."""
    cells = evidence.cells
    drafts = []
    for row in correlate(gaps, resamples=resamples, confidence=confidence, seed=seed):
        test = Test(row["benchmark"], row["judge"])
        if row["metric"] != cells.metrics(test)[0]:
            continue
        r, p = row.get("decoupled_r", math.nan), row.get("decoupled_p", math.nan)
        enough = row["models"] >= ENOUGH_MODELS
        group = Group(group_of(cells, test), "r", [test], math.nan)
        values = common(evidence, group, None, question=c.GROWTH, contrast="correlation")
        values |= {
            "benchmark": test.benchmark, "judge": test.judge, "metric": row["metric"],
            "margin": None, "languages": row["languages"], "models": row["models"],
            "families": row["families"], "second": "mean over conditions", "first": "gap",
            "estimate": r, "low": row.get("decoupled_low"), "high": row.get("decoupled_high"),
            "basis": c.FAMILIES
            if ENOUGH_FAMILIES <= row["families"] < row["models"]
            else c.MODELS,
            "note": "" if enough else f"fewer than {ENOUGH_MODELS} models: drawn, not claimed",
            "members": (test.slug,),
        }  # fmt: skip
        known = p if enough and r is not None else math.nan
        draft = Draft(values, OnlyP(r, Spread(math.nan, math.nan), known=known))
        draft.decide = by_sign(c.GROWS, c.FALLS, c.NOT_SHOWN)
        drafts.append(draft)
    return drafts


# -- from drafts to claims -----------------------------------------------------------------------


def finish(draft: Draft, row: int, evidence: Evidence, level: float, confidence: float) -> c.Claim:
    """The claim, with its verdict."""
    tested, sample, adjusted = draft.tested, draft.sample, draft.adjusted
    values: dict[str, Any] = {"best": None, "needed": None, "note": "", **draft.values}
    notes = [values.pop("note")]
    if adjusted is None:
        adjusted = Adjusted(math.nan, math.nan, confidence)
    low, high = tested.interval(confidence)
    verdict = values.pop("verdict", None) or (
        draft.decide(draft, level) if draft.decide else verdict_of(tested, adjusted, level)
    )
    p, p_adjusted = tested.p, adjusted.difference
    if verdict == c.NO_WORSE:
        p, p_adjusted = tested.p_alike, adjusted.alike
    if sample is not None:
        notes += sample_notes(sample, verdict)
        values |= sample_values(sample, values)
        if verdict == c.UNDECIDED and values["margin"]:
            values["needed"] = needed(sample, draft.units, values["margin"], adjusted.confidence)
        if sample.basis == c.ADAPTERS:
            half = 1.959964 * math.sqrt(sample.shared)
            if sample.shared > 0:
                values |= {
                    "items_low": sample.estimate - half,
                    "items_high": sample.estimate + half,
                }
    else:
        values |= {"seeds": None, "draws": None, "items": None, "clusters": None}
    sure = adjusted.confidence
    if verdict == c.NO_WORSE:  # two one-sided tests: the interval that lies within the margin
        sure = 1 - 2 * level * ALIKE_CELLS
    wide = tested.interval(sure)
    if verdict == c.UNDECIDED and (low > 0 or high < 0):
        notes.append("the interval excludes 0, but not at the level corrected for the whole page")
    estimate = values.pop("estimate", tested.estimate)
    bounds = (values.pop("low", low), values.pop("high", high))
    variance = tested.spread.variance
    values |= {
        "verdict": verdict,
        "estimate": c.finite(estimate),
        "low": c.finite(bounds[0]),
        "high": c.finite(bounds[1]),
        "p": c.finite(p),
        "p_adjusted": c.finite(p_adjusted) if c.finite(p) is not None else None,
        "level": level,
        "confidence": confidence,
        "decides_low": c.finite(wide[0]),
        "decides_high": c.finite(wide[1]),
        "decides_confidence": sure,
        "stderr": c.finite(math.sqrt(variance)) if variance >= 0 else None,
        "df": c.finite(tested.spread.df),
        "table": TABLE,
        "row": row,
        "note": "; ".join(dict.fromkeys(note for note in notes if note)),
    }
    return c.Claim(**values)


def verdict_of(tested: Tested, adjusted: Adjusted, level: float) -> str:
    """One of the four verdicts of a gap.

    Equivalence first: a difference that is sure but smaller than what matters is no worse.
    """
    if adjusted.alike <= level:
        return c.NO_WORSE
    if adjusted.difference <= level:
        return c.NATIVE_BETTER if tested.estimate > 0 else c.TRANSLATED_BETTER
    return c.UNDECIDED


def sample_values(sample: Sample, values: dict[str, Any]) -> dict[str, Any]:
    """Counts and scores of a sample."""
    spread = float(sample.gaps.std(ddof=1)) if len(sample.gaps) > 1 else math.nan
    return {
        "basis": sample.basis,
        "models": len(sample.models),
        "families": len(set(sample.families)),
        "seeds": sample.seeds,
        "draws": 1 if sample.seeds is not None else None,
        "items": sample.items,
        "clusters": sample.clusters,
        "first_score": values.get("first_score", c.finite(sample.first)),
        "second_score": values.get("second_score", c.finite(sample.second)),
        "ahead": int((sample.gaps > 0).sum()),
        "snr": c.finite(abs(sample.estimate) / spread) if spread > 0 else None,
    }


def sample_notes(sample: Sample, verdict: str) -> list[str]:
    """What a reader must know of a sample."""
    notes = []
    families = len(set(sample.families))
    if sample.basis == c.MODELS and families < len(sample.models):
        notes.append(f"{families} model families: the interval treats models as independent")
    if sample.basis == c.ADAPTERS:
        notes.append("one model trained once: these two adapters, not the method")
    if sample.left_out:
        notes.append(f"left out, as a score is missing: {', '.join(sample.left_out)}")
    if sample.basis != c.ADAPTERS and not sample.spread().variance > 0:
        notes.append("nothing varies, so nothing can be told")
    if verdict == c.AT_CHANCE:
        notes.append("neither side is above chance: this test sees nothing with these models")
    return notes


def best_translators(claims: list[c.Claim]) -> list[c.Claim]:
    """Add the comparison with the best translator of each cell, corrected for the choice.

    It follows from the claims on each translator, so that nothing is picked and tested on the same
    data: no worse if any of them is no worse, native better only if it beats every one of them.
    """
    found = list(claims)
    places: dict[tuple, list[c.Claim]] = {}
    for claim in claims:
        if claim.question == c.TRANSLATOR:
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
