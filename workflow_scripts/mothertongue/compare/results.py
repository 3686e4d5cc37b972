"""The result of a comparison: one row per task, group and pair of runs, and rankings of several runs.

Holm's method is applied over all rows of a page, once for differences and once for equivalence.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..correlate.claims import finite
from ..correlate.power import MOST, deciding_variance
from ..correlate.statistics import detectable, holm
from ..correlate.variance import ZERO
from .engine import Estimate, Shares, estimate
from .matching import Scores
from .pairing import Paired
from .ranking import Ranking, rank

BETTER, WORSE, EQUIVALENT, UNDECIDED, AT_CHANCE = (
    "better", "worse", "equivalent", "undecided", "at chance",
)  # fmt: skip
TASK, LANGUAGES, GROUP, ALL = "task", "languages", "group", "all"


@dataclass(frozen=True)
class Result:
    """Second minus first, in favour of the second, on one task, language or group.

    `low`, `high`: 95 % interval. `p` is of no difference, `p_alike` of a difference as large as the
    margin (two one-sided tests). What is not known is None.
    """

    level: str
    name: str
    language: str
    metric: str
    first: str
    second: str
    first_score: float
    second_score: float
    difference: float
    low: float | None
    high: float | None
    stderr: float | None
    df: float | None
    p: float | None
    p_holm: float | None
    p_alike: float | None
    p_alike_holm: float | None
    verdict: str
    margin: float | None
    unit: str
    detectable: float | None  # at 80 % power
    needed_items: int | None  # would decide, if the estimate were true; None: no affordable number
    items: int
    clusters: int
    replicates: int
    models: int
    basis: str
    chance: float | None

    @property
    def within(self) -> bool:
        """Whether the difference is smaller than the margin, beyond doubt."""
        return self.p_alike_holm is not None and self.p_alike_holm <= LEVEL

    @property
    def place(self) -> str:
        """What was compared, in words."""
        return ", ".join(part for part in (self.name, self.language) if part)


LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """All that a comparison found. `as_json` gives it as plain data; `frame` as a table."""

    runs: tuple[str, ...]
    results: tuple[Result, ...]
    rankings: tuple[Ranking, ...]
    mismatches: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    confidence: float = 0.95
    level: float = LEVEL

    def as_json(self) -> dict[str, Any]:
        """Plain data; what is not known is null."""
        return asdict(self)

    def frame(self) -> Any:
        """The results as a polars frame."""
        import polars as pl

        return pl.DataFrame([asdict(one) for one in self.results], infer_schema_length=None)


def compare_pairs(paired: Paired, margins: Mapping[str, float], confidence: float) -> Comparison:
    """Every run against the first, and rankings where there are more than two.

    margins: metric -> smallest difference that matters; "" stands for every metric in points of 100.
    """
    rows = []
    for level, name, shares in levels(paired):
        for second in paired.runs[1:]:
            margin = margin_of(shares[0][0], margins)
            found = estimate(shares, paired.runs[0], second, margin)
            rows.append(row_of(level, name, shares, (paired.runs[0], second), found, confidence))
    rankings = []
    if len(paired.runs) > 2:
        rankings = [
            rank(name, shares, paired.runs, confidence) for _, name, shares in levels(paired)
        ]
    return Comparison(
        tuple(paired.runs),
        tuple(decided(rows)),
        tuple(rankings),
        tuple(paired.mismatches),
        tuple(dict.fromkeys(paired.notes)),
        confidence,
    )


def levels(paired: Paired) -> list[tuple[str, str, Shares]]:
    """What is compared: every cell, means over a task's languages, over groups, over all tasks."""
    found: list[tuple[str, str, Shares]] = [(TASK, s.cell.task, [(s, 1.0)]) for s in paired.cells]
    by_task: dict[tuple[str, str], list[Scores]] = {}
    for scores in paired.cells:
        by_task.setdefault((scores.cell.task, scores.cell.metric), []).append(scores)
    for (task, _), own in by_task.items():
        if len(own) > 1:
            found.append((LANGUAGES, task, even(own)))
    # One metric per task: two metrics of the same answers are no two witnesses.
    main = {scores.cell.task: scores.cell.metric for scores in reversed(paired.cells)}
    first = [s for s in paired.cells if s.cell.metric == main[s.cell.task]]
    usable = [s for s in first if s.percent and not s.lower_is_better]
    for name, tasks in paired.groups.items():
        own = [s for s in usable if s.cell.task in tasks]
        if len(own) > 1:
            found.append((GROUP, name, by_items(own)))
    if len({s.cell.task for s in usable}) > 1:
        found.append((ALL, "all tasks", even(usable)))
        if left := [str(s.cell) for s in first if not any(s is one for one in usable)]:
            paired.notes.append(f"no points of 100, not in the mean over all: {', '.join(left)}")
    return found


