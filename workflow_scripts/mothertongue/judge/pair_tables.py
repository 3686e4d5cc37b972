"""Win rates: how often one condition's answers are preferred to those of another.

The win rate is the mean over questions and both orders of the own answer's score (1, .5, 0); beside it
stands the win rate at equal length (`pair_lengths`).
"""

import math
from typing import TYPE_CHECKING, Any

from ..correlate.statistics import holm
from .gaps import Part
from .pair_data import ADAPTER, PAIR, Settings, counts_of, groups_of, rate
from .pair_lengths import ENOUGH, LengthFit, length_fit
from .ratings import table

if TYPE_CHECKING:
    import polars as pl

WINS = {
    "judge": "String",
    "data": "String",
    "against": "String",
    "model": "String",
    "seed": "Int64",
    "scope": "String",
    "lr": "String",
    "questions": "String",
    "language": "String",
    "asked": "Int64",
    "unscored": "Int64",
    "wins": "Int64",
    "losses": "Int64",
    "ties": "Int64",
    "inconsistent": "Int64",
    "win_rate": "Float64",
    "win_low": "Float64",
    "win_high": "Float64",
    "p": "Float64",
    "p_holm": "Float64",
    "preferred": "String",
    "at_equal_length": "Float64",
    "equal_low": "Float64",
    "equal_high": "Float64",
    "longer": "Float64",
    "basis": "String",
    "note": "String",
}


def mean_part(group: "pl.DataFrame") -> Part:
    """The win rate of one pair of adapters over its readable questions."""
    known = group.drop_nulls("verdict")
    values = ((known["first"] + known["second"]) / 2).to_list()
    mean = sum(values) / len(values)
    return Part(mean, {n: (v - mean) / len(values) for n, v in zip(known["id"], values)})


def wins(verdicts: "pl.DataFrame", judges: list[str], settings: Settings) -> "pl.DataFrame":
    """Win rates per pair of adapters, per model over its seeds, and over all models (`model` empty)."""
    rows: list[dict[str, Any]] = []
    for (judge, questions, language), every in groups_of(
        verdicts, judges, ["judge", "questions", "language"]
    ):
        fitted = length_fit(every)
        for columns in ([], ["model"], ADAPTER):
            for key, group in sorted(
                every.group_by("scope", "lr", *PAIR, *columns), key=lambda g: g[0]
            ):
                adapters = group.select(ADAPTER).unique().height
                if columns != ADAPTER and adapters == 1:
                    continue  # the row of the one pair of adapters says it
                if columns == ["model"] and group["seed"].n_unique() == 1:
                    continue
                scope, lr, data, against, *own = key
                row: dict[str, Any] = dict(zip(columns, own))
                row |= {"judge": judge, "questions": questions, "language": language}
                row |= {"scope": scope, "lr": lr, "data": data, "against": against}
                row |= counts_of(group)
                row |= _rates(group, (scope, lr, data, against), fitted, settings)
                rows.append(row)
    _decide(rows, settings.confidence)
    order = {name: place for place, name in enumerate(judges)}
    rows.sort(key=lambda row: (order[row["judge"]], "model" in row, "seed" in row))
    return table(rows, WINS)


def _decide(rows: list[dict[str, Any]], confidence: float) -> None:
    """Say which data is preferred, where p allows it after Holm's correction.

    Tested are the widest rows, one for each judge, question set, language and two conditions; rows of
    single models and adapters are parts of them.
    """
    widest: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: ("model" in row, "seed" in row)):
        place = tuple(row[k] for k in ("judge", "questions", "language", "scope", "lr", *PAIR))
        widest.setdefault(place, row)
    tested = [row for row in widest.values() if math.isfinite(row.get("p") or math.nan)]
    for row, adjusted in zip(tested, holm([row["p"] for row in tested])):
        row["p_holm"] = float(adjusted)
        if row["p_holm"] <= 1 - confidence:
            row["preferred"] = row["data" if row["win_rate"] > 0.5 else "against"]
    for row in rows:
        if not math.isfinite(row.get("p") or math.nan):
            row["p"] = None


def _rates(
    group: "pl.DataFrame",
    pair: tuple[str, str, str, str],
    fitted: LengthFit | None,
    settings: Settings,
) -> dict[str, Any]:
    """The win rate, raw and at equal length, of adapters of which enough pairs have a verdict."""
    plain: dict[tuple[str, int], Part] = {}
    equal: dict[tuple[str, int], Part] = {}
    notes = []
    for (model, seed), own in sorted(group.group_by(ADAPTER), key=lambda g: g[0]):
        key = str(model), int(str(seed))
        known = own.height - own["verdict"].null_count()
        if not known or known < settings.coverage * own.height - 1e-9:
            told = f"{known} of {own.height} pairs have a verdict in both orders"
            notes.append(f"{model}: {told} (judge.coverage {settings.coverage:.0%})")
            continue
        plain[key] = mean_part(own)
        if fitted is not None:
            equal[key] = fitted.at_equal_length((*pair, model, seed))
    row: dict[str, Any] = {
        "longer": group["longer"].mean(),
        "note": notes[0] + (f" and {len(notes) - 1} more" * (len(notes) > 1)) if notes else None,
    }
    if plain:
        found = rate(plain, settings.confidence)
        row |= {"win_rate": found.value, "win_low": found.low, "win_high": found.high}
        row |= {"basis": found.basis, "p": found.p}
    if equal:
        found = rate(equal, settings.confidence, predicted=True)
        row |= {"at_equal_length": found.value, "equal_low": found.low, "equal_high": found.high}
    elif plain and group["id"].n_unique() < ENOUGH:
        few = f"no win rate at equal length from fewer than {ENOUGH} questions"
        row["note"] = "; ".join(filter(None, (row["note"], few)))
    return row
