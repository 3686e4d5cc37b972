"""How far judges agree, what their ratings follow, and whether the finding depends on the judge.

Agreement is counted over answers that both judges scored. Intervals are from a bootstrap over
questions, not answers: answers to the same question are not independent.
"""

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import read_jsonl
from .length import Cell, adjusted_gap, association

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ROUND_TRIP = "-rtt"
CELL = ["model", "data", "scope", "lr", "seed"]
ANSWER = [*CELL, "questions", "language", "id"]
SCHEMA = {
    "judge": "String",
    "model": "String",
    "data": "String",
    "scope": "String",
    "lr": "String",
    "seed": "Int64",
    "questions": "String",
    "language": "String",
    "id": "String",
    "rating": "Float64",
    "characters": "Int64",
}
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
}
GAPS = {
    "judge": "String",
    "model": "String",
    "scope": "String",
    "lr": "String",
    "seed": "Int64",
    "questions": "String",
    "language": "String",
    "translators": "String",
    "n": "Int64",
    "asked": "Int64",
    "native": "Float64",
    "translated": "Float64",
    "gap": "Float64",
    "low": "Float64",
    "high": "Float64",
    "length_adjusted": "Float64",
    "length_adjusted_low": "Float64",
    "length_adjusted_high": "Float64",
    "native_characters": "Float64",
    "translated_characters": "Float64",
    "native_unscored": "Int64",
    "translated_unscored": "Int64",
}
DEPENDENCE = {
    "judge_a": "String",
    "judge_b": "String",
    "model": "String",
    "scope": "String",
    "lr": "String",
    "seed": "Int64",
    "questions": "String",
    "language": "String",
    "n": "Int64",
    "gap_a": "Float64",
    "gap_b": "Float64",
    "difference": "Float64",
    "low": "Float64",
    "high": "Float64",
    "depends": "Boolean",
    "opposite": "Boolean",
}


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> "pl.DataFrame":
    """Rows as a table with these columns, also when there are none."""
    import polars as pl

    return pl.DataFrame(rows, schema={name: getattr(pl, kind) for name, kind in columns.items()})


def place_of(path: str | Path) -> dict[str, Any]:
    """What a ratings file is about: …/{judge}/{model}/{data}/{scope}/{lr}/seed{n}/{set}/{lang}."""
    parts = Path(path).with_suffix("").parts
    if len(parts) < 8 or not parts[-3].startswith("seed"):
        raise InputError(f"{path}: not the path of a ratings file")
    judge, model, data, scope, lr, seed, questions, language = parts[-8:]
    return {
        "judge": judge,
        "model": model,
        "data": data,
        "scope": scope,
        "lr": lr,
        "seed": int(seed.removeprefix("seed")),
        "questions": questions,
        "language": language,
    }


def read_ratings(paths: Iterable[str | Path]) -> "pl.DataFrame":
    """All ratings files of a study as one table, one row per judge and answer."""
    rows = []
    for path in paths:
        place = place_of(path)
        for row in read_jsonl(path):
            values = {name: row[name] for name in ("id", "rating", "characters")}
            rows.append(place | values)
    return table(rows, SCHEMA)


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


def spearman(a: "np.ndarray", b: "np.ndarray") -> float | None:
    """Rank correlation; None where one side does not vary."""
    import numpy as np
    from scipy.stats import spearmanr

    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)


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


