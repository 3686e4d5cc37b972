"""A made-up study for tests of the analysis: scores, items and description from chosen answers."""

import json
import math
from pathlib import Path
from typing import NamedTuple

import compare_conditions
import correlate_gaps
import make_tables
import numpy as np
import polars as pl
import rate_benchmarks
import split_variance
import state_claims
from mothertongue.scores import schema, write_scores

OPTIONS = {"resamples": 200, "confidence": 0.95, "seed": 1}


class Adapter(NamedTuple):
    """What was scored, on what."""

    model: str
    data: str
    language: str = "es"
    benchmark: str = "quiz"
    metric: str = "acc"
    judge: str | None = None
    scope: str | None = None  # none: the language
    learning_rate: float = 1e-4
    seed: int = 1


def describe(adapters: list[Adapter]) -> dict:
    """about.json of these adapters."""
    kinds = {"native": "native", "base": "base"}

    def entry(name: str) -> dict:
        kind = kinds.get(name) or ("roundtrip" if name.endswith("-rtt") else "translated")
        return {"label": name, "kind": kind, "translator": name.removesuffix("-rtt")}

    return {
        "source": "study",
        "models": {a.model: {"label": a.model.title(), "family": a.model} for a in adapters},
        "data": {a.data: entry(a.data) for a in adapters},
        "languages": {a.language: a.language for a in adapters},
        "benchmarks": {
            a.benchmark: {
                "label": a.benchmark.title(),
                "origin": "native",
                "kind": "structured",
                "metrics": [a.metric],
                "units": {a.metric: "%"},
                "higher": {a.metric: a.metric != "perplexity"},
                "items": {},
            }
            for a in adapters
        },
        "judges": {a.judge: {"label": a.judge} for a in adapters if a.judge},
        "learning_rate": 1e-4,
        "seeds": [1],
    }


def score(adapter: Adapter, values: list, weights: list) -> float | None:
    """The metric from its items."""
    if not len(values):
        return None
    if adapter.metric == "perplexity":
        return math.exp(sum(values) / sum(weights))
    return float(np.mean(values))


def write_study(folder: Path, answers: dict[Adapter, dict]) -> Path:
    """Write a study; answers: adapter -> {item: value or (value, weight)}; {} = no score."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, frames = [], []
    for adapter, items in answers.items():
        pairs = [value if isinstance(value, tuple) else (value, 1.0) for value in items.values()]
        values, weights = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        key = adapter._asdict() | {"scope": adapter.scope or adapter.language}
        found = score(adapter, values, weights)
        rows.append({**key, "source": "study", "score": found, "n": len(items)})
        columns = {k: key[k] for k in ("benchmark", "metric", "judge", "language", "model", "data")}
        frames.append(
            pl.DataFrame(
                {"item": list(items), "value": values, "weight": weights},
                schema={"item": pl.String, "value": pl.Float64, "weight": pl.Float64},
            ).select(
                *[
                    pl.lit(value, pl.String).cast(pl.Categorical).alias(name)
                    for name, value in (columns | {"scope": key["scope"]}).items()
                ],
                pl.lit(adapter.learning_rate, pl.Float64).alias("learning_rate"),
                pl.lit(adapter.seed, pl.Int64).alias("seed"),
                "item",
                "value",
                "weight",
            )
        )
    write_scores(folder / "scores.csv", pl.DataFrame(rows, schema=schema()))
    pl.concat(frames).write_parquet(folder / "items.parquet")
    (folder / "about.json").write_text(json.dumps(describe(list(answers))), encoding="utf-8")
    return folder


def analyse(
    folder: Path,
    *,
    scores: Path | None = None,
    about: Path | None = None,
    items: bool = True,
    averages: Path | None = None,
) -> dict[str, list[dict]]:
    """Run every script of the analysis; returns the rows of its tables."""
    source = {"scores": scores or folder / "scores.csv", "about": about or folder / "about.json"}
    made = {n: folder / f"{n}.csv" for n in ("gaps", "correlations", "contrasts", "benchmarks")}
    table = folder / "items.parquet" if items else None
    gaps = {n: made[n] for n in ("gaps", "correlations")}
    correlate_gaps.main(**source, item_table=table, **gaps, **OPTIONS)
    compare_conditions.main(**source, item_table=table, contrasts=made["contrasts"], **OPTIONS)
    rate_benchmarks.main(
        **source,
        contrasts=made["contrasts"],
        correlations=made["correlations"],
        benchmarks=made["benchmarks"],
        confidence=0.95,
    )
    state_claims.main(
        **source,
        item_table=table,
        claims=folder / "claims.json",
        estimates=folder / "estimates.csv",
        **OPTIONS,
    )
    split_variance.main(**source, item_table=table, table=folder / "variance.csv")
    make_tables.main(
        **source,
        contrasts=made["contrasts"],
        benchmarks=made["benchmarks"],
        claims=folder / "claims.json",
        variances=folder / "variance.csv",
        folder=folder / "tables",
        confidence=0.95,
        averages=averages,
    )
    return {
        name: pl.read_csv(path, infer_schema_length=None).to_dicts() for name, path in made.items()
    }


def pick(rows: list[dict], **where: object) -> list[dict]:
    """Rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in where.items())]