def even(cells: Sequence[Scores]) -> Shares:
    """Tasks count alike, each with its languages."""
    tasks = [(s.cell.task, s.cell.metric) for s in cells]
    return [
        (s, 1 / len(set(tasks)) / tasks.count(key)) for s, key in zip(cells, tasks, strict=True)
    ]


def by_items(cells: Sequence[Scores]) -> Shares:
    """Tasks of a group of lm-eval count by their items, as its own means do by default."""
    total = sum(len(s.values) for s in cells)
    return [(s, len(s.values) / total) for s in cells]


def margin_of(scores: Scores, margins: Mapping[str, float]) -> float:
    """The smallest difference that matters; infinite where none is known."""
    if scores.cell.metric in margins:
        return margins[scores.cell.metric]
    return margins.get("", math.inf) if scores.percent else math.inf


def row_of(
    level: str,
    name: str,
    shares: Shares,
    runs: tuple[str, str],
    found: Estimate,
    confidence: float,
) -> Result:
    """The row of an estimate, before its p values are adjusted."""
    sample, tested, scores = found.sample, found.tested, shares[0][0]
    low, high = tested.interval(confidence)
    stderr = math.sqrt(tested.spread.variance) if tested.spread.variance > ZERO else math.nan
    metrics = dict.fromkeys(s.cell.metric for s, _ in shares)
    known = math.isfinite(tested.margin)
    return Result(
        level=level,
        name=name,
        language=scores.cell.language if level == TASK else "",
        metric=" / ".join(metrics),
        first=runs[0],
        second=runs[1],
        first_score=sample.first,
        second_score=sample.second,
        difference=sample.estimate,
        low=finite(low),
        high=finite(high),
        stderr=finite(stderr),
        df=finite(tested.spread.df),
        p=finite(found.p),
        p_holm=None,
        p_alike=finite(found.p_alike) if known else None,
        p_alike_holm=None,
        verdict=AT_CHANCE if found.at_chance else UNDECIDED,
        margin=tested.margin if known else None,
        unit=scores.unit,
        detectable=finite(detectable(stderr, confidence)),
        needed_items=needed(found, confidence),
        items=sample.items or 0,
        clusters=sample.clusters or 0,
        replicates=found.replicates,
        models=len(sample.models),
        basis=found.basis,
        chance=finite(scores.chance) if level == TASK else None,
    )


def needed(found: Estimate, confidence: float) -> int | None:
    """Items in all that would decide if the estimate were true; replicates and models as they are."""
    variance, sample = found.tested.spread.variance, found.sample
    margin = found.tested.margin
    size = abs(sample.estimate)
    if not variance > ZERO or (size == 0 and not math.isfinite(margin)):
        return None
    target = deciding_variance(size, margin if math.isfinite(margin) else 0.0, confidence)
    of_items = min(variance, sample.shared) if found.basis != "items" else variance
    rest = variance - of_items
    if target <= rest:
        return None
    count = math.ceil((sample.items or 0) * of_items / (target - rest))
    return max(count, (sample.items or 0) + 1) if count <= MOST["items"] else None


def decided(rows: Sequence[Result]) -> list[Result]:
    """The rows with p values after Holm over all of them, and the verdicts that these carry."""
    missing = math.nan
    different = holm([missing if r.p is None else r.p for r in rows])
    alike = holm([missing if r.p_alike is None else r.p_alike for r in rows])
    found = []
    for row, p, p_alike in zip(rows, different, alike, strict=True):
        verdict = row.verdict
        if p <= LEVEL:
            verdict = BETTER if row.difference > 0 else WORSE
        elif p_alike <= LEVEL and verdict != AT_CHANCE:
            verdict = EQUIVALENT
        needed_items = row.needed_items if verdict == UNDECIDED else None
        found.append(
            replace(
                row,
                p_holm=finite(p),
                p_alike_holm=finite(p_alike),
                verdict=verdict,
                needed_items=needed_items,
            )
        )
    return found
