"""Adjusts p values so that at most one page in twenty holds a wrong verdict.

All tests of a page are one family. Its level is shared out once: nine tenths to the cells of the
first table, a tenth to statements beside them (languages that differ, judges, growth with the score).
For equivalence, single translators have a twentieth. Claims of a difference and claims of equivalence
are each a family of their own: no difference and one as large as the margin cannot both be true of a
cell.

*The cells* of all groups and languages are a closed testing procedure (Marcus, Peritz and Gabriel
1976, Biometrika 63:655): a cell is decided when every set of cells that holds it is, each set by
the better of two tests that share its level: of its mean (the cells' t values added up, with their
correlations; O'Brien 1984, Biometrics 40:1079), and of its clearest cells (Simes 1986, Biometrika
73:751). Cells that agree thus support one another, and one that differs from all others still shows.

*The statements beside them* are adjusted after Holm.

*What is part of a cell* (one translator, one test of a group) or asks about it (its cause, another
training setting) is tested only once that cell is decided. Where nothing differs, none of these tests
is reached. Where something does, the cells' level is shared out again, in equal parts: translators and
tests are each a closed testing procedure over the whole page, questions are adjusted after Holm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .statistics import holm
from .variance import ZERO, Spread, beyond, half_width, two_sided

CELLS, OTHERS = 0.9, 0.1  # shares of the page's level
MEAN = 0.25  # share of a set's level for its mean, the rest for its clearest cells
ALIKE_CELLS, ALIKE_OTHERS = 0.95, 0.05  # of claims of equivalence
ALIKE_MEAN = 0.65  # the same for claims of equivalence, which rarely hold in one cell alone


@dataclass(frozen=True)
class Tested:
    """An estimate with its spread and the smallest difference that matters."""

    __test__ = False  # no test case, whatever its name looks like to pytest

    estimate: float
    spread: Spread
    margin: float = math.inf

    @property
    def p(self) -> float:
        """Two-sided p of no difference."""
        return two_sided(self.estimate, self.spread)

    @property
    def p_not_more(self) -> float:
        """One-sided p of the difference being the margin or more."""
        return beyond(self.margin - self.estimate, self.spread)

    @property
    def p_not_less(self) -> float:
        """One-sided p of the difference being minus the margin or less."""
        return beyond(self.margin + self.estimate, self.spread)

    @property
    def p_alike(self) -> float:
        """p of two one-sided tests of equivalence (Schuirmann 1987)."""
        return max(self.p_not_more, self.p_not_less)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Student's t interval."""
        half = half_width(self.spread, confidence)
        return self.estimate - half, self.estimate + half


@dataclass(frozen=True)
class Adjusted:
    """p values over the whole page, and the confidence of the interval that goes with them."""

    difference: float
    alike: float
    confidence: float


class Closed:
    """Closed testing of one-sided hypotheses, all in the same direction.

    `t`: distance of each estimate from its null value in standard errors, above 0 towards the
    claim. The set of a given size that is hardest to reject holds the smallest t values, so that not
    all sets have to be tried.
    """

    def __init__(self, t: np.ndarray, df: np.ndarray, correlations: np.ndarray, mean: float):
        from scipy.special import stdtr

        self.t, self.df, self.correlations, self.mean = t, df, correlations, mean
        self.single = stdtr(df, -t)
        self.order = np.argsort(t, kind="stable")

    def p(self, members: Sequence[int]) -> float:
        """p of the claim about all these cells: the largest over the sets that hold them."""
        chosen = list(members)
        largest = self._of_set(chosen)
        for other in self.order:
            if other not in members:
                chosen.append(int(other))
                largest = max(largest, self._of_set(chosen))
        return largest

    def _of_set(self, chosen: list[int]) -> float:
        from scipy.special import stdtr

        if len(chosen) == 1:
            return float(self.single[chosen[0]])
        scale = math.sqrt(float(self.correlations[np.ix_(chosen, chosen)].sum()))
        mean = float(stdtr(self.df[chosen].min(), -self.t[chosen].sum() / scale))
        ordered = np.sort(self.single[chosen])
        clearest = float((ordered * len(chosen) / np.arange(1, len(chosen) + 1)).min())
        return min(1.0, mean / self.mean, clearest / (1 - self.mean))


