"""Fetch CMMLU's archive from the hub at its pinned revision and convert it to two tables.

The hub's dataset is a loading script, which the datasets library no longer runs; the archive holds
one CSV per subject and split (Li et al. 2023, https://huggingface.co/datasets/lmlmcat/cmmlu).
"""

from pathlib import Path

from mothertongue import hub
from mothertongue.evaluate.cmmlu import download, read_split
from mothertongue.files import atomic
from mothertongue.process.log import log_to


def main(*, archive: dict[str, str], lock: Path, test: Path, dev: Path) -> None:
    """Write both splits as parquet."""
    fetched = download(archive, hub.read_lock(lock))
    for split, path in (("test", test), ("dev", dev)):
        frame = read_split(fetched, split)
        with atomic(path) as temporary:
            frame.write_parquet(temporary)
        print(f"{split}: {frame.height} items of {frame['subject'].n_unique()} subjects")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            archive=snakemake.params.archive,
            lock=Path(snakemake.params.lock),
            test=Path(snakemake.output.test),
            dev=Path(snakemake.output.dev),
        )
