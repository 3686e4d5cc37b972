"""A condition's ratings as figures: the mean over answers scored, a total only of complete sets."""

from collections import Counter
from typing import NamedTuple

from ..files import Row


class Total(NamedTuple):
    """`mean` is over the answers scored; `total` is their sum (paper: 50-250 for 50 questions).

    There is no total unless every answer was scored, and neither without any rating.
    """

    asked: int
    scored: int
    mean: float | None
    total: float | None

    @property
    def complete(self) -> bool:
        """Whether every answer was scored."""
        return self.scored == self.asked

    def covers(self, share: float) -> bool:
        """Whether at least this share of the answers was scored (judge.coverage)."""
        return self.scored > 0 and self.scored >= share * self.asked - 1e-9


def summarise(ratings: list[Row]) -> Total:
    """Summarise the rows of a ratings file."""
    scored = [float(row["rating"]) for row in ratings if row["rating"] is not None]
    asked = len(ratings)
    if not scored:
        return Total(asked, 0, None, None)
    total = sum(scored)
    return Total(asked, len(scored), total / len(scored), total if len(scored) == asked else None)


def why_unscored(ratings: list[Row]) -> str:
    """The most frequent reason of answers without a rating."""
    told = Counter(row.get("unscored") or "no rating" for row in ratings if row["rating"] is None)
    return told.most_common(1)[0][0] if told else "no answers"


def why_empty(ratings: list[Row], share: float) -> str | None:
    """Why a set has no score, or None if enough of it was scored."""
    found = summarise(ratings)
    if found.covers(share):
        return None
    if not found.scored:
        return why_unscored(ratings)
    return (
        f"{found.scored} of {found.asked} answers scored, fewer than judge.coverage"
        f" ({share:.0%}); most often: {why_unscored(ratings)}"
    )
