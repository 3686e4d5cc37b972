"""Write every evaluation of a study as an Every Eval Ever record (schema 0.3.0).

records/data/{benchmark}/{developer}/{model}/{id}.json            one evaluation, a result per metric
records/data/{benchmark}/{developer}/{model}/{id}_samples.jsonl   a row per item and metric
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from mothertongue.collect.every_eval import write_record
from mothertongue.process.log import log_to


def main(*, scores: Iterable[Path], records: Path) -> None:
    """Write the records of these score files into an empty folder."""
    shutil.rmtree(records, ignore_errors=True)
    written = [write_record(score, records) for score in scores]
    print(f"{len(written)} records in {records}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(scores=map(Path, snakemake.input.scores), records=Path(snakemake.output[0]))
