"""Print whether a bundle is whole and its tables follow from its scores by item, or what differs."""

import sys
from pathlib import Path

from mothertongue.bundle.verify import Recomputing, verify
from mothertongue.errors import InputError


def main(*, folder: Path, root: Path, work: Recomputing, cores: int) -> bool:
    """Print the verdict; returns whether all is identical."""
    try:
        verdict = verify(folder, root, work, cores)
    except InputError as error:
        print(f"Error: {error}")
        return False
    print("\n".join(f"{folder}: {line}" for line in verdict.lines()))
    return verdict.identical


if "snakemake" in globals():
    from mothertongue.process.tee import copied_to

    with copied_to(snakemake.log[0]):
        same = main(
            folder=Path(snakemake.params.folder),
            root=Path(snakemake.params.root),
            work=snakemake.params.work,
            cores=snakemake.threads,
        )
    if not same:
        sys.exit(1)
