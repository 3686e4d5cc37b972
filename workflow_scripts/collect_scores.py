"""Collect every evaluation and every rating of the study into scores.csv, items and a description.

scores.csv follows `mothertongue.scores`. The items (parquet) hold what paired tests need, one row
per score and item: the keys of the score, `item`, `cluster`, `value` and `weight` (metric = mean of
value; perplexity = exp(sum of value / sum of weight), value being minus the log-likelihood). Items
of one cluster (a passage, a problem in several languages) are no independent witnesses.
"""

import math
from pathlib import Path
from typing import Any

from mothertongue.errors import InputError
from mothertongue.files import atomic, read_json, write_json
from mothertongue.judge import records
from mothertongue.judge.totals import summarise, why_empty
from mothertongue.process.log import log_to
from mothertongue.scores import schema, write_scores

Row = dict[str, Any]
QUESTIONS = "qa-"  # prefix of a question set's name where it stands as a benchmark
RATIO = {"perplexity": "tokens", "bits_per_byte": "bytes", "bits_per_character": "characters"}


def condition_of(path: Path, depth: int, learning_rates: dict[str, float]) -> Row:
    """Read the condition out of a path; `depth` parts follow it."""
    model, data, scope, lr, seed = path.parts[-depth - 5 : -depth]
    if lr not in learning_rates and lr != "none":
        raise InputError(f"{path}: learning rate '{lr}' is not in finetune.learning_rates")
    return {
        "model": model,
        "data": data,
        "scope": scope,
        "learning_rate": learning_rates.get(lr),
        "seed": int(seed.removeprefix("seed")),
    }


def read_evaluation(path: Path, learning_rates: dict[str, float]) -> tuple[list[Row], dict]:
    """Rows of scores.csv of one evaluation, and its score file."""
    content = read_json(path)
    key = condition_of(path, 2, learning_rates)
    key |= {"source": "study", "benchmark": path.parts[-2], "language": path.stem, "judge": None}
    if not isinstance(content, dict) or not content.get("metrics"):
        raise InputError(f"{path}: no metrics; delete the file and evaluate again")
    rows = [
        {**key, "metric": metric, "score": found.get("value"), "stderr": found.get("stderr")}
        | {"n": found.get("n")}
        for metric, found in content["metrics"].items()
    ]
    return rows, content


def read_items(path: Path, rows: list[Row]) -> list[Any]:
    """Frames of items, one per metric of an evaluation."""
    import polars as pl

    frame = pl.read_parquet(path)
    frames = []
    for row in rows:
        metric = row["metric"]
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


def read_ratings(
    path: Path, learning_rates: dict[str, float], coverage: float
) -> tuple[list[Row], Any, str | None]:
    """Rows of scores.csv of one judge's ratings of one answer set, its items, why it has no score.

    The score is the mean over answers scored; the total stands beside it if all of them were.
    """
    import polars as pl

    ratings = records.read_ratings(path)
    key = condition_of(path, 2, learning_rates) | {
        "judge": path.parts[-8],
        "source": "study",
        "benchmark": QUESTIONS + path.parts[-2],
        "language": path.stem,
    }
    found, reason = summarise(ratings), why_empty(ratings, coverage)
    values = [one.rating for one in ratings if one.rating is not None]
    spread = None
    if len(values) > 1 and found.mean is not None:
        squares = sum((value - found.mean) ** 2 for value in values)
        spread = math.sqrt(squares / (len(values) - 1) / len(values))
    key |= {"n": found.scored}
    rated = {"score": found.mean, "stderr": spread}
    rows = [{**key, "metric": "rating", **(rated if reason is None else dict.fromkeys(rated))}]
    if found.complete and found.total is not None and reason is None:
        whole = None if spread is None else spread * found.asked
        rows.append({**key, "metric": "total", "score": found.total, "stderr": whole})
    frame = pl.DataFrame(
        {"item": [one.id for one in ratings], "rating": [one.rating for one in ratings]},
        schema={"item": pl.String, "rating": pl.Float64},
    ).drop_nulls("rating")
    items = with_key(
        frame if reason is None else frame.clear(),
        rows[0],
        item=pl.col("item"),
        cluster=pl.col("item"),
        value=pl.col("rating"),
        weight=pl.lit(1.0),
    )
    return rows, items, reason


def with_key(frame: Any, row: Row, **columns: Any) -> Any:
    """Items with the key of their score in front."""
    import polars as pl

    names = ["benchmark", "metric", "judge", "language", "model", "data", "scope"]
    keys = [pl.lit(row[name], pl.String).cast(pl.Categorical).alias(name) for name in names]
    keys.append(pl.lit(row["learning_rate"], pl.Float64).alias("learning_rate"))
    keys.append(pl.lit(row["seed"], pl.Int64).alias("seed"))
    return frame.select(
        *keys,
        columns["item"].cast(pl.String).alias("item"),
        columns["cluster"].cast(pl.String).alias("cluster"),
        columns["value"].cast(pl.Float64).alias("value"),
        columns["weight"].cast(pl.Float64).alias("weight"),
    )


