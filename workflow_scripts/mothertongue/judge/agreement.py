"""How far two judges agree: quadratic-weighted kappa, rank correlation, mean difference.

Counted over answers that both judges scored. Intervals are from a bootstrap over questions, not
answers: answers to the same question are not independent.
"""

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from .length import spearman
from .ratings import ANSWER, table

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

AGREEMENT = {
    "judge_a": "String",
    "judge_b": "String",
    "questions": "String",
    "language": "String",
    "model": "String",
    "data": "String",
    "scope": "String",
    "answers": "Int64",
    "both_scored": "Int64",
    "kappa": "Float64",
    "kappa_low": "Float64",
    "kappa_high": "Float64",
    "spearman": "Float64",
    "mean_difference": "Float64",
    "difference_low": "Float64",
    "difference_high": "Float64",
}


def kappa_of(n: Any, a: Any, b: Any, aa: Any, bb: Any, dd: Any) -> Any:
    """Quadratic-weighted kappa from sums of a, b, a², b² and (a-b)²; NaN without any spread.

    Chance disagreement is that of all pairs of marginal values, so ratings need no categories;
    for categories the value is the usual one.
    """
    import numpy as np

    n, a, b, aa, bb, dd = (np.asarray(value, dtype=float) for value in (n, a, b, aa, bb, dd))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = aa / n - (a / n) ** 2 + bb / n - (b / n) ** 2 + (a / n - b / n) ** 2
        return np.where(expected > 1e-12, 1 - dd / n / expected, np.nan)


def number(value: Any) -> float | None:
    """A finite number, or None."""
    import numpy as np

    return float(value) if np.isfinite(value) else None


def draws(questions: int, resamples: int, seed: int) -> "np.ndarray":
    """How often each question is drawn in each resample (resamples x questions)."""
    import numpy as np

    return np.random.default_rng(seed).multinomial(
        questions, np.full(questions, 1 / questions), size=resamples
    )


def interval(values: "np.ndarray", confidence: float) -> tuple[float | None, float | None]:
    """Percentile interval; None where resamples have no value."""
    import numpy as np

    values = values[np.isfinite(values)]
    if len(values) == 0:
        return None, None
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


class Agreement(NamedTuple):
    """How far two judges agree about a group of answers; None where too few were scored by both."""

    answers: int
    both_scored: int
    kappa: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None
    spearman: float | None = None
    mean_difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


def agreement_of(
    pairs: "pl.DataFrame", *, resamples: int, confidence: float, seed: int
) -> Agreement:
    """Kappa, Spearman and mean difference (a - b) of one group of doubly rated answers."""
    import numpy as np
    import polars as pl

    both = pairs.filter(pl.col("a").is_not_null() & pl.col("b").is_not_null())
    if both.height < 2:
        return Agreement(pairs.height, both.height)
    a, b = pl.col("a"), pl.col("b")
    sums = (
        both.group_by("questions", "language", "id")
        .agg(
            pl.len().alias("n"),
            a.sum().alias("a"),
            b.sum().alias("b"),
            (a * a).sum().alias("aa"),
            (b * b).sum().alias("bb"),
            ((a - b) ** 2).sum().alias("dd"),
        )
        .sort("questions", "language", "id")
        .select("n", "a", "b", "aa", "bb", "dd")
        .to_numpy()
        .astype(float)
    )
    whole = sums.sum(axis=0)
    drawn = draws(len(sums), resamples, seed) @ sums
    kappa = interval(kappa_of(*drawn.T), confidence)
    difference = interval((drawn[:, 1] - drawn[:, 2]) / drawn[:, 0], confidence)
    return Agreement(
        pairs.height,
        both.height,
        number(np.asarray(kappa_of(*whole))),
        *kappa,
        spearman(both["a"].to_numpy(), both["b"].to_numpy()),
        float((whole[1] - whole[2]) / whole[0]),
        *difference,
    )


GROUPINGS = [
    [],
    ["language"],
    ["questions"],
    ["questions", "language"],
    ["language", "data"],
    ["questions", "language", "model", "data", "scope"],
]


def agreement(
    ratings: "pl.DataFrame", judges: list[str], *, resamples: int, confidence: float, seed: int
) -> "pl.DataFrame":
    """Every pair of judges, overall and by language, question set and condition.

    An empty cell in a grouping column stands for all of its values.
    """
    import polars as pl

    rows = []
    for one, two in combinations(judges, 2):
        first, second = (
            ratings.filter(pl.col("judge") == judge).select(*ANSWER, pl.col("rating").alias(name))
            for judge, name in ((one, "a"), (two, "b"))
        )
        pairs = first.join(second, on=ANSWER, how="inner", nulls_equal=True)
        for columns in GROUPINGS:
            groups = [((), pairs)]
            if columns:
                groups = sorted(pairs.group_by(columns), key=lambda group: group[0])
            for values, group in groups:
                found = agreement_of(group, resamples=resamples, confidence=confidence, seed=seed)
                names = {"judge_a": one, "judge_b": two} | dict(zip(columns, values))
                rows.append(names | found._asdict())
    return table(rows, AGREEMENT)
