"""Put the study's scores beside the published ones, for every cell that both have."""

from pathlib import Path

from mothertongue.correlate.cells import open_cells
from mothertongue.departures import read_departures
from mothertongue.log import log_to
from mothertongue.report.beside import beside_page
from mothertongue.report.figures import ItemFolder


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
    mine, theirs = open_cells(scores, about), open_cells(published, published_about)
    made = ItemFolder(folder, mine.about)
    made.add_page(beside_page(mine, theirs, read_departures(departures)))
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
