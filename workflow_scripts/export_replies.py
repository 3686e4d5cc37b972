"""Export every reply that the study holds to one parquet file (replay it with replies.replay)."""

from pathlib import Path

from mothertongue.api import Store
from mothertongue.api.replay import export_replies
from mothertongue.errors import InputError
from mothertongue.process.log import log_to


def main(*, store_file: Path, export_file: Path) -> None:
    """Write all replies of the store."""
    if not store_file.is_file():
        raise InputError(f"{store_file}: no replies are stored; no service was called yet")
    with Store(store_file) as store:
        print(f"{export_replies(store, export_file)} replies exported")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(store_file=Path(snakemake.params.store), export_file=Path(snakemake.output[0]))
