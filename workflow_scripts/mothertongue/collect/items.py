"""Items as paired tests need them: one row per score and item, with its cluster."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .rows import ScoreRow

if TYPE_CHECKING:
    import polars as pl

RATIO = {
    "perplexity": "tokens",
    "bits_per_byte": "bytes",
    "bits_per_character": "characters",
    "word_perplexity": "words",
    "byte_perplexity": "bytes",
}


def evaluation_items(path: Path, rows: Sequence[ScoreRow]) -> list["pl.DataFrame"]:
    """Frames of items, one per metric of an evaluation."""
    import polars as pl

    frame = pl.read_parquet(path)
    frames = []
    for row in rows:
        metric = row.metric
        if metric in RATIO and RATIO[metric] in frame.columns:
            scale = 1 / math.log(2) if metric.startswith("bits") else 1.0
            values = {"value": -pl.col("loglikelihood") * scale, "weight": pl.col(RATIO[metric])}
        elif metric in frame.columns:
            values = {"value": pl.col(metric), "weight": pl.lit(1.0)}
        else:
            continue  # a metric of groups of items (such as a mean over subjects)
        cluster = pl.col("cluster" if "cluster" in frame.columns else "item")
        frames.append(with_key(frame, row, item=pl.col("item"), cluster=cluster, **values))
    return frames


def rating_items(row: ScoreRow, values: Mapping[str, float]) -> "pl.DataFrame":
    """Items of one set of ratings: answer -> rating."""
    import polars as pl

    frame = pl.DataFrame(
        {"item": list(values), "rating": list(values.values())},
        schema={"item": pl.String, "rating": pl.Float64},
    )
    item = pl.col("item")
    return with_key(frame, row, item=item, cluster=item, value=pl.col("rating"), weight=pl.lit(1.0))


def with_key(
    frame: "pl.DataFrame",
    row: ScoreRow,
    *,
    item: "pl.Expr",
    cluster: "pl.Expr",
    value: "pl.Expr",
    weight: "pl.Expr",
) -> "pl.DataFrame":
    """Items with the key of their score in front."""
    import polars as pl

    columns = row.columns()
    names = ["benchmark", "metric", "judge", "language", "model", "data", "scope"]
    keys = [pl.lit(columns[name], pl.String).cast(pl.Categorical).alias(name) for name in names]
    keys.append(pl.lit(row.key.learning_rate, pl.Float64).alias("learning_rate"))
    keys.append(pl.lit(row.key.seed, pl.Int64).alias("seed"))
    return frame.select(
        *keys,
        item.cast(pl.String).alias("item"),
        cluster.cast(pl.String).alias("cluster"),
        value.cast(pl.Float64).alias("value"),
        weight.cast(pl.Float64).alias("weight"),
    )


def joined_clusters(items: "pl.DataFrame") -> "pl.DataFrame":
    """Items whose clusters are one where items with the same id stand in several languages.

    Clusters are joined for a whole test, or not at all: where joining would unite two clusters of
    one language, the same ids do not mean translations, and every cluster stays what it is.
    """
    import polars as pl

    known = items.select("benchmark", "judge", "language", "cluster", "item").unique(
        maintain_order=True
    )
    frames = []
    for (benchmark, judge), part in known.group_by("benchmark", "judge", maintain_order=True):
        leader = {name: name for name in part["cluster"].unique(maintain_order=True)}

        def find(name: str, leader: dict[str, str] = leader) -> str:
            while leader[name] != name:
                leader[name] = leader[leader[name]]
                name = leader[name]
            return name

        first: dict[str, str] = {}
        for cluster, item in part.select("cluster", "item").iter_rows():
            leader[find(cluster)] = find(first.setdefault(item, cluster))
        joined = {name: find(name) for name in leader}
        own = part.select("language", "cluster").unique()
        roots = own.with_columns(pl.col("cluster").replace_strict(joined)).unique()
        if len(roots) < len(own):
            joined = {name: name for name in leader}
        texts = {"cluster": list(joined), "joined": list(joined.values())}
        table = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))
        keys = {"benchmark": benchmark, "judge": judge}
        frames.append(
            table.with_columns(
                pl.lit(value, pl.String).cast(pl.Categorical).alias(name)
                for name, value in keys.items()
            )
        )
    names = ["benchmark", "judge", "cluster"]
    return (
        items.join(pl.concat(frames), on=names, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.col("joined").alias("cluster"))
        .drop("joined")
    )
