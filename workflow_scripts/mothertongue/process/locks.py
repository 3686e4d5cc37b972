"""Keep the locks of a running Snakemake: another one deletes them when it ends."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError

LOOKING = ("estimate", "progress", "tasks")  # targets that are asked for beside a running study


def refuse_to_unlock(arguments: Sequence[str], records: Path) -> None:
    """Raise InputError if a run that only looks would end by deleting the locks of another run.

    Snakemake deletes all locks of a folder at the end of a run, also those of a run that goes on.
    `arguments`: the command line; `records`: the folder .snakemake.
    """
    locks = records / "locks"
    held = locks.is_dir() and any(locks.iterdir())
    target = next((name for name in LOOKING if name in arguments), None)
    if held and target and not {"--nolock", "--unlock"} & set(arguments):
        raise InputError(
            f"a run holds this folder, and Snakemake would delete its locks; add --nolock"
            f" (snakemake {target} --nolock …), or run snakemake --unlock if no run goes on"
        )
