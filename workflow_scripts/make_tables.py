"""Make every table of a source: CSV, LaTeX and sortable HTML, and an index for the report."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.correlate.claims import read_claims
from mothertongue.correlate.comparisons import Comparison
from mothertongue.correlate.kinds import outcomes
from mothertongue.correlate.noise import NoiseRow
from mothertongue.correlate.rating import Rating
from mothertongue.correlate.records import read_records
from mothertongue.process.log import log_to
from mothertongue.report.benchmarks import benchmarks_page, noise_page
from mothertongue.report.contrast_pages import contrast_pages
from mothertongue.report.fidelity import fidelity_page
from mothertongue.report.figures import ItemFolder
from mothertongue.report.printed import read_averages
from mothertongue.report.score_tables import pages
from mothertongue.report.taxonomy import taxonomy_page


def main(
    *,
    scores: Path,
    about: Path,
    contrasts: Path,
    benchmarks: Path,
    claims: Path,
    variances: Path,
    folder: Path,
    confidence: float,
    averages: Path | None = None,
) -> None:
    """Write every table: of scores, of conditions compared, and of benchmarks rated.

    `averages`: averages over languages as a paper prints them (report/printed.py).
    """
    cells = open_scores(scores, about)
    found = [
        *pages(cells, read_averages(averages)),
        benchmarks_page(cells, read_claims(claims), read_records(benchmarks, Rating)),
        taxonomy_page(cells, outcomes(cells, confidence), confidence),
        fidelity_page(cells),
        noise_page(cells, read_records(variances, NoiseRow)),
        *contrast_pages(cells, read_records(contrasts, Comparison), confidence),
    ]
    made = ItemFolder(folder)
    for page in filter(None, found):
        made.add_page(page)
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            contrasts=Path(snakemake.input.contrasts),
            benchmarks=Path(snakemake.input.benchmarks),
            claims=Path(snakemake.input.claims),
            variances=Path(snakemake.input.variances),
            folder=Path(snakemake.output[0]),
            confidence=snakemake.params.confidence,
            averages=next(map(Path, snakemake.input.averages), None),
        )
