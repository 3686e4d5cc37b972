"""Measure one training set: rows, turns, lengths, exact duplicates, languages of its rows."""

from pathlib import Path

from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.sample.rows import read_rows
from mothertongue.translate.measures import measures


def main(*, dataset: Path, measured: Path) -> None:
    """Write a JSON list with an object per language of the set."""
    found = measures(read_rows(dataset))
    write_json(measured, [one.as_json() for one in found])
    for one in found:
        print(
            f"{one.language}: {one.rows} rows, {sum(one.other.values())} of {one.looked_at} looked at in"
            " another language"
        )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            dataset=Path(snakemake.input.dataset),
            measured=Path(snakemake.output.measured),
        )
