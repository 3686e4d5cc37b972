"""From estimates to verdicts that are wrong on at most one page in twenty.

One family of tests per page. Its level is shared out once: nine tenths to the cells of the first
table, a tenth to statements beside them (languages that differ, judges, growth with the score). Of
equivalence, single translators have a twentieth. Claims of a difference and claims of equivalence are each a
family of their own: no difference and one as large as the margin cannot both be true of a cell.

*The cells* of all groups and languages are a closed testing procedure (Marcus, Peritz and Gabriel
1976, Biometrika 63:655): a cell is decided when every set of cells that holds it is, each set by
the better of two tests that share its level: of its mean (the cells' t values added up, with their
correlations; O'Brien 1984, Biometrics 40:1079), and of its clearest cells (Simes 1986, Biometrika
73:751). Cells that agree thus support one another, and one that differs from all others still shows.

*The statements beside them* are adjusted after Holm. What is part of something decided (one
benchmark of a group, one translator) is tested when its cell is, at the same level and after Holm
among the parts. What asks about something decided (its cause, another training setting) is tested
when that is, after Holm over all such questions of the page. Where nothing differs none of it is
reached.
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


def adjust_cells(
    groups: Sequence[tuple[list[Tested], Tested | None]], correlations: np.ndarray, level: float
) -> list[tuple[list[Adjusted], Adjusted | None]]:
    """Adjusted p values of every group's languages, and of its mean over languages.

    `correlations`: of the estimates of all cells, group by group. A mean is tested when the set of
    its languages is, so that it costs no level of its own.
    """
    every = [member for members, _ in groups for member in members]
    known = [
        place
        for place, member in enumerate(every)
        if member.spread.variance > ZERO and member.spread.df > 0
    ]
    confidence = 1 - level * CELLS
    unknown = Adjusted(1.0, 1.0, confidence)
    place_of = {place: index for index, place in enumerate(known)}
    tests = [every[place] for place in known]
    deviations = np.array([math.sqrt(test.spread.variance) for test in tests])
    estimates = np.array([test.estimate for test in tests])
    margins = np.array([test.margin for test in tests])
    df = np.array([test.spread.df for test in tests])
    own = correlations[np.ix_(known, known)]
    above, below = (Closed(way * estimates / deviations, df, own, MEAN) for way in (1, -1))
    not_more, not_less = (
        Closed((margins + way * estimates) / deviations, df, own, ALIKE_MEAN) for way in (-1, 1)
    )

    def adjusted(members: list[int], alone: Tested | None = None) -> Adjusted:
        difference = 2 * min(above.p(members), below.p(members))
        alike = max(not_more.p(members), not_less.p(members))
        if alone is not None:
            difference, alike = max(difference, alone.p), max(alike, alone.p_alike)
        return Adjusted(min(1.0, difference / CELLS), min(1.0, alike / ALIKE_CELLS), confidence)

    found, start = [], 0
    for members, pooled in groups:
        places = range(start, start + len(members))
        start += len(members)
        cells = [adjusted([place_of[p]]) if p in place_of else unknown for p in places]
        inside = [place_of[p] for p in places if p in place_of]
        whole = None
        if pooled is not None:
            sure = bool(inside) and len(inside) == len(members) and math.isfinite(pooled.p)
            whole = adjusted(inside, pooled) if sure else unknown
        found.append((cells, whole))
    return found


def adjust_others(members: Sequence[Tested], level: float) -> list[Adjusted]:
    """Holm over every other statement of the page, at its share of the level."""
    count = max(1, sum(math.isfinite(m.p) for m in members))
    confidence = 1 - level * OTHERS / count
    return [
        Adjusted(min(1.0, p / OTHERS), min(1.0, alike / ALIKE_OTHERS), confidence)
        for p, alike in zip(
            holm([m.p for m in members]), holm([m.p_alike for m in members]), strict=True
        )
    ]


def nested(members: Sequence[Tested], parents: Sequence[Adjusted], factor: float) -> list[Adjusted]:
    """Parts of cells: Holm among them, and never surer than the cell that they are part of."""
    return [
        Adjusted(
            max(parent.difference, min(1.0, factor * p)),
            max(parent.alike, min(1.0, factor * alike)),
            parent.confidence,
        )
        for p, alike, parent in zip(
            holm([m.p for m in members]), holm([m.p_alike for m in members]), parents, strict=True
        )
    ]
