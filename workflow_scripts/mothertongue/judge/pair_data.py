"""All verdicts of pairwise judges as one table, and the estimates that its tables are made of.

Intervals range over questions, and over models, or an adapter's training replicates, where there are
three or more.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .gaps import Part, bounds, p_of, spread_of
from .pairs import INCONSISTENT, LOSS, TIE, WIN, PairPlace, read_verdicts
from .ratings import table

if TYPE_CHECKING:
    import polars as pl

PLACE = ["scope", "lr", "questions", "language"]
ADAPTER = ["model", "seed"]
PAIR = ["data", "against"]
VERDICTS = {
    "judge": "String",
    "model": "String",
    "data": "String",
    "against": "String",
    "scope": "String",
    "lr": "String",
    "seed": "Int64",
    "questions": "String",
    "language": "String",
    "id": "String",
    "verdict": "String",
    "first": "Float64",
    "second": "Float64",
    "longer": "Float64",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """`confidence` of intervals; `coverage`: share of the pairs that must have a verdict."""

    confidence: float
    coverage: float


class Estimate(NamedTuple):
    """A value with its interval, what that ranges over, and p of the null value (NaN: unknown)."""

    value: float
    low: float | None
    high: float | None
    basis: str
    p: float


def all_verdicts(paths: Iterable[str | Path]) -> "pl.DataFrame":
    """All files of verdicts as one table, a row per judge and pair of answers."""
    rows = []
    for path in paths:
        own = PairPlace.of(path)
        place = {**own.place._asdict(), "against": own.against}
        for one in read_verdicts(path):
            mine, other = one.characters
            row = {"id": one.id, "verdict": one.verdict, "first": one.first, "second": one.second}
            rows.append({**place, **row, "longer": float(mine - other)})
    return table(rows, VERDICTS).sort(["judge", *PLACE, *PAIR, *ADAPTER, "id"])


def estimate(parts: Mapping[tuple[str, int], Part], confidence: float) -> Estimate:
    """The mean over models of their replicates' means.

    Units are the models if there are three or more, else the replicates if there are.
    """
    models = {model for model, _ in parts}
    units: dict[str, list[Part]] = {}
    replicates = len(models) < 3 <= len(parts)
    for (model, seed), part in parts.items():
        units.setdefault(f"{model} {seed}" if replicates else model, []).append(part)
    value, spread, basis = spread_of(units)
    low, high = bounds(value, spread, confidence)
    if replicates:
        basis = "training replicates and questions"
    return Estimate(value, low, high, basis, p_of(value, spread, questions_of(parts)))


def questions_of(parts: Mapping[tuple[str, int], Part]) -> int:
    """How many questions estimates are about."""
    return len({name for part in parts.values() for name in part.influence})


def rate(
    parts: Mapping[tuple[str, int], Part], confidence: float, *, predicted: bool = False
) -> Estimate:
    """The same of a share from 0 to 1, whose null value is one half.

    Where every question says 0, or every one 1, nothing varies; the other end is then that of the
    exact binomial interval of so many questions. The interval of a `predicted` share, which may be
    wide, has its width on the scale of log-odds.
    """
    around = {key: part._replace(value=part.value - 0.5) for key, part in parts.items()}
    found = estimate(around, confidence)
    value = found.value + 0.5
    low, high = (None if end is None else end + 0.5 for end in (found.low, found.high))
    if low is not None and high is not None and high - low < 1e-9:
        far = ((1 - confidence) / 2) ** (1 / questions_of(parts))
        ends = {1.0: (far, 1.0), 0.0: (0.0, 1 - far)}
        low, high = ends.get(round(value, 9), (None, None))
    elif predicted and low is not None and high is not None and 0 < value < 1:
        half = min(50.0, (high - low) / 2 / (value * (1 - value)))
        centre = math.log(value / (1 - value))
        low, high = (1 / (1 + math.exp(side * half - centre)) for side in (1, -1))
    return Estimate(
        value,
        None if low is None else max(0.0, low),
        None if high is None else min(1.0, high),
        found.basis,
        found.p,
    )


def groups_of(
    verdicts: "pl.DataFrame", judges: list[str], keys: list[str]
) -> list[tuple[tuple[Any, ...], "pl.DataFrame"]]:
    """Groups by keys, the first of which is the judge, in the order of the judges."""
    own = verdicts.filter(verdicts["judge"].is_in(judges))
    return sorted(own.group_by(keys), key=lambda g: (judges.index(str(g[0][0])), g[0]))


def counts_of(group: "pl.DataFrame") -> dict[str, int]:
    """How many pairs ended how."""
    found = dict(group["verdict"].value_counts().iter_rows())
    return {
        "asked": group.height,
        "unscored": found.get(None, 0),
        "wins": found.get(WIN, 0),
        "losses": found.get(LOSS, 0),
        "ties": found.get(TIE, 0),
        "inconsistent": found.get(INCONSISTENT, 0),
    }
