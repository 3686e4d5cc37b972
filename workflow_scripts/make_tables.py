"""Make every table of a source: CSV, LaTeX and sortable HTML, and an index for the report."""

from pathlib import Path

from mothertongue.correlate.averages import open_cells
from mothertongue.correlate.claims import read_claims
from mothertongue.process.log import log_to
from mothertongue.report.evidence import evidence_pages
from mothertongue.report.figures import ItemFolder
from mothertongue.report.notice import noise_page, notice_page, rows_of
from mothertongue.report.printed import read_averages
from mothertongue.report.tables import pages
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
    cells = open_cells(scores, about)
    found = [
        *pages(cells, read_averages(averages)),
        notice_page(cells, read_claims(claims), rows_of(benchmarks)),
        taxonomy_page(cells, confidence),
        noise_page(cells, rows_of(variances)),
        *evidence_pages(cells, rows_of(contrasts), confidence),
    ]
    made = ItemFolder(folder, cells.about)
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
