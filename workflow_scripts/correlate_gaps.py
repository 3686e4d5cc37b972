"""Correlate native-translated gaps with native scores (paper section 4.3, Figure 4).

gaps.csv: one row per test, language and model at the main setting: native and translated score,
gap (in favour of native), and `mean` over native data and every translator; at_chance: neither
condition is above chance there.

correlations.csv: per test Pearson's r of gap and native score as in the paper, and the de-coupled
r of gap and mean, which a shared term does not inflate (P. D. Oldham 1962, J. Chronic Dis. 15:969).
Each with a bootstrap interval over models (low, high), a permutation p that exchanges whole models,
and the range when one model is left out (without_one_low, without_one_high, most_influential).
The de-coupled r is centred within languages, whose levels differ for other reasons; with four
families or more its interval draws families, and its p is the larger of that by exchange of models
and that of a slope with families as clusters. Gaps at chance are left out.
points: (model, language) pairs.

The mean counts every translator as one condition. The plain mean of native and translated would
not do: an average of two translators is steadier than one native score, and the difference in
variance correlates by itself. With one translator the two are the same.
"""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    gaps: Path,
    correlations: Path,
    resamples: int,
    confidence: float,
    seed: int,
    item_table: Path | None = None,
) -> None:
    """Write gaps.csv and correlations.csv; items, where there are, tell what is at chance."""
    from mothertongue.correlate import gap_correlation as made
    from mothertongue.correlate.chance import places_at_chance
    from mothertongue.correlate.effects import Evidence
    from mothertongue.correlate.records import write_records

    cells = open_scores(scores, about)
    evidence = Evidence(cells, item_table)
    rows = made.find_gaps(cells, places_at_chance(evidence, confidence), evidence)
    found = made.correlate(rows, resamples=resamples, confidence=confidence, seed=seed)
    write_records(gaps, rows, made.GAP_COLUMNS)
    write_records(correlations, found, made.CORRELATION_COLUMNS)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            gaps=Path(snakemake.output.gaps),
            correlations=Path(snakemake.output.correlations),
            resamples=snakemake.params.resamples,
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
            item_table=Path(snakemake.input.item_table[0]) if snakemake.input.item_table else None,
        )
