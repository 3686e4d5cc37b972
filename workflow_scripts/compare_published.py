"""Put the study's scores beside the published ones, for every cell that both have."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to
from mothertongue.report.against_published import comparison_page
from mothertongue.report.figures import ItemFolder
from mothertongue.report.register import read_departures


def main(
    *,
    scores: Path,
    about: Path,
    published: Path,
    published_about: Path,
    departures: Path,
    folder: Path,
) -> None:
    """Write the page; without a shared cell it says why."""
    mine, theirs = open_scores(scores, about), open_scores(published, published_about)
    made = ItemFolder(folder)
    made.add_page(comparison_page(mine, theirs, read_departures(departures)))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            published=Path(snakemake.input.published),
            published_about=Path(snakemake.input.published_about),
            departures=Path(snakemake.input.departures),
            folder=Path(snakemake.output[0]),
        )
