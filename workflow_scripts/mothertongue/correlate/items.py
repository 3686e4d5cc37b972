"""Scores by item: one matrix per test and metric, for paired resampling."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..scores import MULTI
from .averages import Setting, Test

RATIO = "perplexity"  # exp of sum of values / sum of weights; other metrics are means
RATES = ("bits_per_byte", "bits_per_character")  # values are totals: means weighted by length
KEY = ("language", "model", "data", "scope", "learning_rate", "seed")
BASE = "base"
UNTUNED = Setting(BASE, 0.0)  # of a base, which was not trained here
Adapter = tuple[str, str, str, Setting]  # language of the test, model, data and setting


class Items(NamedTuple):
    """values, weights: items x adapters, NaN where an adapter has no score for an item.

    columns: (language, model, data, setting) -> its columns, one per seed, by seed.
    clusters: number of each item's cluster (passage, item that was translated), and their names.
    """

    values: np.ndarray
    weights: np.ndarray
    columns: dict[Adapter, list[int]]
    ratio: bool
    clusters: np.ndarray | None = None
    names: tuple[str, ...] = ()


def read_items(path: Path, test: Test, metric: str, *, beside_base: str | None = None) -> Items:
    """Items of one test and metric; rows pair by item id, across languages too.

    `beside_base`: a scope, whose adapters are then read together with the untuned bases; else every
    adapter is read and no base.
    """
    import polars as pl

    table = pl.scan_parquet(path)
    own = pl.col("item").cast(pl.String)  # an item without a cluster is one by itself
    known = "cluster" in table.collect_schema().names()
    tuned = pl.col("data").cast(pl.String) != BASE
    wanted = tuned if beside_base is None else ~tuned | (pl.col("scope") == beside_base)
    cluster = pl.coalesce(pl.col("cluster").cast(pl.String), own) if known else own
    frame = (
        table.filter(
            (pl.col("benchmark") == test.benchmark)
            & (pl.col("metric") == metric)
            & pl.col("judge").eq_missing(pl.lit(test.judge, pl.String))
            & wanted
        )
        .select(
            *KEY,
            (pl.col("item").rank("dense") - 1).alias("place"),
            cluster.alias("cluster"),
            (pl.col("value") / pl.col("weight") if metric in RATES else pl.col("value")).alias(
                "value"
            ),
            "weight",
        )
        .collect()
        .sort("seed", maintain_order=True)
    )
    groups = list(frame.group_by(KEY, maintain_order=True))
    size = 0 if frame.is_empty() else int(frame["place"].to_numpy().max()) + 1
    values = np.full((size, len(groups)), np.nan)
    weights = np.full((size, len(groups)), np.nan)
    columns: dict[Adapter, list[int]] = {}
    for column, (key, group) in enumerate(groups):
        language, model, data, scope = map(str, key[:4])
        place = group["place"].to_numpy()
        if len(np.unique(place)) < len(place):
            raise InputError(
                f"{path}: an item stands twice in {test.slug}, {language}, {model}, {data};"
                " give the items of this benchmark ids of their own and evaluate again"
            )
        values[place, column] = group["value"].to_numpy()
        weights[place, column] = group["weight"].to_numpy()
        setting = (
            UNTUNED
            if data == BASE
            else Setting(MULTI if scope == MULTI else "mono", group["learning_rate"][0])
        )
        columns.setdefault((language, model, data, setting), []).append(column)
    found = frame.group_by("place").agg(pl.col("cluster").first()).sort("place")["cluster"]
    names = found.unique().sort()
    codes = found.cast(pl.Enum(names)).to_physical().to_numpy() if size else np.zeros(0, int)
    return Items(values, weights, columns, metric == RATIO, codes, tuple(names))
