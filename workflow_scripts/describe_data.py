"""Show what the training sets are like: one page of the report."""

from pathlib import Path
from typing import Any

from mothertongue.correlate.facts import Facts
from mothertongue.files import read_json
from mothertongue.process.log import log_to
from mothertongue.report.data import DataSet, data_page
from mothertongue.report.figures import ItemFolder


def main(
    *,
    measured: list[Path],
    sets: list[dict[str, Any]],
    about: dict[str, Any],
    folder: Path,
) -> None:
    """Write the page. `sets`: data, scope, licence and reports of every file in `measured`."""
    facts = Facts.read(about)
    found = [
        made
        for path, entry in zip(measured, sets, strict=True)
        for made in DataSet.of(entry, read_json(path))
    ]
    made = ItemFolder(folder)
    made.add_page(data_page(found, facts))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            measured=[Path(path) for path in snakemake.input.measured],
            sets=snakemake.params.sets,
            about=snakemake.params.about,
            folder=Path(snakemake.output[0]),
        )
