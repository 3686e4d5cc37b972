"""Records what each adapter was trained on and for how long (differences.csv).

A gap between two conditions may come from any of these amounts; docs/results.md explains the columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .records import read_records


@dataclass(frozen=True, slots=True)
class Amounts:
    """One row of differences.csv."""

    model: str
    data: str
    scope: str
    lr: str
    learning_rate: float
    seed: int
    rows: int
    dropped_rows: int
    cut_rows: int
    trained_rows: int
    truncated_rows: int
    answer_tokens: int
    tokens: int
    steps: int
    epochs: int
    best_epoch: int
    answer_tokens_seen: int
    validation_rows: int
    equal: str | None = ""  # what conditions.budget holds equal


def amounts_of(provenance: Mapping[str, Any]) -> Amounts:
    """The row of one adapter, from the provenance that fine-tuning writes."""
    condition, training = provenance["condition"], provenance["training"]
    lost = training["dropped_rows"] + training["kept_rows"]
    return Amounts(
        model=condition["model"],
        data=condition["data"],
        scope=condition["scope"],
        lr=condition["lr"],
        learning_rate=provenance["recipe"]["learning_rate"],
        seed=int(condition["seed"]),
        rows=training["rows"],
        dropped_rows=training["dropped_rows"],
        cut_rows=training["rows"] - lost,
        trained_rows=training["kept_rows"],
        truncated_rows=training["truncated_rows"],
        answer_tokens=training["supervised_tokens"],
        tokens=training["tokens"],
        steps=provenance["steps"],
        epochs=provenance["epochs"],
        best_epoch=provenance["best_epoch"],
        answer_tokens_seen=provenance["supervised_tokens"],
        validation_rows=provenance["validation"]["rows"],
        equal=(provenance.get("equal") or {}).get("kind", ""),
    )


@dataclass(frozen=True, slots=True)
class MeanAmounts:
    """Means over adapters."""

    trained_rows: float
    answer_tokens: float
    steps: float
    truncated_rows: float
    dropped_rows: float


def mean_amounts(rows: Sequence[Amounts]) -> MeanAmounts:
    """Mean amounts over models, seeds and translators."""

    def mean(values: Iterable[int]) -> float:
        return sum(values) / len(rows)

    return MeanAmounts(
        trained_rows=mean(row.trained_rows for row in rows),
        answer_tokens=mean(row.answer_tokens for row in rows),
        steps=mean(row.steps for row in rows),
        truncated_rows=mean(row.truncated_rows for row in rows),
        dropped_rows=mean(row.dropped_rows for row in rows),
    )


def read_amounts(path: Path | None) -> list[Amounts]:
    """Rows of differences.csv; none without the file (published scores have none)."""
    return [] if path is None else read_records(path, Amounts)