def agreement_of(
    pairs: "pl.DataFrame", *, resamples: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Kappa, Spearman and mean difference (a - b) of one group of doubly rated answers."""
    import numpy as np
    import polars as pl

    both = pairs.filter(pl.col("a").is_not_null() & pl.col("b").is_not_null())
    found: dict[str, Any] = {"answers": pairs.height, "both_scored": both.height}
    if both.height < 2:
        return found
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
    return found | {
        "kappa": number(np.asarray(kappa_of(*whole))),
        "kappa_low": kappa[0],
        "kappa_high": kappa[1],
        "spearman": spearman(both["a"].to_numpy(), both["b"].to_numpy()),
        "mean_difference": float((whole[1] - whole[2]) / whole[0]),
        "difference_low": difference[0],
        "difference_high": difference[1],
    }


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
                rows.append(names | found)
    return table(rows, AGREEMENT)


def lengths(ratings: "pl.DataFrame", judges: list[str]) -> "pl.DataFrame":
    """Whether a judge likes long answers: rating against characters within an adapter's answers."""
    import polars as pl

    rows = []
    for judge in judges:
        own = ratings.filter(pl.col("judge") == judge)
        for columns in (["language"], ["questions", "language"]):
            for values, group in sorted(own.group_by(columns), key=lambda group: group[0]):
                scored = group.filter(pl.col("rating").is_not_null())
                within = association(scored)
                rows.append(
                    {"judge": judge, "answers": group.height, "scored": scored.height}
                    | dict(zip(columns, values))
                    | {
                        "mean_rating": scored["rating"].mean(),
                        "mean_characters": scored["characters"].mean(),
                        "adapters": within.adapters,
                        "spearman": within.spearman,
                        "per_100_characters": within.slope,
                    }
                )
    return table(rows, LENGTHS)


GAP_KEY = ["model", "scope", "lr", "seed", "questions", "language"]


def question_gaps(ratings: "pl.DataFrame") -> dict[tuple, dict[str, Any]]:
    """(judge, *GAP_KEY) -> per-question gaps, native minus the mean of the translators.

    Only questions that the judge scored in every one of those conditions count.
    """
    import polars as pl

    plain = ratings.filter((pl.col("data") != "base") & ~pl.col("data").str.ends_with(ROUND_TRIP))
    found = {}
    for key, group in sorted(plain.group_by("judge", *GAP_KEY), key=lambda group: group[0]):
        data = sorted(set(group["data"]))
        translators = [name for name in data if name != "native"]
        if "native" not in data or not translators:
            continue
        wide = group.pivot(on="data", index="id", values="rating").sort("id")
        whole = wide.drop_nulls(data)
        long = group.pivot(on="data", index="id", values="characters").sort("id")
        long = whole.select("id").join(long, on="id", how="left", maintain_order="left")
        unscored = group.filter(pl.col("rating").is_null())
        names = ["native", *translators]
        translated = whole.select(pl.mean_horizontal(translators).alias("t"))["t"]
        found[key] = {
            "translators": translators,
            "asked": wide.height,
            "ids": whole["id"].to_list(),
            "native": whole["native"].to_numpy(),
            "translated": translated.to_numpy(),
            "cell": Cell(
                *(t.select(names).to_numpy().T.astype(float) for t in (whole, long)),
            ),
            "native_unscored": unscored.filter(pl.col("data") == "native").height,
            "translated_unscored": unscored.filter(pl.col("data") != "native").height,
        }
    return found


def gaps(
    ratings: "pl.DataFrame", judges: list[str], *, resamples: int, confidence: float, seed: int
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """The native-translated gap by every judge, and where two judges disagree about it."""

    by_cell = question_gaps(ratings)
    rows, pairs = [], []
    for (judge, *place), cell in by_cell.items():
        difference = cell["native"] - cell["translated"]
        row = {"judge": judge, **dict(zip(GAP_KEY, place)), "asked": cell["asked"]}
        row |= {"translators": "+".join(cell["translators"]), "n": len(difference)}
        row |= {name: cell[name] for name in ("native_unscored", "translated_unscored")}
        if len(difference):
            weights = draws(len(difference), resamples, seed) / len(difference)
            low, high = interval(weights @ difference, confidence)
            adjusted = adjusted_gap(cell["cell"], weights, confidence)
            lengths = cell["cell"].characters
            row |= dict(
                zip(
                    ("length_adjusted", "length_adjusted_low", "length_adjusted_high"),
                    adjusted,
                    strict=True,
                )
            )
            row |= {
                "native_characters": float(lengths[0].mean()),
                "translated_characters": float(lengths[1:].mean()),
                "native": float(cell["native"].mean()),
                "translated": float(cell["translated"].mean()),
                "gap": float(difference.mean()),
                "low": low,
                "high": high,
            }
        rows.append(row)
    for one, two in combinations(judges, 2):
        for (judge, *place), cell in by_cell.items():
            other = by_cell.get((two, *place))
            if judge != one or other is None:
                continue
            shared = sorted(set(cell["ids"]) & set(other["ids"]))
            row = {"judge_a": one, "judge_b": two, **dict(zip(GAP_KEY, place)), "n": len(shared)}
            if shared:
                a, b = (
                    (side["native"] - side["translated"])[
                        [side["ids"].index(name) for name in shared]
                    ]
                    for side in (cell, other)
                )
                weights = draws(len(shared), resamples, seed) / len(shared)
                low, high = interval(weights @ (a - b), confidence)
                row |= {
                    "gap_a": float(a.mean()),
                    "gap_b": float(b.mean()),
                    "difference": float((a - b).mean()),
                    "low": low,
                    "high": high,
                    "depends": bool(low > 0 or high < 0),
                    "opposite": bool((low > 0 or high < 0) and a.mean() * b.mean() < 0),
                }
            pairs.append(row)
    return table(rows, GAPS), table(pairs, DEPENDENCE)
