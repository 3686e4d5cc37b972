"""List the test items that stand in training sets: one page of the report."""

from pathlib import Path
from typing import Any

from mothertongue.correlate.facts import Facts
from mothertongue.process.log import log_to
from mothertongue.report.contamination import contamination_page, read_found
from mothertongue.report.figures import ItemFolder


def main(*, found: list[Path], about: dict[str, Any], folder: Path) -> None:
    """Write the page. `found`: files `{benchmark}/{language}.json` of find_contamination."""
    made = ItemFolder(folder)
    made.add_page(contamination_page(read_found(found), Facts.read(about)))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            found=[Path(path) for path in snakemake.input.found],
            about=snakemake.params.about,
            folder=Path(snakemake.output[0]),
        )
