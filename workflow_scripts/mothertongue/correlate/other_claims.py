"""Makes the claims beside the gap: its causes, other training settings, judges, growth with the score."""

import itertools
import math
from dataclasses import replace

from . import claims as c
from .averages import CONTROL, ROUND_TRIPS, TRANSLATED, Setting, Test
from .contrasts import CHANGE, DEFECTS, KNOWLEDGE
from .draft_claims import Decide, Draft, OnlyP, by_sign, common, of_cell, on_test
from .effects import Evidence
from .gap_correlation import ENOUGH_MODELS, Gap, correlate
from .groups import Cell, Group, group_of, margin_of, single_cell
from .notes import changed_gap, few_models
from .samples import ENOUGH_FAMILIES, Piece, Share, Source, Terms
from .variance import Spread


def merged(*terms: tuple[Terms, float]) -> Terms:
    """A weighted sum of differences, each source once."""
    total: dict[Source, float] = {}
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
                if cells.facts.translator(trip) in translated
            ]
            native = cells.conditions(*where, "native", main)
            if trips and native:
                k = 1 / len(trips)
                trip_terms = tuple(((trip, main), k) for trip in trips)
                english = tuple(((cells.facts.translator(trip), main), -k) for trip in trips)
                home = tuple(((name, main), 1 / len(native)) for name in native)
                found.append((piece, trip_terms + english, merged((home, 1), (trip_terms, -1))))
        if not found:
            continue
        share = 1 / len(found)
        margin = margin_of(cells, test, metric)
        only = found[0][0].language if len(found) == 1 else None
        effects: list[float] = []  # of knowledge and of defects, the sides of their difference
        for contrast, first, second, verdicts in (
            (KNOWLEDGE, ROUND_TRIPS, TRANSLATED, (c.FIRST_BETTER, c.SECOND_BETTER)),
            (DEFECTS, "native", ROUND_TRIPS, (c.FIRST_BETTER, c.SECOND_BETTER)),
            (c.KNOWLEDGE_OR_DEFECTS, KNOWLEDGE, DEFECTS, (c.KNOWLEDGE_LARGER, c.DEFECTS_LARGER)),
        ):
            shares = [
                Share(
                    piece,
                    share,
                    {KNOWLEDGE: knowledge, DEFECTS: defects}.get(contrast)
                    or merged((knowledge, 1), (defects, -1)),
                )
                for piece, knowledge, defects in found
            ]
            cell = single_cell(evidence, shares, margin)
            if cell is None:
                continue
            claim = on_test(common(evidence, group, only, c.CAUSE), test, metric)
            claim = replace(claim, contrast=contrast, first=first, second=second, margin=margin)
            if contrast == c.KNOWLEDGE_OR_DEFECTS and len(effects) == 2:
                claim = replace(claim, first_score=effects[0], second_score=effects[1])
            effects.append(cell.sample.estimate)
            drafts.append(of_cell(cell, None, claim, decide=by_sign(*verdicts)))
    return drafts


def setting_drafts(evidence: Evidence, group: Group, *, apart: bool) -> list[Draft]:
    """Change of the gap in every other training setting, over languages that both settings have.

    `apart`: every language by itself, as the gap may differ between them.
    """
    together = list(group.cells.values())
    parts = [[cell] for cell in together] if apart else [together]
    made = (
        setting_draft(evidence, group, setting, part)
        for setting in evidence.cells.settings()
        if setting != evidence.cells.main
        for part in parts
    )
    return [draft for draft in made if draft is not None]


def setting_draft(
    evidence: Evidence, group: Group, setting: Setting, together: list[Cell]
) -> Draft | None:
    """Change of the gap of some cells between the main setting and another."""
    changes, here, there = [], [], []
    for cell in together:
        for share in cell.shares:
            other = tuple(((source[0], setting), weight) for source, weight in share.terms)
            changes.append(Share(share.piece, share.share, merged((other, 1), (share.terms, -1))))
            here.append(share._replace(terms=other))
            there.append(share)
    known = [
        place
        for place, share in enumerate(changes)
        if any(
            evidence.part(share.piece, m, share.terms)
            for m in evidence.cells.models(share.piece.test)
        )
    ]
    if not known:
        return None
    total = sum(changes[place].share for place in known)
    lists = [
        [own[place]._replace(share=own[place].share / total) for place in known]
        for own in (changes, here, there)
    ]
    change = single_cell(evidence, lists[0], group.margin)
    if change is None:
        return None
    now, before = (evidence.sample(own, change.sample.models) for own in lists[1:])
    if now is None or before is None:
        return None
    languages = {share.piece.language for share in lists[0]}
    only = next(iter(languages)) if len(languages) == 1 else None
    claim = replace(
        common(evidence, group, only, c.SETTING),
        contrast=CHANGE,
        scope=setting.kind,
        learning_rate=setting.learning_rate,
        first_score=now.estimate,
        second_score=before.estimate,
        note=changed_gap(
            before.estimate,
            now.estimate,
            native=(before.first, now.first),
            translated=(before.second, now.second),
        ),
    )
    fell = now.first < before.first and now.second < before.second
    decide = change_of(now.estimate, before.estimate, fell)
    return of_cell(change, None, claim, decide=decide)


