"""Claims before the page's p values are adjusted, and how they become claims."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import claims as c
from .averages import TRANSLATED
from .contrasts import GAP
from .decisions import ALIKE_CELLS, Adjusted, Tested
from .effects import Evidence, Piece, Sample, Share
from .groups import Cell, Group
from .power import needed
from .variance import Spread

TABLE = "estimates.csv"


@dataclass
class Draft:
    """A claim before the page's p values are adjusted."""

    values: dict[str, Any]
    tested: Tested | None = None
    sample: Sample | None = None
    units: Spread | None = None
    adjusted: Adjusted | None = None
    decide: Callable[["Draft", float], str] | None = None
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
        """All drafts."""
        return [*self.drafts.values(), *([self.mean] if self.mean else [])]


@dataclass(frozen=True)
class OnlyP(Tested):
    """A test without an interval."""

    known: float = math.nan

    @property
    def p(self) -> float:
        """Its p."""
        return self.known


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


def replace_share(share: Share) -> Share:
    """The piece alone."""
    return share._replace(share=1.0)


def place_of(piece: Piece) -> dict[str, Any]:
    """Benchmark, judge and metric of a piece."""
    return {"benchmark": piece.test.benchmark, "judge": piece.test.judge, "metric": piece.metric}


def replace_test(cell: Cell, tested: Tested) -> Cell:
    """The cell with another test."""
    return Cell(cell.shares, cell.sample, cell.units, tested)


def by_sign(above: str, below: str, neither: str = c.UNDECIDED) -> Callable[[Draft, float], str]:
    """Verdict by the sign of a difference that is sure."""

    def decide(draft: Draft, level: float) -> str:
        if not draft.adjusted.difference <= level:
            return neither
        return above if draft.tested.estimate > 0 else below

    return decide


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
    hides = draft.hides if verdict == c.NO_WORSE else ()
    if hides:
        verdict = by_sign(c.NATIVE_BETTER, c.TRANSLATED_BETTER)(draft, level)
        notes.append(f"{c.HIDES}: {', '.join(hides)}")
    p, p_adjusted = tested.p, adjusted.difference
    if verdict == c.NO_WORSE:
        p, p_adjusted = tested.p_alike, adjusted.alike
    if sample is not None:
        notes += sample_notes(sample, verdict)
        values |= sample_values(sample, values)
        if verdict == c.UNDECIDED and values["margin"] and not hides:
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
