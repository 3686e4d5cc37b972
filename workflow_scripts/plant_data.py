"""Write the data of a planted effect, and the demo's study on it, into a folder of their own."""

from pathlib import Path

from mothertongue.plant.study import lay_out
from mothertongue.process.log import log_to

if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        lay_out(
            Path(snakemake.output.study).parent,
            Path(snakemake.params.demo),
            float(snakemake.wildcards.effect),
        )
