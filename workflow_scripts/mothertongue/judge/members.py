"""Judges beside one another: Krippendorff's alpha, how far each is from the rest, and whose kin it is.

Alpha is that of the package krippendorff, ordinal for ratings and nominal for verdicts; its interval
is from a bootstrap over questions, since answers to one question are not independent.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..study import Judge, Model
from .agreement import draws, interval, number
from .gaps import Part
from .pair_data import Settings, estimate
from .pairs import INCONSISTENT, LOSS, TIE, WIN
from .ratings import table

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ALPHA = {
    "kind": "String",
    "questions": "String",
    "language": "String",
    "judges": "Int64",
    "both_scored": "Int64",
    "alpha": "Float64",
    "alpha_low": "Float64",
    "alpha_high": "Float64",
}
MEMBERS = {
    "judge": "String",
    "kind": "String",
    "language": "String",
    "answers": "Int64",
    "against_the_others": "Float64",
    "others_low": "Float64",
    "others_high": "Float64",
    "own_family": "String",
}
RATINGS, VERDICTS = "ratings", "verdicts"
Level = Literal["ordinal", "nominal"]
LEVELS: dict[str, Level] = {RATINGS: "ordinal", VERDICTS: "nominal"}
CODES = {LOSS: 0.0, TIE: 1.0, WIN: 2.0, INCONSISTENT: 3.0}  # of verdicts, in no order
WORD = re.compile(r"[a-z]{3,}")


def kin(judge: Judge, models: Sequence[Model]) -> list[str]:
    """Models whose family a judge's name tells: the first word of a hub name, or its owner's name.

    Nothing but names is compared; a judge with another name than its family's is not found.
    """
    name = (judge.model or "").lower()
    found = []
    for model in models:
        owner, _, own = (model.base or "").lower().rpartition("/")
        words = WORD.findall(own)[:1] + WORD.findall(model.family.lower())[:1]
        same_owner = bool(owner) and name.startswith(f"{owner}/")
        if same_owner or any(word in WORD.findall(name) for word in words):
            found.append(model.name)
    return found


def judged(ratings: "pl.DataFrame", verdicts: "pl.DataFrame") -> "pl.DataFrame":
    """Ratings and verdicts as one table: `kind, judge, questions, language, id, answer, value, code`.

    `value`: the rating, or the mean of both orders; `code`: the rating, or which verdict it is.
    """
    import polars as pl

    pair = (pl.col("first") + pl.col("second")) / 2
    rating, code = pl.col("rating"), pl.col("verdict").replace_strict(CODES, default=None)
    cell = ["model", "data", "scope", "lr", "seed"]
    both = (
        (ratings, RATINGS, rating, rating, cell),
        (verdicts, VERDICTS, pair, code, [*cell, "against"]),
    )
    return pl.concat(
        frame.select(
            pl.lit(kind).alias("kind"),
            *("judge", "questions", "language", "id"),
            pl.concat_str(keys, separator="/").alias("answer"),
            value.alias("value"),
            which.cast(pl.Float64).alias("code"),
        )
        for frame, kind, value, which, keys in both
    )


def alphas(
    values: "pl.DataFrame", judges: list[str], *, resamples: int, confidence: float, seed: int
) -> "pl.DataFrame":
    """Alpha of all judges of a kind, by language, and by question set and language."""
    import polars as pl

    own = values.filter(pl.col("judge").is_in(judges))
    rows: list[dict[str, Any]] = []
    for columns in (["kind", "language"], ["kind", "questions", "language"]):
        for key, group in sorted(own.group_by(columns), key=lambda g: g[0]):
            names = sorted(set(group["judge"]))
            if len(names) < 2:
                continue
            kind = str(key[0])
            wide = group.pivot(on="judge", index=["questions", "id", "answer"], values="code")
            several = pl.sum_horizontal(pl.col(names).is_not_null()) > 1
            wide = wide.filter(several).sort("questions", "id", "answer")
            row = dict(zip(columns, key)) | {"judges": len(names), "both_scored": wide.height}
            if wide.height:
                row |= _alpha(wide, names, LEVELS[kind], resamples, confidence, seed)
            rows.append(row)
    return table(rows, ALPHA)


def _alpha(
    wide: "pl.DataFrame",
    names: list[str],
    level: Level,
    resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, float | None]:
    import numpy as np

    units = wide.select(names).to_numpy().astype(float)
    scale = np.unique(units[np.isfinite(units)])
    if len(scale) < 2:
        return {}  # nobody differs, and nobody could
    counts = np.stack([(units == value).sum(axis=1) for value in scale], axis=1)
    _, question = np.unique(
        wide.select("questions", "id").to_numpy().astype(str), axis=0, return_inverse=True
    )
    times = draws(int(question.max()) + 1, resamples, seed)
    drawn = [
        _of_counts(np.repeat(counts, t[question.ravel()], axis=0), scale, level) for t in times
    ]
    low, high = interval(np.array(drawn), confidence)
    whole = number(np.asarray(_of_counts(counts, scale, level)))
    return {"alpha": whole, "alpha_low": low, "alpha_high": high}


def _of_counts(counts: "np.ndarray", scale: "np.ndarray", level: Level) -> float:
    """Alpha of how many judges gave each unit each value; NaN where only one value is left."""
    import krippendorff

    used = counts.sum(axis=0) > 0
    if used.sum() < 2:
        return float("nan")
    found: float = krippendorff.alpha(
        value_counts=counts[:, used], value_domain=scale[used], level_of_measurement=level
    )
    return found


def members(
    values: "pl.DataFrame", judges: list[str], families: dict[str, list[str]], settings: Settings
) -> "pl.DataFrame":
    """By how much each judge is above the mean of the others, on answers that all have judged.

    In points of 1 to 5, or in win rate from 0 to 1. `families`: judge -> models of its own family.
    """
    import polars as pl

    own = values.filter(pl.col("judge").is_in(judges))
    rows: list[dict[str, Any]] = []
    for (kind, language), group in sorted(own.group_by("kind", "language"), key=lambda g: g[0]):
        names = [name for name in judges if name in set(group["judge"])]
        wide = group.pivot(on="judge", index=["questions", "id", "answer"], values="value")
        wide = wide.drop_nulls(names)
        for name in names:
            row: dict[str, Any] = {"judge": name, "kind": kind, "language": language}
            row |= {"answers": wide.height, "own_family": ", ".join(families.get(name, []))}
            others = [other for other in names if other != name]
            if others and wide.height:
                gap = wide.select(
                    pl.concat_str("questions", "id", separator="/").alias("question"),
                    (pl.col(name) - pl.mean_horizontal(others)).alias("gap"),
                )
                mean = float(gap["gap"].sum()) / wide.height
                pulls = gap.group_by("question").agg((pl.col("gap") - mean).sum() / wide.height)
                part = Part(mean, {str(q): float(p) for q, p in pulls.iter_rows()})
                found = estimate({("", 0): part}, settings.confidence)
                row |= {"against_the_others": found.value, "others_low": found.low}
                row["others_high"] = found.high
            rows.append(row)
    return table(rows, MEMBERS)
