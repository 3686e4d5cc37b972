"""Split the noise of one comparison per test: variance.csv, for planning and for the report.

variance.csv, one row per test (benchmark and judge):

    benchmark, judge, metric, unit
    models, languages, seeds, items, clusters   how many; seeds empty where not stated
    gap, native, translated, base   means over models and languages; base: the untuned models
    items_variance ... languages_variance   parts of the variance of one comparison (see
                    mothertongue.correlate.noise); empty where the study cannot tell
    adapter_sd      standard deviation of one adapter's score from training to training
    comparison_sd   standard deviation of one comparison, from the parts that are known
    signal_to_noise size of the gap in these
"""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(*, scores: Path, about: Path, item_table: Path | None, table: Path) -> None:
    """Write variance.csv of one source."""
    from mothertongue.correlate.effects import Evidence
    from mothertongue.correlate.noise import COLUMNS, Unclustered, noise_rows
    from mothertongue.correlate.records import write_records

    cells = open_scores(scores, about)
    rows = noise_rows(Evidence(cells, item_table), Unclustered(cells, item_table))
    print(f"{write_records(table, rows, COLUMNS)} tests")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            item_table=Path(snakemake.input.item_table[0]) if snakemake.input.item_table else None,
            table=Path(snakemake.output[0]),
        )
