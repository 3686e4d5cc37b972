"""The native-translated gap by every judge, and where two judges differ about it.

A gap is over questions that the judge scored for native data and for every translator, answer by
answer. Beside it stands the gap at equal length: less what the difference in answer length is worth
by the judge's own slope within adapters (`length`). Intervals of a model's row range over questions
and speak of these adapters; those of all models (three or more) range over models and questions.

Two judges differ about a gap (`depends`) if their difference, over questions that both scored, is
told from 0 at the level after Holm's correction over all rows; they stand on opposite sides
(`opposite`) only if that holds and their gaps have opposite signs.
"""

import math
from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from ..correlate.statistics import holm
from ..correlate.variance import (
    ZERO,
    Spread,
    half_width,
    over_clusters,
    over_units,
    two_sided,
    with_items,
)
from ..study.mixes import SIZED
from .length import PER, Slope, slope_of
from .ratings import ROUND_TRIP, table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Key = tuple[Any, ...]  # (judge, model, seed, *PLACE), or a part of it
PLACE = ["scope", "lr", "questions", "language"]
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
    "basis": "String",
    "note": "String",
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
    "p": "Float64",
    "p_holm": "Float64",
    "depends": "Boolean",
    "opposite": "Boolean",
    "basis": "String",
}
ENOUGH_MODELS = 3


class Cell(NamedTuple):
    """One model's questions that a judge scored in every condition, in the order of `ids`."""

    translators: list[str]
    asked: int
    ids: list[str]
    native: "npt.NDArray[np.float64]"
    translated: "npt.NDArray[np.float64]"
    native_characters: "npt.NDArray[np.float64]"
    translated_characters: "npt.NDArray[np.float64]"
    native_unscored: int
    translated_unscored: int
    note: str | None  # why the gap is left empty

    @property
    def longer(self) -> "npt.NDArray[np.float64]":
        """By how much native answers are longer, in the unit of a slope."""
        return (self.native_characters - self.translated_characters) / PER


class Part(NamedTuple):
    """One adapter pair's estimate and its influence by question (they sum to 0)."""

    value: float
    influence: dict[str, float]


def too_few(group: "pl.DataFrame", data: list[str], coverage: float) -> str | None:
    """Why a gap is left empty: a condition of which too few answers were scored (judge.coverage)."""
    for name in data:
        own = group.filter(group["data"] == name)["rating"]
        scored = own.len() - own.null_count()
        if scored < coverage * own.len() - 1e-9:
            return f"{name}: {scored} of {own.len()} answers scored (judge.coverage {coverage:.0%})"
    return None


def question_gaps(ratings: "pl.DataFrame", coverage: float) -> dict[Key, Cell]:
    """(judge, model, seed, *PLACE) -> the questions scored in every one of its conditions."""
    import polars as pl

    plain = ratings.filter(
        (pl.col("data") != "base")
        & ~pl.col("data").str.ends_with(ROUND_TRIP)
        & ~pl.col("data").str.contains(f"^{SIZED}$")  # sets of another size are no side of a gap
    )
    found = {}
    keys = ["judge", "model", "seed", *PLACE]
    for key, group in sorted(plain.group_by(keys), key=lambda group: group[0]):
        data = sorted(set(group["data"]))
        translators = [name for name in data if name != "native"]
        if "native" not in data or not translators:
            continue
        rated = group.pivot(on="data", index="id", values="rating").sort("id")
        sizes = group.pivot(on="data", index="id", values="characters").sort("id")
        whole = rated.select(pl.all_horizontal(pl.col(data).is_not_null()).alias("all"))["all"]
        rated, sizes = rated.filter(whole), sizes.filter(whole)
        unscored = group.filter(pl.col("rating").is_null())["data"]
        found[key] = Cell(
            translators,
            len(whole),
            rated["id"].to_list(),
            rated["native"].to_numpy(),
            rated.select(pl.mean_horizontal(translators)).to_series().to_numpy(),
            sizes["native"].to_numpy().astype(float),
            sizes.select(pl.mean_horizontal(translators)).to_series().to_numpy(),
            int((unscored == "native").sum()),
            int((unscored != "native").sum()),
            too_few(group, ["native", *translators], coverage),
        )
    return found


