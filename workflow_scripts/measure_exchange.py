"""Fit learning curves, and say how many translated rows a native row is worth, and what to buy.

exchange.csv, one row per language, test, translator and native size:

    language, benchmark, judge, metric, translator
    rows            native rows
    verdict         rate | more | less | plateau | translated higher | none in range | unknown
    rate, low, high translated rows per native row and their set; an empty end is open
    smallest, largest   rates that the study has translated rows for
    over            what the set ranges over: models and draws | models | draws | trainings | nothing
    models, draws, seeds
    height, height_low, height_high   native - translated where the curves level off, and its set over
                    all pairs of exponents that the scores allow; an empty end is open
    left_out        adapters without a counterpart in every model and draw

curves.csv: language, benchmark, judge, metric; kind of data and its share of native rows; what: point (an
adapter) | curve; rows, score, low, high, dollars.

purchase.csv, one row per language, test, wish and kind of data; empty without prices.native_row:

    by, wanted      score: the cheapest rows for this score | budget: the best score for these dollars
    kind, rows, native_rows, dollars, dollars_low, dollars_high, score, score_low, score_high
    best, decided   looks best; beats every other kind of data
    limit           the budget buys more rows than the study's largest set, which is taken
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    reports: Sequence[Path],
    native_price: float | None,
    translated_prices: Mapping[str, float],
    goals: Sequence[float],
    budgets: Sequence[float],
    confidence: float,
    exchange_file: Path,
    curves_file: Path,
    purchase_file: Path,
) -> None:
    """Write the three tables. `reports`: of translated sets, for prices that are not stated."""
    from mothertongue.correlate import exchange_rows as rows
    from mothertongue.correlate.records import write_records

    rates, curves, offers = rows.measure(
        open_scores(scores, about),
        native_price=native_price,
        translated_prices={**rows.measured_prices(reports), **translated_prices},
        level=1 - confidence,
        goals=goals,
        budgets=budgets,
    )
    write_records(exchange_file, rates, rows.RATE_COLUMNS)
    write_records(curves_file, curves, rows.CURVE_COLUMNS)
    write_records(purchase_file, offers, rows.OFFER_COLUMNS)
    print(f"{len(rates)} rates, {len(offers)} offers")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            reports=[Path(name) for name in snakemake.input.get("reports", [])],
            native_price=snakemake.params.native_price,
            translated_prices=snakemake.params.translated_prices,
            goals=snakemake.params.goals,
            budgets=snakemake.params.budgets,
            confidence=snakemake.params.confidence,
            exchange_file=Path(snakemake.output.rates),
            curves_file=Path(snakemake.output.curves),
            purchase_file=Path(snakemake.output.purchase),
        )
