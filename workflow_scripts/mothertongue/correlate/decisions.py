"""From estimates to verdicts that are wrong on at most one page in twenty.

One family of tests per page. Its level is shared out once: four fifths to the cells of the first
table, a fifth to statements beside them (languages that differ, judges, growth with the score,
equivalence with single translators).
Claims of a difference and claims of equivalence are each a family of their own: no difference and a
difference as large as the margin cannot both be true of a cell.

*Between groups* of benchmarks the level is divided evenly. *Within a group* the languages are a
closed testing procedure (Marcus, Peritz and Gabriel 1976, Biometrika 63:655): a language is decided
when every set of languages that holds it is, each set by the better of two tests, of its mean and
of its clearest language (Holm), at half the level each. Languages that agree thus support one
another, and one that differs still shows. *The other statements* are adjusted after Holm. What is
part of something decided (one benchmark of a group, one translator) or asks about it (its cause,
another training setting) is tested when its cell is, at the same level and after Holm again:
where nothing differs none of it is reached.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .statistics import holm
from .variance import Spread, beyond, half_width, two_sided

CELLS, OTHERS = 0.8, 0.2  # shares of the page's level
MOST_LANGUAGES = 7  # of a closed procedure; beyond, Holm alone


@dataclass(frozen=True)
class Tested:
    """An estimate with its spread and the smallest difference that matters."""

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


def mean_of(members: Sequence[Tested], likeness: np.ndarray) -> Tested:
    """The mean of estimates whose correlations are known."""
    deviations = np.sqrt([max(m.spread.variance, 0.0) for m in members])
    covariance = likeness * np.outer(deviations, deviations)
    variance = float(covariance.sum()) / len(members) ** 2
    return Tested(
        float(np.mean([m.estimate for m in members])),
        Spread(variance, min(m.spread.df for m in members)),
        min(m.margin for m in members),
    )


def closed(
    members: Sequence[Tested], likeness: np.ndarray, p_of: Callable[[Tested], float]
) -> tuple[list[float], float]:
    """p of each member by the closed procedure, the largest p of the sets that hold it; p of all."""
    count = len(members)
    single = np.array([p_of(member) for member in members])
    known = np.isfinite(single)
    if not count or count > MOST_LANGUAGES or not known.all():
        by_holm = holm(list(single))
        return by_holm, min((p for p in by_holm if math.isfinite(p)), default=math.nan)
    adjusted, best = single.copy(), float(single[0])
    for size in range(2, count + 1):
        for chosen in itertools.combinations(range(count), size):
            own = list(chosen)
            mean = mean_of([members[i] for i in own], likeness[np.ix_(own, own)])
            best = min(2 * p_of(mean), 2 * size * float(single[own].min()), 1.0)
            adjusted[own] = np.maximum(adjusted[own], best)
    return [float(p) for p in adjusted], best


def adjust_cells(
    groups: Sequence[tuple[list[Tested], np.ndarray, Tested | None]], level: float
) -> list[tuple[list[Adjusted], Adjusted | None]]:
    """Adjusted p values of every group's languages and of its mean over languages.

    The mean is tested when all languages together are, so that it costs no level of its own.
    """
    testable = [any(math.isfinite(m.p) for m in members) for members, _, _ in groups]
    factor = max(1, sum(testable)) / CELLS
    confidence = 1 - level / factor
    found = []
    for members, likeness, pooled in groups:
        lists = [
            closed(members, likeness, p_of)
            for p_of in (
                lambda t: t.p,
                lambda t: t.p_not_more,
                lambda t: t.p_not_less,
            )
        ]
        cells = [
            Adjusted(min(1.0, factor * p), min(1.0, factor * max(more, less)), confidence)
            for p, more, less in zip(*(own for own, _ in lists), strict=True)
        ]
        whole = None
        if pooled is not None:
            whole = Adjusted(
                min(1.0, factor * max(pooled.p, lists[0][1])),
                min(1.0, factor * max(pooled.p_alike, lists[1][1], lists[2][1])),
                confidence,
            )
        found.append((cells, whole))
    return found


def adjust_others(members: Sequence[Tested], level: float) -> list[Adjusted]:
    """Holm over every other statement of the page, at its share of the level."""
    count = max(1, sum(math.isfinite(m.p) for m in members))
    confidence = 1 - level * OTHERS / count
    return [
        Adjusted(min(1.0, p / OTHERS), min(1.0, alike / OTHERS), confidence)
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
