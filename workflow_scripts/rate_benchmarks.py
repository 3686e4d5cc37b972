"""Rate each benchmark: would it notice that translated data is not native (paper section 4.3)?

benchmarks.csv, one row per test (benchmark and judge) and metric, at the main setting:

    benchmark, judge, metric   the test
    label           its name in words
    origin          of the questions: native | human-translated | machine-translated
    kind            structured (a choice) | generative (free text)
    gap, low, high  mean of native - translated over models and languages, with its interval
    unit            what the interval resamples: items | models and languages
    models, languages
    wins            models whose mean over languages is better with native data
    wins_significantly, loses_significantly   of these, with Holm-adjusted p below 1 - confidence;
                    empty where there are no items to test with
    r, r_low, r_high, r_p   Pearson's r of gap and native score (the paper's)
    decoupled_r, decoupled_low, decoupled_high, decoupled_p   r of gap and mean over native
                    data and translators, free of the term that gap and native score share
    points          (model, language) pairs behind r
    detectable      smallest gap of one model in one language that would be found with 80 % power
                    (two-sided, unadjusted; median of models and languages)
    detectable_items   number of items of that comparison
    detectable_basis   `paired items`: from the spread of item differences;
                    `independent items`: only scores and number of items are known; pairing would
                    make it smaller: an upper limit
    note            what is missing
"""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    contrasts: Path,
    correlations: Path,
    benchmarks: Path,
    confidence: float,
) -> None:
    """Write benchmarks.csv."""
    from mothertongue.correlate.comparisons import Comparison
    from mothertongue.correlate.gap_correlation import Correlation
    from mothertongue.correlate.rating import COLUMNS, rate_all
    from mothertongue.correlate.records import read_records, write_records

    compared = read_records(contrasts, Comparison)
    correlated = read_records(correlations, Correlation)
    rated = rate_all(open_scores(scores, about), compared, correlated, confidence)
    print(f"{write_records(benchmarks, rated, COLUMNS)} tests rated")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            contrasts=Path(snakemake.input.contrasts),
            correlations=Path(snakemake.input.correlations),
            benchmarks=Path(snakemake.output[0]),
            confidence=snakemake.params.confidence,
        )
