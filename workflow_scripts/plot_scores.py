"""Draw scores by training data: native tests, translated tests, open questions (Figures 1 to 3)."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to
from mothertongue.report.figures import ItemFolder
from mothertongue.report.score_figure import add_score_figures


def main(*, scores: Path, about: Path, folder: Path) -> None:
    """Draw the figures that the study has tests for."""
    made = ItemFolder(folder)
    add_score_figures(made, open_scores(scores, about))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            folder=Path(snakemake.output[0]),
        )