def part_of(ids: list[str], values: "npt.NDArray[np.float64]") -> Part:
    """A mean over questions."""
    mean = float(values.mean())
    return Part(mean, dict(zip(ids, ((values - mean) / len(values)).tolist())))


def at_equal_length(cell: Cell, slope: Slope, questions: str) -> Part:
    """A gap less the slope times the difference in length; the slope's own doubt included."""
    plain = part_of(cell.ids, cell.native - cell.translated - slope.value * cell.longer)
    more = float(cell.longer.mean())
    influence = dict(plain.influence)
    for (where, name), pull in slope.pulls.items():
        if where == questions:
            influence[name] = influence.get(name, 0.0) - more * pull
    return Part(plain.value, influence)


def spread_of(parts: dict[str, list[Part]]) -> tuple[float, Spread, str]:
    """Mean over models of their seeds' means, its variance, and what that ranges over."""
    import numpy as np

    names = sorted({name for own in parts.values() for part in own for name in part.influence})
    place = {name: i for i, name in enumerate(names)}
    influence = np.zeros((len(parts), len(names)))
    for row, own in enumerate(parts.values()):
        for part in own:
            for name, pull in part.influence.items():
                influence[row, place[name]] += pull / len(own)
    values = np.array([np.mean([part.value for part in own]) for own in parts.values()])
    shared = over_clusters(influence.mean(axis=0))
    estimate = float(values.mean())
    if len(parts) < ENOUGH_MODELS:
        return estimate, Spread(shared, len(names) - 1.0), "questions"
    interaction = sum(over_clusters(row / len(parts)) for row in influence)
    units = over_units(values, list(parts))
    found = with_items(units, shared, interaction, len(names))
    # the difference of two variances can leave next to no degrees of freedom by approximation
    df = max(found.df, min(units.df, len(names) - 1.0))
    return estimate, Spread(found.variance, df), "models and questions"


def bounds(estimate: float, spread: Spread, confidence: float) -> tuple[float | None, float | None]:
    """The interval; nothing where nothing varies around no difference, or there is one question."""
    if not math.isfinite(spread.variance) or spread.df < 1:
        return None, None
    if spread.variance < ZERO:
        return (None, None) if estimate == 0 else (estimate, estimate)
    half = half_width(spread, confidence)
    return estimate - half, estimate + half


def p_of(estimate: float, spread: Spread, n: int) -> float:
    """Two-sided p; where every question differs alike, that of the sign test."""
    if estimate != 0 and spread.variance < ZERO and n:
        return min(1.0, 2.0 ** (1 - n))
    return two_sided(estimate, spread)


def _together(keys: Iterable[Key]) -> dict[Key, list[Key]]:
    """(judge, *place) -> keys of its cells, where several models or seeds stand together."""
    found: dict[Key, list[Key]] = {}
    for key in keys:
        found.setdefault((key[0], *key[3:]), []).append(key)
    return {place: own for place, own in found.items() if len(own) > 1}


def _slopes(ratings: "pl.DataFrame") -> dict[Key, Slope | None]:
    """(judge, questions, language) -> rating points per 100 characters, within adapters."""
    import polars as pl

    scored = ratings.filter(pl.col("rating").is_not_null())
    keys = ["judge", "questions", "language"]
    return {key: slope_of(own) for key, own in scored.group_by(keys)}