class Family:
    """The four closed procedures behind estimates: above, below, not more, not less.

    `correlations`: of the estimates. One without a variance is never decided.
    """

    def __init__(self, tests: Sequence[Tested], correlations: np.ndarray):
        known = [
            place
            for place, test in enumerate(tests)
            if test.spread.variance > ZERO and test.spread.df > 0
        ]
        self.place_of = {place: index for index, place in enumerate(known)}
        own = [tests[place] for place in known]
        deviations = np.array([math.sqrt(test.spread.variance) for test in own])
        estimates = np.array([test.estimate for test in own])
        margins = np.array([test.margin for test in own])
        df = np.array([test.spread.df for test in own])
        alike = correlations[np.ix_(known, known)]
        self.differ = [Closed(way * estimates / deviations, df, alike, MEAN) for way in (1, -1)]
        self.within = [
            Closed((margins + way * estimates) / deviations, df, alike, ALIKE_MEAN)
            for way in (-1, 1)
        ]

    def p(self, places: Sequence[int], mean: Tested | None = None) -> tuple[float, float]:
        """p of a difference of all these estimates (and of their mean), and of their equivalence."""
        members = [self.place_of[place] for place in places if place in self.place_of]
        if not members or len(members) < len(places):
            return 1.0, 1.0
        difference = min(1.0, 2 * min(way.p(members) for way in self.differ))
        alike = max(way.p(members) for way in self.within)
        if mean is None:
            return difference, alike
        if not math.isfinite(mean.p):
            return 1.0, 1.0
        return max(difference, mean.p), max(alike, mean.p_alike)


Rows = Sequence[tuple[list[Tested], Tested | None]]  # estimates by language, and their mean
Pair = tuple[float, float]  # p of a difference, p of equivalence


def closed(rows: Rows, correlations: np.ndarray) -> list[tuple[list[Pair], Pair]]:
    """p values of a closed procedure over all rows: of every estimate, and of every row's mean.

    `correlations`: of all estimates, row by row. A mean is tested when the set of its estimates is,
    so that it costs no level of its own.
    """
    family = Family([one for singles, _ in rows for one in singles], correlations)
    found, start = [], 0
    for singles, mean in rows:
        places = range(start, start + len(singles))
        start += len(singles)
        whole = (1.0, 1.0) if mean is None else family.p(places, mean)
        found.append(([family.p([place]) for place in places], whole))
    return found


def adjust_cells(
    groups: Rows, correlations: np.ndarray, level: float
) -> list[tuple[list[Adjusted], Adjusted | None]]:
    """Adjusted p values of every group's languages, and of its mean over languages."""

    def adjusted(pair: Pair) -> Adjusted:
        difference, alike = (min(1.0, p / q) for p, q in zip(pair, (CELLS, ALIKE_CELLS)))
        return Adjusted(difference, alike, 1 - level * CELLS)

    return [
        ([adjusted(pair) for pair in singles], None if mean is None else adjusted(whole))
        for (_, mean), (singles, whole) in zip(groups, closed(groups, correlations), strict=True)
    ]


def nested(pair: Pair, parent: Adjusted, share: float) -> Adjusted:
    """p values of what is tested only when its parent is decided, at a share of the cells' level."""
    difference, alike = (min(1.0, p / (CELLS * share)) for p in pair)
    return Adjusted(max(parent.difference, difference), max(parent.alike, alike), parent.confidence)


def holm_pairs(members: Sequence[Tested]) -> list[Pair]:
    """p of a difference and of equivalence after Holm."""
    return list(zip(holm([m.p for m in members]), holm([m.p_alike for m in members]), strict=True))


def adjust_others(members: Sequence[Tested], level: float) -> list[Adjusted]:
    """Holm over every other statement of the page, at its share of the level."""
    count = max(1, sum(math.isfinite(m.p) for m in members))
    confidence = 1 - level * OTHERS / count
    return [
        Adjusted(min(1.0, p / OTHERS), min(1.0, alike / ALIKE_OTHERS), confidence)
        for p, alike in holm_pairs(members)
    ]
