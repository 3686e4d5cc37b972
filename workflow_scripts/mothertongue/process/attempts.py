"""Results that an earlier attempt of a shared SLURM job had finished.

Jobs of a group fail together: Snakemake then removes the outputs of all of them, of finished ones too, and
its next attempt runs all of them again. A finished result is therefore linked below a folder of the
run, which no rule declares: the next attempt puts it back, and so does the end of a run that failed
for good (rules/cluster.smk), so that the following run makes only what is missing. The folder has
the id of the run, so that another run, of other settings perhaps, takes nothing from it.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

RUN = "MOTHERTONGUE_RUN"  # environment variable of the jobs of a group: the id of the run


def finished_once(
    outputs: Sequence[str], results: str, folder: str, make: Callable[[], None]
) -> None:
    """Make the outputs of a job, or put back those of an earlier attempt in the same run.

    The outputs lie below `results`; `folder`, below it too, holds what is kept.
    """
    run = os.environ.get(RUN)
    if not run:
        make()
        return
    kept = {Path(path): Path(folder, run, Path(path).relative_to(results)) for path in outputs}
    if all(copy.is_file() for copy in kept.values()):
        for path, copy in kept.items():
            _link(copy, path)
        print("finished by an earlier attempt of this job, and put back: no model is needed")
        return
    make()
    for path, copy in kept.items():
        _link(path, copy)


def put_back(results: str, folder: str) -> list[Path]:
    """At the end of a run that failed: what it had finished and Snakemake removed. Returns the files."""
    kept = {copy: copy.relative_to(folder).parts[1:] for copy in Path(folder).glob("*/**/*")}
    missing = {copy: Path(results, *parts) for copy, parts in kept.items() if copy.is_file()}
    missing = {copy: path for copy, path in missing.items() if not path.exists()}
    for copy, path in missing.items():
        _link(copy, path)
    return list(missing.values())


def forget(folder: str) -> None:
    """At the start of a run, and at its end."""
    shutil.rmtree(folder, ignore_errors=True)


def _link(path: Path, to: Path) -> None:
    """The same file under another name, with its time; a copy where the file system has no links."""
    to.parent.mkdir(parents=True, exist_ok=True)
    temporary = to.with_name(f".{to.name}.{os.getpid()}.tmp")
    try:
        try:
            os.link(path, temporary)
        except OSError:
            shutil.copy2(path, temporary)
        os.replace(temporary, to)
    finally:
        temporary.unlink(missing_ok=True)
