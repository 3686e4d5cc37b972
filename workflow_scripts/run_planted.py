"""Run a planted study in its own folder, and make its report; the log holds what Snakemake says."""

import subprocess
import sys
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.process.log import log_to


def main(folder: Path, snakefile: Path, cores: int) -> None:
    """Two runs of Snakemake in `folder`: the study, then its report."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile)]
    # Two runs never share this folder: the run that started this one holds the lock of its report.
    command += [
        "--configfile",
        "study.yaml",
        "--cores",
        str(cores),
        "--nolock",
        "--rerun-incomplete",
    ]
    for more in ([], ["--report", "report.html"]):
        done = subprocess.run([*command, *more], cwd=folder, stdout=sys.stdout, stderr=sys.stderr)
        if done.returncode:
            raise InputError(
                f"{folder}: the planted study did not finish; its lines are in the log"
            )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            Path(snakemake.output.report).parent,
            Path(snakemake.params.snakefile).resolve(),
            snakemake.threads,
        )
