"""Draft claims: comparisons whose p values are not yet adjusted for the page, and their completion.

A draft holds what is known of its claim before every comparison of the page is made; `finish` adds
the verdict, which needs the p values of all of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from . import claims as c
from . import notes
from .averages import TRANSLATED, Test
from .contrasts import GAP
from .decisions import ALIKE_CELLS, Adjusted, Tested
from .effects import Evidence
from .groups import Cell, Group
from .power import needed
from .samples import Sample, Share
from .variance import Spread

TABLE = "estimates.csv"
Decide = Callable[[bool, float], str]  # verdict of a difference: is it sure, and its estimate


@dataclass
class Draft:
    """A claim before the page's p values are adjusted."""

    claim: c.Claim  # with placeholders where `finish` puts numbers
    tested: Tested
    sample: Sample | None = None
    units: Spread | None = None
    adjusted: Adjusted | None = None
    verdict: str | None = None  # where no test decides it
    decide: Decide | None = None
    interval: tuple[float | None, float | None] | None = None  # where it is not that of the test
    hides: tuple[str, ...] = ()  # parts of the mean that by themselves lie beyond the margin


@dataclass
class Part:
    """One comparison that is part of a group: in its languages, and over them.

    Each draft comes with the cell that has to be decided for it to be tested.
    """

    cells: dict[str, Cell]
    drafts: dict[str, tuple[Draft, Adjusted]] = field(default_factory=dict)
    mean: tuple[Draft, Adjusted] | None = None

    def every(self) -> list[tuple[Draft, Adjusted]]:
        """The drafts of its languages and of their mean."""
        return [*self.drafts.values(), *([self.mean] if self.mean else [])]


@dataclass(frozen=True)
class OnlyP(Tested):
    """A test without an interval."""

    known: float = math.nan

    @property
    def p(self) -> float:
        """The p that is known."""
        return self.known


def common(evidence: Evidence, group: Group, language: str | None, question: str) -> c.Claim:
    """What claims of a group share; the numbers are placeholders."""
    main = evidence.cells.main
    return c.Claim(
        question=question,
        group=group.name,
        benchmark=None,
        judge=None,
        metric=evidence.metric(group.tests[0]),
        language=language,
        contrast=GAP,
        first="native",
        second=TRANSLATED,
        scope=main.kind,
        learning_rate=main.learning_rate,
        verdict=c.UNDECIDED,
        estimate=None,
        low=None,
        high=None,
        unit=group.unit,
        p=None,
        p_adjusted=None,
        level=math.nan,
        margin=group.margin,
        basis=c.MODELS,
        models=0,
        families=0,
        languages=0,
        seeds=None,
        draws=None,
        items=None,
        clusters=None,
        best=None,
        needed=None,
        table=TABLE,
        row=0,
        note="",
    )


def on_test(claim: c.Claim, test: Test, metric: str) -> c.Claim:
    """The claim about one test."""
    return replace(claim, benchmark=test.benchmark, judge=test.judge, metric=metric)


def of_cell(
    cell: Cell,
    adjusted: Adjusted | None,
    claim: c.Claim,
    *,
    tested: Tested | None = None,
    verdict: str | None = None,
    decide: Decide | None = None,
) -> Draft:
    """A draft with a cell's numbers; `tested`: another test of it."""
    tests = dict.fromkeys(share.piece.test.slug for share in cell.shares)
    languages = claim.languages or len({share.piece.language for share in cell.shares})
    claim = replace(claim, members=tuple(tests), languages=languages)
    own = tested or cell.tested
    return Draft(claim, own, cell.sample, cell.units, adjusted, verdict=verdict, decide=decide)


def alone(share: Share) -> Share:
    """The piece with all the weight."""
    return share._replace(share=1.0)


def by_sign(above: str, below: str, neither: str = c.UNDECIDED) -> Decide:
    """Verdict by the sign of a difference that is sure."""

    def decide(sure: bool, estimate: float) -> str:
        if not sure:
            return neither
        return above if estimate > 0 else below

    return decide


