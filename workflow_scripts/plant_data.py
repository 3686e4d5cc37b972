"""Write the data of a planted effect, and the demo's study on it, into a folder of their own."""

from pathlib import Path

from mothertongue.plant.study import lay_out
from mothertongue.process.log import log_to


def main(folder: Path, demo: Path, effect: float) -> None:
    """Lay the study out in `folder`; `demo` holds the demo's own study."""
    lay_out(folder, demo, effect)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            Path(snakemake.output.study).parent,
            Path(snakemake.params.demo),
            float(snakemake.wildcards.effect),
        )
