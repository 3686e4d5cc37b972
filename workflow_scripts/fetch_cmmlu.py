"""Fetch CMMLU's archive from the hub at its pinned revision and convert it to two tables.

The hub's dataset is a loading script, which the datasets library no longer runs; the archive holds
one CSV per subject and split (Li et al. 2023, https://huggingface.co/datasets/lmlmcat/cmmlu).
"""

import zipfile
from pathlib import Path, PurePosixPath

from mothertongue import hub
from mothertongue.errors import InputError
from mothertongue.files import atomic
from mothertongue.process.log import log_to

COLUMNS = ["Question", "A", "B", "C", "D", "Answer"]


def read_split(archive: Path, split: str):
    """All subjects of one split (`dev` or `test`): polars frame of COLUMNS and `subject`."""
    import polars as pl

    frames = []
    with zipfile.ZipFile(archive) as content:
        for name in sorted(content.namelist()):
            path = PurePosixPath(name)
            if path.suffix != ".csv" or path.parent.name != split:
                continue
            frame = pl.read_csv(content.read(name), infer_schema=False)
            missing = [column for column in COLUMNS if column not in frame.columns]
            if missing:
                raise InputError(f"{archive}: {name} has no column {', '.join(missing)}")
            frames.append(frame.select(COLUMNS).with_columns(subject=pl.lit(path.stem)))
    if not frames:
        raise InputError(f"{archive}: no {split}/*.csv inside; is it CMMLU's archive?")
    return pl.concat(frames)


def download(archive: dict[str, str], lock: hub.Lock) -> Path:
    """The archive in the hub's cache. Raises InputError if it cannot be reached."""
    name, asked = archive["path"], archive["revision"]
    try:
        commit = hub.commit_of(lock, "dataset", name, asked)
        return hub.fetch("dataset", name, commit, archive["file"])
    except Exception as error:  # the hub's client raises many kinds
        raise InputError(
            f"{hub.explained(error, name, asked, archive['file'], kind='dataset')}; or name local"
            " files under evaluate.benchmarks.<name>.dataset.path and demonstrations"
        ) from None


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
