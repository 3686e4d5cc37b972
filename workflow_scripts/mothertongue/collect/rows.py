"""Rows of scores.csv: those of an evaluation, and those of a judge's ratings of one answer set."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_json
from ..judge.pairs import PairPlace, read_verdicts
from ..judge.records import read_ratings
from ..judge.totals import summarise, too_few, why_empty
from ..scores import WIN_RATE
from ..study.mixes import NATIVE

QUESTIONS = "qa-"  # prefix of a question set's name where it stands as a benchmark


@dataclass(frozen=True, slots=True)
class Key:
    """What was tested on what: all metrics of one evaluation, or of one set of ratings, share it."""

    benchmark: str
    judge: str | None
    language: str
    model: str
    data: str
    scope: str
    learning_rate: float | None
    seed: int

    @classmethod
    def of(
        cls, path: Path, rates: Mapping[str, float], *, prefix: str = "", judge: str | None = None
    ) -> "Key":
        """From …/{model}/{data}/{scope}/{lr}/seed{n}/{benchmark}/{language}.…"""
        model, data, scope, lr, seed, benchmark = path.parts[-7:-1]
        if lr not in rates and lr != "none":
            raise InputError(f"{path}: learning rate '{lr}' is not in finetune.learning_rates")
        number = int(seed.removeprefix("seed"))
        test = prefix + benchmark
        return cls(test, judge, path.stem, model, data, scope, rates.get(lr), number)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One row of scores.csv (`mothertongue.scores`). `n`: items that the score is over."""

    key: Key
    metric: str
    score: float | None
    stderr: float | None
    n: int | None

    def columns(self) -> dict[str, str | float | None]:
        """The row by the names of the table's columns."""
        key = {name: getattr(self.key, name) for name in Key.__slots__}
        own = {"metric": self.metric, "score": self.score, "stderr": self.stderr, "n": self.n}
        return {"source": "study", **key, **own}


class Rated(NamedTuple):
    """A set of ratings as scores. `values`: rating of every item that counts; `reason`: why none does."""

    rows: list[ScoreRow]
    values: dict[str, float]
    reason: str | None


def evaluation_rows(
    path: Path, rates: Mapping[str, float]
) -> tuple[list[ScoreRow], Mapping[str, Any]]:
    """Rows of one evaluation, and its score file."""
    content = read_json(path)
    key = Key.of(path, rates)
    if not isinstance(content, dict) or not content.get("metrics"):
        raise InputError(f"{path}: no metrics; delete the file and evaluate again")
    rows = [
        ScoreRow(key, metric, found.get("value"), found.get("stderr"), found.get("n"))
        for metric, found in content["metrics"].items()
    ]
    return rows, content


def rating_rows(path: Path, rates: Mapping[str, float], coverage: float) -> Rated:
    """The score is the mean over answers scored; the total stands beside it if all of them were.

    `coverage`: share of the answers that must have been scored for the set to count.
    """
    ratings = read_ratings(path)
    key = Key.of(path, rates, prefix=QUESTIONS, judge=path.parts[-8])
    found, reason = summarise(ratings), why_empty(ratings, coverage)
    values = {one.id: one.rating for one in ratings if one.rating is not None}
    if reason is not None:
        return Rated([ScoreRow(key, "rating", None, None, found.scored)], {}, reason)
    spread = None
    if len(values) > 1 and found.mean is not None:
        squares = sum((value - found.mean) ** 2 for value in values.values())
        spread = math.sqrt(squares / (len(values) - 1) / len(values))
    mean = ScoreRow(key, "rating", found.mean, spread, found.scored)
    if not found.complete or found.total is None:
        return Rated([mean], values, None)
    whole = None if spread is None else spread * found.asked
    return Rated(
        [mean, replace(mean, metric="total", score=found.total, stderr=whole)], values, None
    )


def win_rows(path: Path, rates: Mapping[str, float], coverage: float) -> list[Rated]:
    """How often one condition's answers win against native data's, and native data's own 50 per cent.

    From a file of verdicts; none where neither side is native data. `values`: 100, 50 (a tie) or 0 per
    question, the mean of both orders.
    """
    place, against = PairPlace.of(path)
    if place.data != NATIVE:
        return []
    own = Key.of(path.with_stem(place.language), rates, prefix=QUESTIONS, judge=place.judge)
    key = replace(own, data=against)
    verdicts = read_verdicts(path)
    known = {one.id: one for one in verdicts if one.first is not None and one.second is not None}
    if not known or len(known) < coverage * len(verdicts) - 1e-9:
        told = too_few(len(known), len(verdicts), coverage, "pairs have a verdict in both orders")
        return [Rated([ScoreRow(key, WIN_RATE, None, None, len(known))], {}, told)]
    won = {
        name: 100 - 50 * ((one.first or 0.0) + (one.second or 0.0)) for name, one in known.items()
    }
    mean = sum(won.values()) / len(won)
    squares = sum((value - mean) ** 2 for value in won.values())
    spread = math.sqrt(squares / (len(won) - 1) / len(won)) if len(won) > 1 else None
    half = dict.fromkeys((one.id for one in verdicts), 50.0)
    return [
        Rated([ScoreRow(key, WIN_RATE, mean, spread, len(won))], won, None),
        Rated([ScoreRow(own, WIN_RATE, 50.0, 0.0, len(half))], half, None),
    ]