def joined_clusters(items: Any) -> Any:
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


def describe_benchmark(about: Row, content: Row) -> None:
    """Add what a score file says of its benchmark (units, chance, items) to the description."""
    about.setdefault("metrics", list(content["metrics"]))
    main = content.get("metric")
    if main in about["metrics"]:
        about["metrics"].sort(key=lambda name: name != main)
    about.setdefault("units", content.get("unit", {}))
    about.setdefault("higher", content.get("higher_is_better", {}))
    about.setdefault("chance", content.get("chance"))
    levels = about.setdefault("chance_levels", {})
    levels.setdefault(content["language"], content.get("chance_levels") or {})
    about.setdefault("version", content.get("version"))
    about.setdefault("shots", content.get("shots"))
    items = about.setdefault("items", {})
    items[content["language"]] = max(items.get(content["language"], 0), content.get("n", 0))


def describe_provenance(models: Row, model: str, content: Row) -> None:
    """Keep what the scores of a model were made with, each distinct value once."""
    provenance = content.get("provenance") or {}
    made = models.setdefault(model, {}).setdefault("provenance", {})
    for name in ("base", "revision", "quantisation", "dtype", "template", "versions"):
        value = provenance.get(name)
        if value is not None and value not in made.setdefault(name, []):
            made[name].append(value)


def key_of(row: Row) -> tuple:
    """What a set of answers or items is told by: metrics share it."""
    names = ("benchmark", "judge", "language", "model", "data", "scope", "learning_rate", "seed")
    return tuple(row[name] for name in names)


def missing_lines(rows: list[Row], reasons: dict[tuple, str], describe: Row) -> list[str]:
    """What has no score and why: each test and reason once, with its languages and number of sets."""
    found: dict[tuple[str, str], dict[tuple, str]] = {}
    for row in rows:
        score = row["score"]
        if score is not None and math.isfinite(score):
            continue
        label = describe["benchmarks"].get(row["benchmark"], {}).get("label", row["benchmark"])
        if row["judge"]:
            label += (
                f", judge {describe['judges'].get(row['judge'], {}).get('label', row['judge'])}"
            )
        reason = reasons.get(key_of(row), "no item was scored")
        found.setdefault((label, reason), {})[key_of(row)] = row["language"]
    return [
        f"{label} ({', '.join(dict.fromkeys(sets.values()))}): {reason},"
        f" {len(sets)} {'sets' if len(sets) > 1 else 'set'} without a score"
        for (label, reason), sets in found.items()
    ]


def main(
    *,
    evaluations: list[Path],
    ratings: list[Path],
    describe: Row,
    learning_rates: dict[str, float],
    coverage: float,
    scores: Path,
    items: Path,
    about: Path,
) -> None:
    """Write the three files; `describe` is the description known from the configuration.

    `coverage`: share of a set's answers that a judge must have scored for the set to count.
    """
    import polars as pl

    rows: list[Row] = []
    frames = []
    for path in evaluations:
        found, content = read_evaluation(path, learning_rates)
        rows += found
        frames += read_items(path.with_name(f"{path.stem}.items.parquet"), found)
        describe_benchmark(describe["benchmarks"][path.parts[-2]], content)
        describe_provenance(describe["models"], found[0]["model"], content)
    reasons: dict[tuple, str] = {}
    for path in ratings:
        found, frame, reason = read_ratings(path, learning_rates, coverage)
        rows += found
        if reason is not None:
            reasons[key_of(found[0])] = reason
        frames.append(frame)
        entry = describe["benchmarks"][found[0]["benchmark"]]
        entry.setdefault("items", {})[path.stem] = max(
            entry.get("items", {}).get(path.stem, 0), found[0]["n"]
        )
    table = pl.DataFrame(rows, schema=schema())
    write_scores(scores, table)
    with atomic(items) as temporary:
        joined_clusters(pl.concat(frames)).write_parquet(temporary)
    describe["missing"] = missing_lines(rows, reasons, describe)
    write_json(about, describe)
    print(f"{table.height} scores; missing: {'; '.join(describe['missing']) or 'nothing'}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            evaluations=[Path(path) for path in snakemake.input.evaluations],
            ratings=[Path(path) for path in snakemake.input.ratings],
            describe=snakemake.params.describe,
            learning_rates=snakemake.params.learning_rates,
            coverage=snakemake.params.coverage,
            scores=Path(snakemake.output.scores),
            items=Path(snakemake.output.item_table),
            about=Path(snakemake.output.about),
        )
