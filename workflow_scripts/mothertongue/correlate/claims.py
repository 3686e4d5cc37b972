"""The record of a claim: every sentence, verdict and interval of the report is made of claims.

A claim states one comparison with its verdict, its numbers and what they rest on. This module holds
the record and its JSON form; `decisions` decides verdicts, the report words them.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import read_json, write_json

# -- verdicts ------------------------------------------------------------------------------------

NATIVE_BETTER = "native better"
NO_WORSE = "no worse with translated"  # equivalent within the margin
TRANSLATED_BETTER = "translated better"
UNDECIDED = "undecided"
AT_CHANCE = "at chance"  # this test sees nothing with these models
GROWS, FALLS, NOT_SHOWN = "grows", "falls", "not shown"  # gap with score; any other difference
LANGUAGES_DIFFER = "languages differ"
SIDES_DIFFER = "judges differ"
OPPOSITE_SIDES = "judges on opposite sides"
KNOWLEDGE_LARGER, DEFECTS_LARGER = "knowledge larger", "defects larger"
FIRST_BETTER, SECOND_BETTER, ALIKE = "first better", "second better", "alike within the margin"
SMALLER, LARGER, REVERSED, BOTH_FELL = "gap smaller", "gap larger", "gap reversed", "both fell"
VERDICTS = (
    NATIVE_BETTER, NO_WORSE, TRANSLATED_BETTER, UNDECIDED, AT_CHANCE, GROWS, FALLS, NOT_SHOWN,
    LANGUAGES_DIFFER, SIDES_DIFFER, OPPOSITE_SIDES, KNOWLEDGE_LARGER, DEFECTS_LARGER, FIRST_BETTER,
    SECOND_BETTER, ALIKE, SMALLER, LARGER, REVERSED, BOTH_FELL,
)  # fmt: skip

# -- questions -----------------------------------------------------------------------------------

CELL = "cell"  # screen one: language x group; native - mean over translators; language None: pooled
BENCHMARK = "benchmark"  # the same for one test; language None: over its languages
TRANSLATOR = "translator"  # cell against one translator
BEST = "best translator"  # cell against the best translator, corrected for the choice
LANGUAGES = "languages"  # does the gap differ between languages?
GROWTH = "growth"  # does the gap grow with the score?
CAUSE = "cause"  # knowledge, defects, knowledge - defects
KNOWLEDGE_OR_DEFECTS = "knowledge - defects"  # the contrast that tells which of them is larger
SETTING = "setting"  # change of the gap in another training setting
JUDGES = "judges"  # gap by one judge - gap by another
CONTROL = "control"  # native data against native rows drawn once more
QUESTIONS = (
    CELL, BENCHMARK, TRANSLATOR, BEST, LANGUAGES, GROWTH, CAUSE, SETTING, JUDGES, CONTROL,
)  # fmt: skip

# -- what an interval ranges over ----------------------------------------------------------------

MODELS = "models"  # models like these, each with its own training; languages fixed
FAMILIES = "model families"  # the same, models of one family taken together
REPLICATES = "replicates and items"  # new draws, seeds and items for these models
ADAPTERS = "these adapters"  # one model, one replicate: nothing is said of the method
BASES = (MODELS, FAMILIES, REPLICATES, ADAPTERS)


@dataclass(frozen=True)
class Needed:
    """What would decide an undecided comparison, one at a time; None: no affordable number would."""

    models: int | None = None
    seeds: int | None = None  # per adapter, in all
    items: int | None = None  # per language, in all


@dataclass(frozen=True)
class Claim:
    """One comparison: first - second, in favour of the first (the sign is turned where less is better).

    `low`, `high`: interval at correlate.confidence over what `basis` says; None where there is
    none. `decides_low`, `decides_high`: the interval at the page's level, `decides_confidence`, which
    excludes 0 (NO_WORSE: lies within the margin) where there is a verdict. `p` is two-sided for no
    difference (for NO_WORSE and ALIKE the larger of the two one-sided p values), on the same basis
    as the interval; `p_adjusted` allows for all statements of the page and is compared with `level`.
    """

    question: str
    group: str | None
    benchmark: str | None
    judge: str | None
    metric: str | None
    language: str | None  # None: over languages
    contrast: str
    first: str
    second: str
    scope: str
    learning_rate: float
    verdict: str
    estimate: float | None
    low: float | None
    high: float | None
    unit: str
    p: float | None
    p_adjusted: float | None
    level: float
    margin: float | None
    basis: str
    models: int
    families: int
    languages: int
    seeds: int | None
    draws: int | None
    items: int | None
    clusters: int | None
    best: str | None
    needed: Needed | None
    table: str
    row: int
    note: str
    stderr: float | None = None
    df: float | None = None
    confidence: float = 0.95
    decides_low: float | None = None
    decides_high: float | None = None
    decides_confidence: float | None = None
    items_low: float | None = None  # interval over items alone, for the adapters at hand
    items_high: float | None = None
    first_score: float | None = None
    second_score: float | None = None
    members: tuple[str, ...] = ()  # slugs of the tests behind a cell
    ahead: int | None = None  # models whose estimate is above 0 ("ahead in", not "beats")
    snr: float | None = None  # signal-to-noise: |estimate| / standard deviation of one comparison

    def __post_init__(self) -> None:
        """Question, verdict and basis must be of the fixed lists."""
        for word, known in (
            (self.question, QUESTIONS),
            (self.verdict, VERDICTS),
            (self.basis, BASES),
        ):
            if word not in known:
                raise ValueError(f"'{word}' is none of {', '.join(known)}")


def finite(value: float | None) -> float | None:
    """The number, or None for NaN and infinity: JSON has neither."""
    return None if value is None or not math.isfinite(value) else float(value)


def to_json(claim: Claim) -> dict[str, Any]:
    """The claim as JSON types; NaN becomes null."""
    return {
        name: finite(value) if isinstance(value, float) else value
        for name, value in asdict(claim).items()
    }


def from_json(content: dict[str, Any]) -> Claim:
    """The claim that `to_json` wrote; keys of later versions are left out."""
    known = {field.name for field in fields(Claim)}
    values = {name: value for name, value in content.items() if name in known}
    if values.get("needed") is not None:
        values["needed"] = Needed(**values["needed"])
    values["members"] = tuple(values.get("members") or ())
    return Claim(**values)


def write_claims(path: str | Path, claims: Iterable[Claim]) -> None:
    """Write claims as one JSON list."""
    write_json(path, [to_json(claim) for claim in claims])


def read_claims(path: str | Path) -> list[Claim]:
    """Read what `write_claims` wrote."""
    content = read_json(path)
    if not isinstance(content, list):
        raise InputError(f"{path}: no list of claims; delete the file and run again")
    try:
        return [from_json(row) for row in content]
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {error}; delete the file and run again") from None