def change_of(now: float, before: float, fell: bool) -> Decide:
    """Verdict about a changed gap: smaller only if it kept its side and not both scores fell."""

    def decide(sure: bool, estimate: float) -> str:
        if not sure:
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
            apart = single_cell(evidence, first + second, group.margin)
            if apart is None:
                continue
            models = apart.sample.models
            a = evidence.sample(first, models)
            b = evidence.sample([s._replace(share=share) for s in second], models)
            if a is None or b is None:
                continue
            only = pairs[0][0].piece.language if len(pairs) == 1 else None
            claim = replace(
                common(evidence, group, only, c.JUDGES),
                contrast="judges",
                benchmark=benchmark,
                first=one.judge or "",
                second=other.judge or "",
                first_score=a.estimate,
                second_score=b.estimate,
                languages=len(pairs),
            )
            opposite = a.estimate * b.estimate < 0
            word = c.OPPOSITE_SIDES if opposite else c.SIDES_DIFFER
            decide = by_sign(word, word, c.NOT_SHOWN)
            drafts.append(of_cell(apart, None, claim, decide=decide))
    return drafts


def control_drafts(evidence: Evidence, group: Group) -> list[Draft]:
    """Native data against each control: native rows drawn once more, over the group's languages."""
    cells, main = evidence.cells, evidence.cells.main
    drafts = []
    for name in cells.data(CONTROL):
        shares = [
            Share(share.piece, share.share, (*home, ((name, main), -1.0)))
            for cell in group.cells.values()
            for share in cell.shares
            if name in cells.conditions(*share.piece, CONTROL, main)
            and (home := tuple((source, weight) for source, weight in share.terms if weight > 0))
        ]
        total = sum(share.share for share in shares)
        even = [share._replace(share=share.share / total) for share in shares]
        cell = single_cell(evidence, even, group.margin) if even else None
        if cell is not None:
            claim = replace(common(evidence, group, None, c.CONTROL), contrast=CONTROL, second=name)
            drafts.append(of_cell(cell, None, claim))
    return drafts


def growth_drafts(
    evidence: Evidence, gaps: list[Gap], *, resamples: int, confidence: float, seed: int
) -> list[Draft]:
    """Does the gap grow with the score? Claimed from six models on, drawn for fewer."""
    cells = evidence.cells
    drafts = []
    for row in correlate(gaps, resamples=resamples, confidence=confidence, seed=seed):
        if row.metric != cells.metrics(row.test)[0]:
            continue
        r, p = or_nan(row.decoupled_r), or_nan(row.decoupled_p)
        enough = row.models >= ENOUGH_MODELS
        group = Group(group_of(cells, row.test), "r", [row.test], math.nan)
        claim = replace(
            on_test(common(evidence, group, None, c.GROWTH), row.test, row.metric),
            contrast="correlation",
            first="gap",
            second="mean over conditions",
            margin=None,
            models=row.models,
            families=row.families,
            languages=row.languages,
            basis=c.FAMILIES if ENOUGH_FAMILIES <= row.families < row.models else c.MODELS,
            note="" if enough else few_models(ENOUGH_MODELS),
            members=(row.test.slug,),
        )
        tested = OnlyP(r, Spread(math.nan, math.nan), known=p if enough else math.nan)
        drafts.append(
            Draft(
                claim,
                tested,
                decide=by_sign(c.GROWS, c.FALLS, c.NOT_SHOWN),
                interval=(row.decoupled_low, row.decoupled_high),
            )
        )
    return drafts


def or_nan(value: float | None) -> float:
    """A number; NaN where it is not known."""
    return math.nan if value is None else value
