"""Show what the training sets are like: one page of the report."""

from pathlib import Path
from typing import Any

from mothertongue.correlate.facts import Facts
from mothertongue.files import read_json
from mothertongue.process.log import log_to
from mothertongue.report.contamination import read_found
from mothertongue.report.data import DataSet, data_page
from mothertongue.report.figures import ItemFolder


def main(
    *,
    measured: list[Path],
    found: list[Path],
    sets: list[dict[str, Any]],
    about: dict[str, Any],
    folder: Path,
) -> None:
    """Write the page. `sets`: data, scope, licence and reports of every file in `measured`.

    `found`: files `{benchmark}/{language}.json` of find_contamination.
    """
    held = read_found(found)
    rows = [
        made
        for path, entry in zip(measured, sets, strict=True)
        for made in DataSet.of(entry, read_json(path), held)
    ]
    made = ItemFolder(folder)
    made.add_page(data_page(rows, Facts.read(about)))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            measured=[Path(path) for path in snakemake.input.measured],
            found=[Path(path) for path in snakemake.input.found],
            sets=snakemake.params.sets,
            about=snakemake.params.about,
            folder=Path(snakemake.output[0]),
        )
