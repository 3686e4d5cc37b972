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

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


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
    from mothertongue.correlate.comparisons import COLUMNS, adjusted, compare_test
    from mothertongue.correlate.records import write_records

    cells = open_scores(scores, about)
    rows = []
    tests = [(test, metric) for test in cells.tests for metric in cells.metrics(test)]
    for place, (test, metric) in enumerate(tests):
        rng = np.random.default_rng([seed, place])
        rows += compare_test(
            cells, test, metric, item_table, resamples=resamples, confidence=confidence, rng=rng
        )
    rows = adjusted(rows)
    count = write_records(contrasts, rows, COLUMNS)
    print(f"{count} comparisons, {sum(row.p is not None for row in rows)} of them with a p")


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
