"""CMMLU's archive on the hub: its download, and a split of it as one table."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .. import hub
from ..errors import InputError

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ["Question", "A", "B", "C", "D", "Answer"]


def read_split(archive: Path, split: str) -> "pl.DataFrame":
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
        commit = hub.commit_of(lock, "dataset", name, asked) or asked
        return hub.fetch("dataset", name, commit, archive["file"])
    except Exception as error:  # the hub's client raises many kinds
        raise InputError(
            f"{hub.explained(error, name, asked, archive['file'], kind='dataset')}; or name local"
            " files under evaluate.benchmarks.<name>.dataset.path and demonstrations"
        ) from None
