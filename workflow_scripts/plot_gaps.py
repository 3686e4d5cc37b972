"""Draw the gap against the native score, one panel per test (paper: Figure 4)."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.correlate.gap_correlation import Correlation, Gap
from mothertongue.correlate.records import read_records
from mothertongue.process.log import log_to
from mothertongue.report.figures import ItemFolder
from mothertongue.report.gap_figure import add_gap_figure, panels_of


def main(*, scores: Path, about: Path, gaps: Path, correlations: Path, folder: Path) -> None:
    """Draw the figure and its interactive version; nothing but the index without a gap."""
    cells = open_scores(scores, about)
    panels = panels_of(cells, read_records(gaps, Gap), read_records(correlations, Correlation))
    made = ItemFolder(folder)
    if panels:
        add_gap_figure(made, cells, panels)
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            gaps=Path(snakemake.input.gaps),
            correlations=Path(snakemake.input.correlations),
            folder=Path(snakemake.output[0]),
        )
