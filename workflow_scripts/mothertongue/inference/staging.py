"""Copy a base to a node's own disk, once for all jobs of the node (`--config stage=FOLDER`).

Reading a base over a cluster's shared file system, once for every job, can take longer than the
work. With a folder to stage in, the first job of a node that needs a base copies its files there
and every job loads that copy. Jobs that come at the same time wait for it. A copy gets its name
only when it is whole, and is made anew where a file has another size than its original.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import InputError
from ..files import text_hash

FOLDER = "MOTHERTONGUE_STAGE"  # in the environment of a job: where weights are staged
NEEDED = re.compile(r".*\.(json|model|tiktoken|py|txt|jinja)")  # beside the weights
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
SPARE = 1 << 30  # bytes of the disk that stay free
OFF = "leave out `stage` to load from where the base is"


def staged(base: str, revision: str | None = None) -> tuple[str, str | None]:
    """The folder to load a base from, and its commit on the hub (None for a local folder).

    The base itself, with its revision, where the study stages nothing or the hub's cache does not
    hold it. Raises InputError where the folder cannot be written or the disk has no room.
    """
    root = os.environ.get(FOLDER)
    found = _source(base, revision) if root else None
    if not root or found is None:
        return base, revision
    source, commit = found
    files = {path.name: path.stat() for path in _needed(source)}
    sizes = {name: status.st_size for name, status in files.items()}
    facts = [str(source), *(f"{name} {s.st_size} {s.st_mtime_ns}" for name, s in files.items())]
    name = re.sub(r"[^\w.-]", "_", Path(base).name)
    folder = Path(root) / f"mothertongue-{os.getuid()}" / f"{name}-{text_hash(*facts)[:16]}"
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_whole(folder, sizes):
            with _alone(folder):
                if not _is_whole(folder, sizes):
                    _copy(source, folder, sizes)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(f"stage: {root}: weights cannot be copied there ({why}); {OFF}") from None
    return str(folder), commit


def _needed(source: Path) -> list[Path]:
    """The files that a base is loaded from; some repositories hold its weights twice."""
    weights = {WEIGHTS}
    if (source / INDEX).is_file():
        weights |= set(json.loads((source / INDEX).read_text())["weight_map"].values())
    return [
        path
        for path in sorted(source.iterdir())
        if path.is_file() and (path.name in weights or NEEDED.fullmatch(path.name))
    ]


def _source(base: str, revision: str | None) -> tuple[Path, str | None] | None:
    """The folder that holds a base, and its commit; None if it is not on this machine."""
    if Path(base).is_dir():
        return Path(base).resolve(), None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(base, "config.json", revision=revision or "main")
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    whole = (folder / WEIGHTS).is_file() or (folder / INDEX).is_file()
    return (folder, folder.name) if whole else None


def _is_whole(folder: Path, sizes: Mapping[str, int]) -> bool:
    """Whether a copy holds every file at its full size (cleaners of /tmp remove single files)."""
    try:
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a copy; it ends with this process, however it ends."""
    with folder.with_name(f"{folder.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _copy(source: Path, folder: Path, sizes: Mapping[str, int]) -> None:
    """Copy the files under another name; the folder's own name comes last. The lock is held."""
    for left in folder.parent.glob(f"{folder.name}.part*"):  # of a job that was killed
        shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    needed, free = sum(sizes.values()), shutil.disk_usage(folder.parent).free
    if free < needed + SPARE:
        raise InputError(
            f"stage: {folder.parent}: the copy of {source} takes {needed / 1e9:.1f} GB and"
            f" {SPARE / 1e9:.1f} GB are to stay free, but {free / 1e9:.1f} GB are free; remove older"
            f" copies there, or {OFF}"
        )
    part = folder.with_name(f"{folder.name}.part{os.getpid()}")
    part.mkdir(mode=0o700)
    try:
        for name, size in sizes.items():
            shutil.copyfile(source / name, part / name)
            if (part / name).stat().st_size != size:
                raise OSError(f"{name} changed while it was copied")
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    print(f"staged {source} in {folder} ({needed / 1e9:.2f} GB)", flush=True)