def finish(draft: Draft, row: int, level: float, confidence: float) -> c.Claim:
    """The claim, with its verdict."""
    tested, sample, claim = draft.tested, draft.sample, draft.claim
    adjusted = draft.adjusted or Adjusted(math.nan, math.nan, confidence)
    told = [claim.note]
    low, high = tested.interval(confidence)
    verdict, hides = decided(draft, adjusted, level)
    if hides:
        told.append(notes.hides(hides))
    p, p_adjusted = tested.p, adjusted.difference
    if verdict == c.NO_WORSE:
        p, p_adjusted = tested.p_alike, adjusted.alike
    if sample is not None:
        told += sample_notes(sample, verdict)
        claim = with_sample(claim, sample)
        if verdict == c.UNDECIDED and claim.margin and not hides and draft.units is not None:
            asked = needed(sample, draft.units, claim.margin, adjusted.confidence)
            claim = replace(claim, needed=asked)
    sure = adjusted.confidence
    if verdict == c.NO_WORSE:  # two one-sided tests: the interval that lies within the margin
        sure = 1 - 2 * level * ALIKE_CELLS
    wide = tested.interval(sure)
    if verdict == c.UNDECIDED and (low > 0 or high < 0):
        told.append(notes.NOT_AT_LEVEL)
    shown = draft.interval or (low, high)
    variance = tested.spread.variance
    return replace(
        claim,
        verdict=verdict,
        estimate=c.finite(tested.estimate),
        low=c.finite(shown[0]),
        high=c.finite(shown[1]),
        p=c.finite(p),
        p_adjusted=c.finite(p_adjusted) if c.finite(p) is not None else None,
        level=level,
        confidence=confidence,
        decides_low=c.finite(wide[0]),
        decides_high=c.finite(wide[1]),
        decides_confidence=sure,
        stderr=c.finite(math.sqrt(variance)) if variance >= 0 else None,
        df=c.finite(tested.spread.df),
        row=row,
        note="; ".join(dict.fromkeys(note for note in told if note)),
    )


def decided(draft: Draft, adjusted: Adjusted, level: float) -> tuple[str, tuple[str, ...]]:
    """The verdict, and the parts that speak against calling a mean no worse."""
    sure = adjusted.difference <= level
    if draft.verdict is not None:
        verdict = draft.verdict
    elif draft.decide is not None:
        verdict = draft.decide(sure, draft.tested.estimate)
    else:
        verdict = verdict_of(draft.tested, adjusted, level)
    if verdict != c.NO_WORSE or not draft.hides:
        return verdict, ()
    difference = by_sign(c.NATIVE_BETTER, c.TRANSLATED_BETTER)
    return difference(sure, draft.tested.estimate), draft.hides


def verdict_of(tested: Tested, adjusted: Adjusted, level: float) -> str:
    """One of the four verdicts of a gap.

    Equivalence first: a difference that is sure but smaller than what matters is no worse.
    """
    if adjusted.alike <= level:
        return c.NO_WORSE
    if adjusted.difference <= level:
        return c.NATIVE_BETTER if tested.estimate > 0 else c.TRANSLATED_BETTER
    return c.UNDECIDED


def with_sample(claim: c.Claim, sample: Sample) -> c.Claim:
    """The claim with the counts and scores of a sample."""
    spread = float(sample.gaps.std(ddof=1)) if len(sample.gaps) > 1 else math.nan
    first, second = claim.first_score, claim.second_score
    claim = replace(
        claim,
        basis=sample.basis,
        models=len(sample.models),
        families=len(set(sample.families)),
        seeds=sample.seeds,
        draws=1 if sample.seeds is not None else None,
        items=sample.items,
        clusters=sample.clusters,
        first_score=c.finite(sample.first) if first is None else first,
        second_score=c.finite(sample.second) if second is None else second,
        ahead=int((sample.gaps > 0).sum()),
        snr=c.finite(abs(sample.estimate) / spread) if spread > 0 else None,
    )
    if sample.basis != c.ADAPTERS or not sample.shared > 0:
        return claim
    half = 1.959964 * math.sqrt(sample.shared)
    return replace(claim, items_low=sample.estimate - half, items_high=sample.estimate + half)


def sample_notes(sample: Sample, verdict: str) -> list[str]:
    """What a reader must know of a sample."""
    found = []
    families = len(set(sample.families))
    if sample.basis == c.MODELS and families < len(sample.models):
        found.append(notes.few_families(families))
    if sample.basis == c.ADAPTERS:
        found.append(notes.TRAINED_ONCE)
    if sample.left_out:
        found.append(notes.left_out(sample.left_out))
    if sample.basis != c.ADAPTERS and not sample.spread().variance > 0:
        found.append(notes.NOTHING_VARIES)
    if verdict == c.AT_CHANCE:
        found.append(notes.SEES_NOTHING)
    return found
