"""Do ratings follow length? Measured within an adapter, and taken out of a gap.

Over adapters the association means nothing: a model that writes more may also answer better or
worse. Within one adapter's answers to one question set it is the judge's liking (or the questions').
"""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ADAPTER = ["model", "data", "scope", "lr", "seed", "questions", "language"]
PER = 100  # characters: unit of a slope


class Within(NamedTuple):
    """Association of rating and length within adapters, pooled; None where nothing varies."""

    adapters: int
    spearman: float | None
    slope: float | None  # points of rating per PER characters


def centred_sums(characters: Any, ratings: Any, weights: Any) -> tuple[Any, Any]:
    """Weighted sums of (length - mean)(rating - mean) and (length - mean)²; weights: draws x n."""
    total = weights.sum(axis=-1)
    c, r = (weights @ values / total for values in (characters, ratings))
    product = weights @ (characters * ratings) - total * c * r
    return product, weights @ (characters * characters) - total * c * c


def association(scored: "pl.DataFrame") -> Within:
    """Spearman's correlation (mean over adapters, weighted by answers) and common slope."""
    import numpy as np

    from .compare import spearman

    known, products, squares = [], 0.0, 0.0
    for _, group in scored.group_by(ADAPTER, maintain_order=True):
        c, r = (group[name].to_numpy().astype(float) for name in ("characters", "rating"))
        product, square = centred_sums(c, r, np.ones(len(c)))
        products, squares = products + float(product), squares + float(square)
        found = spearman(r, c)
        if found is not None:
            known.append((found, len(c)))
    total = sum(n for _, n in known)
    return Within(
        len(known),
        sum(value * n for value, n in known) / total if total else None,
        PER * products / squares if squares > 1e-9 else None,
    )


class Cell(NamedTuple):
    """One gap: per question ratings and lengths of every adapter behind it; native comes first."""

    ratings: "np.ndarray"  # adapters x questions
    characters: "np.ndarray"


def adjusted_gap(
    cell: Cell, weights: "np.ndarray", confidence: float
) -> tuple[float | None, float | None, float | None]:
    """The gap at equal length, with its interval; None where lengths do not vary.

    The slope is that within the adapters of the gap; it is estimated anew in every resample of
    questions (`weights`: resamples x questions), so that its own uncertainty counts.
    """
    import numpy as np

    from .compare import interval

    def gap(drawn: Any) -> Any:
        sums = [centred_sums(c, r, drawn) for c, r in zip(cell.characters, cell.ratings)]
        product, square = sum(s[0] for s in sums), sum(s[1] for s in sums)
        total = drawn.sum(axis=-1)
        rated, long = (
            drawn @ (values[0] - values[1:].mean(axis=0)) / total
            for values in (cell.ratings, cell.characters)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(square > 1e-9, rated - product / square * long, np.nan)

    whole = float(gap(np.ones(cell.ratings.shape[1])))
    if not np.isfinite(whole):
        return None, None, None
    return whole, *interval(np.asarray(gap(weights)), confidence)
