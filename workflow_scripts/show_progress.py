"""Print which cells of a study's grid are done, running, failed or to do (no model library).

    snakemake progress --nolock --cores 1 --quiet all [--configfile studies/paper.yaml]
    python workflow_scripts/show_progress.py [studies/paper.yaml]     the same, sooner

Reads the names of files only, so it works beside a running study. *done*: the output is there;
*running*: Snakemake has started or submitted the job and still holds the study's lock; *failed*:
there is a log but no output, as after an error or a cut; *to do*: the rest.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mothertongue.study.progress import cells, matrix, read_file, started_outputs, state

if TYPE_CHECKING:
    from mothertongue.study import Study


def main(*, study: "Study", results: str, logs: str, persistence: Path) -> None:
    """Print the matrix of a study."""
    started = started_outputs(persistence)
    print(matrix({cell: state(cell, started) for cell in cells(study, results, logs)}))


if "snakemake" in globals():
    from mothertongue.process.tee import copied_to
    from mothertongue.study import Study

    with copied_to(snakemake.log[0]):
        main(
            study=Study(snakemake.params.study),
            results=snakemake.params.results,
            logs=snakemake.params.logs,
            persistence=Path(".snakemake"),
        )
elif __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configfile", type=Path, nargs="?", default=Path("config.yaml"))
    main(
        study=read_file(parser.parse_args().configfile),
        results="results",
        logs="logs",
        persistence=Path(".snakemake"),
    )
