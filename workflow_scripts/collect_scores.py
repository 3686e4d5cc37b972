"""Collect every evaluation and every rating of the study into scores.csv, items and a description.

scores.csv follows `mothertongue.scores`. The items (parquet) hold what paired tests need, one row
per score and item: the keys of the score, `item`, `cluster`, `value` and `weight` (metric = mean of
value; perplexity = exp(sum of value / sum of weight), value being minus the log-likelihood). Items
of one cluster (a passage, a problem in several languages) are no independent witnesses.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mothertongue.collect.describe import describe_benchmark, describe_provenance, missing_lines
from mothertongue.collect.items import evaluation_items, joined_clusters, rating_items
from mothertongue.collect.rows import Key, ScoreRow, evaluation_rows, rating_rows, win_rows
from mothertongue.collect.sizes import UNTUNED, read_sizes
from mothertongue.files import atomic, read_json, write_json
from mothertongue.process.log import log_to
from mothertongue.scores import schema, write_scores


def main(
    *,
    evaluations: list[Path],
    ratings: list[Path],
    describe: dict[str, Any],
    learning_rates: dict[str, float],
    coverage: float,
    training_sets: list[Path],
    scores: Path,
    items: Path,
    about: Path,
    warned: Sequence[Path] = (),
    verdicts: Sequence[Path] = (),
) -> None:
    """Write the three files; `describe` is the description known from the configuration.

    `training_sets`: those of a study whose conditions have numbers of rows, which are counted.
    `coverage`: share of a set's answers that a judge must have scored for the set to count.
    """
    import polars as pl

    for path in warned:  # of judges that fail their probes, wherever their names stand
        for judge, words in read_json(path).items():
            if judge in describe["judges"]:  # one that compares pairs rates nothing here
                describe["judges"][judge]["label"] += words
    rows: list[ScoreRow] = []
    frames = []
    for path in evaluations:
        found, content = evaluation_rows(path, learning_rates)
        rows += found
        frames += evaluation_items(path.with_name(f"{path.stem}.items.parquet"), found)
        describe_benchmark(describe["benchmarks"][path.parts[-2]], content)
        describe_provenance(describe["models"], found[0].key.model, content)
    reasons: dict[Key, str] = {}
    judged = [rating_rows(path, learning_rates, coverage) for path in ratings]
    for path in verdicts:
        judged += win_rows(path, learning_rates, coverage)
    seen: set[Key] = set()
    for rated in judged:
        first, *_ = rated.rows
        if first.key in seen:
            continue  # native data's own win rate, once for each condition that it met
        seen.add(first.key)
        rows += rated.rows
        if rated.reason is not None:
            reasons[first.key] = rated.reason
        frames.append(rating_items(first, rated.values))
        items_of = describe["benchmarks"][first.key.benchmark].setdefault("items", {})
        language = first.key.language
        items_of[language] = max(items_of.get(language, 0), first.n)
    sizes = read_sizes(training_sets)

    def size_of(key: Key) -> dict[str, int | None]:
        size = sizes.get((key.data, key.scope), UNTUNED if key.scope == "none" else None)
        return size.columns() if sizes and size else {}

    table = pl.DataFrame([row.columns() | size_of(row.key) for row in rows], schema=schema())
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
            training_sets=[Path(path) for path in snakemake.input.get("training_sets", [])],
            scores=Path(snakemake.output.scores),
            items=Path(snakemake.output.item_table),
            about=Path(snakemake.output.about),
            warned=[Path(path) for path in snakemake.input.get("warned", [])],
            verdicts=[Path(path) for path in snakemake.input.get("verdicts", [])],
        )
