"""Strengths of three or more conditions, after Bradley and Terry (1952, Biometrika 39:324)."""

from typing import TYPE_CHECKING, Any

from .gaps import Part
from .logistic import Fit, fit
from .pair_data import ADAPTER, PLACE, Settings, estimate, groups_of
from .pair_lengths import both_orders
from .ratings import table

if TYPE_CHECKING:
    import polars as pl

STRENGTHS = {
    "judge": "String",
    "scope": "String",
    "lr": "String",
    "questions": "String",
    "language": "String",
    "data": "String",
    "pairs": "Int64",
    "strength": "Float64",
    "strength_low": "Float64",
    "strength_high": "Float64",
    "beats_native": "Float64",
    "basis": "String",
}


def strengths(verdicts: "pl.DataFrame", judges: list[str], settings: Settings) -> "pl.DataFrame":
    """Bradley and Terry's log-odds of every condition against native data, where there are three.

    Fitted per adapter replicate, so that intervals range over models as those of win rates do.
    """
    rows = []
    for (judge, *place), group in groups_of(verdicts, judges, ["judge", *PLACE]):
        known = group.drop_nulls("verdict")
        data = sorted(
            {*known["data"], *known["against"]}, key=lambda name: (name != "native", name)
        )
        if len(data) < 3:
            continue
        fits = {
            (str(model), int(str(seed))): fitted
            for (model, seed), own in sorted(known.group_by(ADAPTER), key=lambda g: g[0])
            if (fitted := _bradley_terry(own, data)) is not None
        }
        for i, name in enumerate(data):
            row: dict[str, Any] = {"judge": judge, **dict(zip(PLACE, place)), "data": name}
            row["pairs"] = known.filter((known["data"] == name) | (known["against"] == name)).height
            if i == 0:
                row |= {"strength": 0.0, "beats_native": 0.5, "basis": "the one compared with"}
            elif fits:
                parts = {
                    key: Part(
                        float(one.coefficients[i - 1]),
                        {q: float(pull[i - 1]) for q, pull in one.pulls.items()},
                    )
                    for key, one in fits.items()
                }
                found = estimate(parts, settings.confidence)
                row |= {"strength": found.value, "strength_low": found.low}
                row |= {"strength_high": found.high, "basis": found.basis}
                row["beats_native"] = both_orders(found.value, 0.0)[0]
            rows.append(row)
    return table(rows, STRENGTHS)


def _bradley_terry(group: "pl.DataFrame", data: list[str]) -> Fit | None:
    """Log-odds of all data but the first against it; a pair whose scores all agree gets one tie."""
    import numpy as np

    design, scores, questions = [], [], []
    for (one, two), own in sorted(group.group_by("data", "against"), key=lambda g: g[0]):
        line = np.zeros(len(data))
        line[data.index(str(one))], line[data.index(str(two))] = 1.0, -1.0
        values = ((own["first"] + own["second"]) / 2).to_list()
        agreed = len(set(values)) == 1 and values[0] in (0.0, 1.0)
        for name, score in [*zip(own["id"], values), *([("", 0.5)] if agreed else [])]:
            design.append(line[1:])
            scores.append(score)
            questions.append(name)
    return fit(np.array(design), np.array(scores), questions)
