"""Whether a judge likes long answers, measured within an adapter's own answers.

Adapters differ in quality and in length, so a correlation over all answers mixes the two and can
have the wrong sign. Here every adapter is compared with itself: ranks within each adapter, and one
slope per judge, language and question set after each adapter's means are taken off.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..correlate.variance import ZERO, Spread, half_width, over_clusters
from .ratings import CELL, table

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

LENGTHS = {
    "judge": "String",
    "questions": "String",
    "language": "String",
    "answers": "Int64",
    "scored": "Int64",
    "mean_rating": "Float64",
    "mean_characters": "Float64",
    "adapters": "Int64",
    "spearman": "Float64",
    "per_100_characters": "Float64",
    "low": "Float64",
    "high": "Float64",
}
PER = 100.0  # characters: unit of a slope
FEWEST = 3  # answers of an adapter that tell an association


@dataclass(frozen=True)
class Slope:
    """Rating points per 100 characters of an answer, and each question's pull on it.

    `pulls`: question -> its influence on the slope; they sum to 0.
    """

    value: float
    pulls: dict[Any, float]

    def spread(self) -> Spread:
        """Variance over questions."""
        import numpy as np

        return Spread(over_clusters(np.array(list(self.pulls.values()))), len(self.pulls) - 1.0)


def within(scored: "pl.DataFrame") -> "pl.DataFrame":
    """Scored answers with rating and length as deviations from their adapter's means."""
    import polars as pl

    keys = [*CELL, "questions", "language"]
    length = pl.col("characters") / PER
    return scored.with_columns(
        (length - length.mean().over(keys)).alias("x"),
        (pl.col("rating") - pl.col("rating").mean().over(keys)).alias("y"),
    )


def slope_of(scored: "pl.DataFrame") -> Slope | None:
    """The common slope within adapters; None where lengths do not vary or one question is left."""
    import polars as pl

    deviations = within(scored)
    size = float((deviations["x"] ** 2).sum() or 0.0)
    if size < 1e-9:
        return None
    value = float((deviations["x"] * deviations["y"]).sum()) / size
    pulls = (
        deviations.group_by("questions", "id")
        .agg((pl.col("x") * (pl.col("y") - value * pl.col("x"))).sum().alias("pull"))
        .sort("questions", "id")
    )
    if pulls.height < 2:
        return None
    return Slope(value, {(q, i): pull / size for q, i, pull in pulls.iter_rows()})


def spearman(a: "np.ndarray", b: "np.ndarray") -> float | None:
    """Rank correlation; None where one side does not vary."""
    import numpy as np
    from scipy.stats import spearmanr

    if len(a) < FEWEST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)


def within_spearman(scored: "pl.DataFrame") -> tuple[float | None, int]:
    """Mean over adapters of the rank correlation among their own answers, weighted by answers."""
    known = []
    for _, own in sorted(scored.group_by(*CELL, "questions", "language"), key=lambda g: g[0]):
        r = spearman(own["rating"].to_numpy(), own["characters"].to_numpy())
        if r is not None:
            known.append((r, own.height))
    answers = sum(n for _, n in known)
    return (sum(r * n for r, n in known) / answers if answers else None), len(known)


def lengths(ratings: "pl.DataFrame", judges: list[str], *, confidence: float) -> "pl.DataFrame":
    """Association of rating and length within adapters, per language, and per set and language."""
    import polars as pl

    rows = []
    for judge in judges:
        own = ratings.filter(pl.col("judge") == judge)
        for columns in (["language"], ["questions", "language"]):
            for values, group in sorted(own.group_by(columns), key=lambda group: group[0]):
                scored = group.filter(pl.col("rating").is_not_null())
                row = {"judge": judge, "answers": group.height, "scored": scored.height}
                row |= dict(zip(columns, values))
                row |= {
                    "mean_rating": scored["rating"].mean(),
                    "mean_characters": scored["characters"].mean(),
                }
                row["spearman"], row["adapters"] = within_spearman(scored)
                slope = slope_of(scored)
                if slope is not None:
                    spread = slope.spread()
                    half = half_width(spread, confidence) if spread.variance > ZERO else math.nan
                    row["per_100_characters"] = slope.value
                    if math.isfinite(half):
                        row |= {"low": slope.value - half, "high": slope.value + half}
                rows.append(row)
    return table(rows, LENGTHS)
