"""Compare training conditions with uncertainty (paper sections 4.2, 4.4 and 4.5).

contrasts.csv, one row per comparison of two conditions on a test (benchmark and judge) and metric:

    benchmark, judge, metric   the test
    contrast        gap        native - translated
                    knowledge  round trip - translated: what native content is worth
                    defects    native - round trip: what translation damages
                    change     gap at this setting - gap at the main setting; below 0: it closes
    first, second   data conditions; `translated` and `round trip` are means over translators, whose
                    single rows follow where there are several
    scope           mono | multi: training in one language or in several
    learning_rate   a number
    model, language empty in means over models, over languages
    unit            what was resampled: `items` (paired by item id; seeds as a second level), or
                    `models and languages` (mean over these, of which each model is one unit, with
                    its languages; with one model, each language)
    basis           what the interval speaks of: `models` like these, each with its own training;
                    `replicates and items`: these models, trained again; `these adapters` alone
    models, languages, items, clusters, seeds   how many; items and their clusters (questions of one
                    passage) are summed over languages; seeds: fewest of a condition, empty where
                    not stated
    first_score, second_score   in the metric's own unit (`change`: the two gaps)
    difference      in favour of the first condition: for perplexity, second - first
    low, high       confidence interval (correlate.confidence): bootstrap over clusters of items and
                    over seeds (percentiles; with several seeds Student's t), or Student's t over
                    units; empty where it cannot be had
    stderr          standard error of the difference
    p               two-sided, of the same resampling as the interval: difference over standard error
    p_holm          Holm-adjusted over the `family` rows that share test, metric, contrast, first,
                    second, setting and level (model and language; model; all)
    family          number of those rows with a p
    note            what is missing, and why a number is

Means are over models of their means over languages. Published scores have no items: only rows over
models and languages. Scores here are those of the items that both conditions have.
"""

from pathlib import Path
from typing import Any

from mothertongue.correlate.averages import Cells, Test, open_cells
from mothertongue.files import atomic
from mothertongue.process.log import log_to

Row = dict[str, Any]
TEXT = ("benchmark", "judge", "metric", "contrast", "first", "second", "scope")
COUNTS = ("models", "languages", "items", "clusters", "seeds")
NUMBERS = ("first_score", "second_score", "difference", "low", "high", "stderr", "p", "p_holm")
COLUMNS = (
    *TEXT,
    "learning_rate",
    "model",
    "language",
    "unit",
    "basis",
    *COUNTS,
    *NUMBERS,
    "family",
    "note",
)


def compare_test(
    cells: Cells,
    test: Test,
    metric: str,
    item_table: Path | None,
    *,
    resamples: int,
    confidence: float,
    rng: Any,
) -> list[Row]:
    """Every row of one test and metric."""
    from mothertongue.correlate.contrasts import (
        item_row,
        resample,
        score_contrasts,
        unit_row,
    )
    from mothertongue.correlate.items import read_items

    results = score_contrasts(cells, test, metric)
    options = {"confidence": confidence, "permutations": 10 * resamples, "rng": rng}
    place = {"benchmark": test.benchmark, "judge": test.judge, "metric": metric}
    if not results:
        return [{**place, "note": "no scores of two conditions to compare"}]
    overall = dict.fromkeys(r.contrast.key for r in results)
    rows = []

    def add(members: list, make: Any, model: str | None, language: str | None) -> None:
        name, first, second, setting = members[0].contrast.key
        row = {**place, "contrast": name, "first": first, "second": second}
        row |= {"scope": setting.kind, "learning_rate": setting.learning_rate}
        rows.append({**row, "model": model, "language": language, **make(members, **options)})

    def gone(members: list, **_: Any) -> Row:
        return {"unit": "items", "note": f"no score: {', '.join(members[0].missing)}"}

    def no_items(members: list, **_: Any) -> Row:
        return {"unit": "items", "items": 0, "note": "no item that both conditions have"}

    if item_table is not None:
        items = read_items(item_table, test, metric)
        resample(results, items, cells.sign(test, metric), resamples, rng)
    for key in overall:
        members = [r for r in results if r.contrast.key == key]
        scored = [r for r in members if not r.missing]
        itemised = [r for r in scored if r.items]
        if item_table is not None:
            for r in members:
                make = gone if r.missing else item_row if r.items else no_items
                add([r], make, r.model, r.language)
            for model in dict.fromkeys(r.model for r in itemised):
                own = [r for r in itemised if r.model == model]
                if len({r.language for r in members}) > 1:
                    add(own, item_row, model, None)
            if itemised:
                add(itemised, item_row, None, None)
        if scored:
            add(scored, unit_row, None, None)
        lost = [f"{r.model} in {r.language}" for r in members if r.missing]
        if lost and scored:
            note = f"left out, as a score is missing: {', '.join(lost)}"
            rows[-1]["note"] = "; ".join(filter(None, (rows[-1]["note"], note)))
    return rows


def adjust(rows: list[Row]) -> None:
    """Add Holm's adjusted p within each family."""
    from mothertongue.correlate.statistics import holm

    families: dict[tuple, list[Row]] = {}
    for row in rows:
        level = (row.get("model") is None, row.get("language") is None, row.get("unit"))
        key = (*(row.get(name) for name in (*TEXT, "learning_rate")), level)
        families.setdefault(key, []).append(row)
    for family in families.values():
        tested = [row for row in family if row.get("p") is not None]
        for row, adjusted in zip(tested, holm([row["p"] for row in tested]), strict=True):
            row |= {"p_holm": adjusted, "family": len(tested)}


def main(
    *,
    scores: Path,
    about: Path,
    item_table: Path | None,
    contrasts: Path,
    resamples: int,
    confidence: float,
    seed: int,
) -> None:
    """Write contrasts.csv; without a table of items, rows over models and languages alone."""
    import numpy as np
    import polars as pl

    cells = open_cells(scores, about)
    tests = [(test, metric) for test in cells.tests for metric in cells.metrics(test)]
    rows: list[Row] = []
    for place, (test, metric) in enumerate(tests):
        rng = np.random.default_rng([seed, place])
        rows += compare_test(
            cells, test, metric, item_table, resamples=resamples, confidence=confidence, rng=rng
        )
    adjust(rows)
    kinds = dict.fromkeys(COLUMNS, pl.String)
    kinds |= dict.fromkeys(("learning_rate", *NUMBERS), pl.Float64)
    kinds |= dict.fromkeys((*COUNTS, "family"), pl.Int64)
    table = pl.DataFrame([{c: row.get(c) for c in COLUMNS} for row in rows], schema=kinds)
    table = table.with_columns(pl.col("note").replace("", None))
    with atomic(contrasts) as temporary:
        table.fill_nan(None).write_csv(temporary)
    print(f"{table.height} comparisons, {table['p'].count()} of them with a p")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            item_table=Path(snakemake.input.item_table[0]) if snakemake.input.item_table else None,
            contrasts=Path(snakemake.output[0]),
            resamples=snakemake.params.resamples,
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
        )
