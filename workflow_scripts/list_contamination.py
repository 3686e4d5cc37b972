"""List which training sets hold test items: one page of the report, from every search's result."""

from collections.abc import Iterable
from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to
from mothertongue.report.contamination import contamination_page, read_found
from mothertongue.report.figures import ItemFolder


def main(*, found: Iterable[Path], scores: Path, about: Path, folder: Path) -> None:
    """Write the page. `found`: files `{benchmark}/{language}.json` of find_contamination."""
    cells = open_scores(scores, about)
    made = ItemFolder(folder)
    made.add_page(contamination_page(read_found(found), cells))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            found=[Path(path) for path in snakemake.input.found],
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            folder=Path(snakemake.output[0]),
        )
