"""Groups tests that answer one question, and makes the cells of the report's first table of them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..scores import WIN_RATE
from . import claims as c
from .averages import Cells, Test
from .chance import gap_terms, is_at_chance
from .decisions import Tested
from .effects import Evidence
from .samples import IN_BITS, Piece, Sample, Share
from .variance import Spread, likeness, pool

MARGIN = 2.0  # points; see report.margin
RATING_SHARE = 0.1  # of the scale of a rating, or of a win rate
JUDGED = "open questions"  # the group of judged tests, where the description names none
BITS = 0.02  # bits per byte, character or token


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


def group_of(cells: Cells, test: Test) -> str:
    """The test's group: as the description says, else by origin and kind of its questions."""
    about = cells.facts.benchmark(test.benchmark)
    if about.group:
        return about.group
    if test.judge is not None:
        return JUDGED
    known = [str(name) for name in (about.origin, about.kind) if name]
    return ", ".join(known) or test.benchmark


def margin_of(cells: Cells, test: Test, metric: str) -> float:
    """The smallest difference that matters, in the unit of the claim.

    A benchmark's own `margin` in the description wins; then `margin` of the whole description
    (report.margin), which is meant in points; ratings and win rates: a tenth of their scale.
    """
    about = cells.facts.benchmark(test.benchmark)
    if about.margin is not None:
        return float(about.margin)
    if metric == "rating":
        return RATING_SHARE * 4
    if metric == WIN_RATE:
        return RATING_SHARE * 100
    if test.judge is not None:
        return RATING_SHARE * 4 * max(about.items.values(), default=50)
    if metric in IN_BITS:
        return BITS
    return float(cells.facts.margin or MARGIN)


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
    """A cell with the variance of its own models alone."""
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


def correlations_of(rows: Sequence[dict[str, Cell]]) -> np.ndarray:
    """Correlations between the estimates of all rows' cells, as means over pairs of one kind.

    Kinds: the same row in two languages, one language in two rows, neither. Where units are too few
    to tell, cells count as one.
    """
    places = [(row, code, cell) for row, own in enumerate(rows) for code, cell in own.items()]
    kinds: dict[tuple[bool, bool], list[tuple[int, int, float]]] = {}
    for i, j in itertools.combinations(range(len(places)), 2):
        (one, code, a), (other, second, b) = places[i], places[j]
        kind = (one == other, code == second)
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
