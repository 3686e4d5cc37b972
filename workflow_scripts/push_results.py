"""Upload an adapter, a translated set or a bundle to the hub; by default say only what would go there."""

import sys
from pathlib import Path

from mothertongue.bundle.push import DRY, Upload, gathered, listing, push
from mothertongue.errors import InputError


def main(*, upload: Upload, really: bool, what: str) -> bool:
    """Print the files; upload them if `really`. Returns whether all went well."""
    print("\n".join(listing(upload)))
    if not really:
        print(DRY)
        return True
    try:
        print(f"uploaded: {push(upload, f'{what}, by mothertongue')}")
    except InputError as error:
        print(f"Error: {error}")
        return False
    return True


if "snakemake" in globals():
    from mothertongue.process.tee import copied_to

    asked = snakemake.params.asked
    with copied_to(snakemake.log[0]):
        done = main(
            upload=Upload(
                asked["repository"],
                asked["kind"],
                gathered({name: Path(path) for name, path in asked["files"].items()}),
                asked["private"],
            ),
            really=asked["upload"],
            what=asked["what"],
        )
    if not done:
        sys.exit(1)
