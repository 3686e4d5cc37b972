"""Compare tuned models with their untuned base in languages that they were not tuned on.

differences.csv has the columns of contrasts.csv (script compare_conditions), with

    contrast        tuning: tuned minus untuned
    first, second   the data that was tuned on, and `base`
    scope           the language that was tuned on
    language        the language of the test
    difference      in favour of the tuned model: for perplexity, base - tuned
    low, high, p    resampled over clusters of items, and over seeds where there are several
    p_holm, family  adjusted over all rows of the file
"""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    item_table: Path,
    compared: Path,
    resamples: int,
    confidence: float,
    seed: int,
) -> None:
    """Write differences.csv."""
    from mothertongue.correlate.comparisons import COLUMNS
    from mothertongue.correlate.languages import compare_languages
    from mothertongue.correlate.records import write_records

    cells = open_scores(scores, about)
    rows = compare_languages(
        cells.scores,
        cells.facts,
        item_table,
        resamples=resamples,
        confidence=confidence,
        seed=seed,
    )
    count = write_records(compared, rows, COLUMNS)
    print(f"{count} comparisons with the untuned base in other languages")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            item_table=Path(snakemake.input.item_table),
            compared=Path(snakemake.output[0]),
            resamples=snakemake.params.resamples,
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
        )