def gaps(
    ratings: "pl.DataFrame", judges: list[str], *, confidence: float, coverage: float
) -> "pl.DataFrame":
    """The gap by every judge: per adapter pair, and over all models of a place (`model` empty)."""
    import numpy as np

    cells, slopes = question_gaps(ratings, coverage), _slopes(ratings)
    groups = [(key, [key]) for key in cells]
    groups += [((place[0], None, None, *place[1:]), own) for place, own in _together(cells).items()]
    order = {judge: i for i, judge in enumerate(judges)}
    rows = []
    for (judge, model, seed, *place), keys in groups:
        own = [(k, cells[k]) for k in keys if cells[k].ids and cells[k].note is None]
        row = {"judge": judge, "model": model, "seed": seed, **dict(zip(PLACE, place))}
        row["asked"] = sum(cells[key].asked for key in keys)
        row["translators"] = "+".join(sorted({t for key in keys for t in cells[key].translators}))
        row["n"] = sum(len(cell.ids) for _, cell in own)
        notes = list(dict.fromkeys(note for k in keys if (note := cells[k].note)))
        row["note"] = (
            notes[0] + (f" and {len(notes) - 1} more" * (len(notes) > 1)) if notes else None
        )
        for name in ("native_unscored", "translated_unscored"):
            row[name] = sum(getattr(cells[key], name) for key in keys)
        slope = slopes.get((judge, row["questions"], row["language"]))
        if own:
            plain: dict[str, list[Part]] = {}
            equal: dict[str, list[Part]] = {}
            for key, cell in own:
                difference = cell.native - cell.translated
                plain.setdefault(key[1], []).append(part_of(cell.ids, difference))
                if slope is not None:
                    part = at_equal_length(cell, slope, row["questions"])
                    equal.setdefault(key[1], []).append(part)
            row["native"] = float(np.mean([cell.native.mean() for _, cell in own]))
            row["translated"] = float(np.mean([cell.translated.mean() for _, cell in own]))
            for name in ("native_characters", "translated_characters"):
                row[name] = float(np.mean([getattr(cell, name).mean() for _, cell in own]))
            row["gap"], spread, row["basis"] = spread_of(plain)
            row["low"], row["high"] = bounds(row["gap"], spread, confidence)
            if equal:
                value, spread, _ = spread_of(equal)
                low, high = bounds(value, spread, confidence)
                row |= {"length_adjusted": value, "length_adjusted_low": low}
                row["length_adjusted_high"] = high
        rows.append(row)
    rows = [row for row in rows if row["judge"] in order]
    rows.sort(key=lambda row: (order[row["judge"]], row["model"] is not None))
    return table(rows, GAPS)


def dependence(
    ratings: "pl.DataFrame", judges: list[str], *, confidence: float, coverage: float
) -> "pl.DataFrame":
    """The difference of two judges' gaps over questions that both scored in every condition."""
    import numpy as np

    cells = question_gaps(ratings, coverage)
    cells = {key: cell for key, cell in cells.items() if cell.note is None}
    rows = []
    for one, two in combinations(judges, 2):
        both = [key for key in cells if key[0] == one and (two, *key[1:]) in cells]
        groups = [((None, None, *place[1:]), own) for place, own in _together(both).items()]
        groups += [(key[1:], [key]) for key in both]
        for (model, seed, *place), keys in groups:
            parts: dict[str, list[Part]] = {}
            sides: list[tuple[float, float, int]] = []
            for key in keys:
                a, b = cells[key], cells[(two, *key[1:])]
                shared = sorted(set(a.ids) & set(b.ids))
                if not shared:
                    continue
                first, second = (
                    (side.native - side.translated)[[side.ids.index(name) for name in shared]]
                    for side in (a, b)
                )
                parts.setdefault(key[1], []).append(part_of(shared, first - second))
                sides.append((float(first.mean()), float(second.mean()), len(shared)))
            row = {"judge_a": one, "judge_b": two, "model": model, "seed": seed}
            row |= {**dict(zip(PLACE, place)), "n": sum(count for _, _, count in sides)}
            if sides:
                row["difference"], spread, row["basis"] = spread_of(parts)
                row["low"], row["high"] = bounds(row["difference"], spread, confidence)
                row["gap_a"], row["gap_b"] = (float(np.mean([s[i] for s in sides])) for i in (0, 1))
                p = p_of(row["difference"], spread, row["n"])
                row["p"] = p if math.isfinite(p) else None
            rows.append(row)
    tested = [row for row in rows if row.get("p") is not None]
    for row, adjusted in zip(tested, holm([row["p"] for row in tested])):
        row["p_holm"] = float(adjusted)
    for row in rows:
        if "difference" in row:
            told = row.get("p_holm") is not None and row["p_holm"] <= 1 - confidence
            row["depends"] = told
            row["opposite"] = told and row["gap_a"] * row["gap_b"] < 0
    return table(rows, DEPENDENCE)
