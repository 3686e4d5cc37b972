"""Put the study's scores beside the published ones, for every cell that both have."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.correlate.matching import find_matches
from mothertongue.process.log import log_to
from mothertongue.report import categories
from mothertongue.report.against_published import comparison_page, summaries
from mothertongue.report.figures import ItemFolder
from mothertongue.report.first_looks import BESIDE, beside_page
from mothertongue.report.register import read_departures
from mothertongue.report.sections import TOPIC


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
    register = read_departures(departures)
    matches = find_matches(mine, theirs)
    found = summaries(mine, theirs, matches, register)
    made = ItemFolder(folder)
    shown = beside_page(found)
    if shown:
        made.write("beside.html", shown)
        labels = {"item": TOPIC, "languages": ", ".join(mine.languages())}
        made.enter(
            "beside.html", categories.category(mine.facts, categories.BESIDE, TOPIC), labels, BESIDE
        )
    made.add_page(comparison_page(mine, theirs, register, matches, found))
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
