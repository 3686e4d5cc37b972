"""Tabulate what else differed between conditions: rows, answer tokens, steps, what was cut.

A gap between two conditions may come from any of these; the report shows them beside a verdict.
One line per adapter, from the provenance that fine-tuning writes; docs/results.md explains the columns.
"""

import csv
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from mothertongue.correlate.amounts import Amounts, amounts_of
from mothertongue.files import atomic, read_json
from mothertongue.process.log import log_to

COLUMNS = tuple(field.name for field in fields(Amounts))


def main(*, provenances: Iterable[Path], table: Path) -> None:
    """Write one line per adapter, in the order of `provenances`."""
    with atomic(table) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(asdict(amounts_of(read_json(path))) for path in provenances)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            provenances=[Path(path) for path in snakemake.input],
            table=Path(snakemake.output[0]),
        )
