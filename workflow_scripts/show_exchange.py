"""Show what a native row is worth in translated rows and what to buy: two pages and two figures."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    rates: Path,
    curves: Path,
    purchase: Path,
    confidence: float,
    folder: Path,
) -> None:
    """Write the pages and figures. The tables are those of measure_exchange."""
    from mothertongue.correlate.exchange_rows import CurveRow, OfferRow, RateRow
    from mothertongue.correlate.records import read_records
    from mothertongue.report.curve_figure import add_curves
    from mothertongue.report.exchange import exchange_page, purchase_page
    from mothertongue.report.figures import ItemFolder

    cells = open_scores(scores, about)
    made = ItemFolder(folder)
    made.add_page(exchange_page(cells, read_records(rates, RateRow), confidence))
    made.add_page(purchase_page(cells, read_records(purchase, OfferRow), confidence))
    add_curves(made, cells, read_records(curves, CurveRow), confidence)
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            rates=Path(snakemake.input.rates),
            curves=Path(snakemake.input.curves),
            purchase=Path(snakemake.input.purchase),
            confidence=snakemake.params.confidence,
            folder=Path(snakemake.output[0]),
        )
