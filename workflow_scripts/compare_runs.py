"""Compare runs of anyone's evaluation logs (`compare` of the study; docs/compare.md).

{comparison}.html   the page: verdicts, intervals, forest plot, rankings
{comparison}.json   the same as data
{comparison}.csv    one row per task, group and pair of runs
"""

from collections.abc import Sequence
from pathlib import Path

from mothertongue.compare import compare_logs
from mothertongue.process.log import log_to


def main(
    *,
    runs: Sequence[str],
    margin: float,
    metrics: Sequence[str],
    tasks: Sequence[str],
    anyway: bool,
    outputs: Sequence[Path],
) -> None:
    """Compare every run (NAME=PATH) with the first, and write all outputs."""
    from mothertongue.compare.write import write

    named = [run.partition("=") for run in runs]
    found = compare_logs(
        [path for _, _, path in named],
        names=[name for name, _, _ in named],
        margin=margin,
        metrics=metrics,
        tasks=tasks,
        anyway=anyway,
    )
    for path in outputs:
        write(path, found)
    print(f"{len(found.results)} comparisons of {', '.join(found.runs)}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            **{k: snakemake.params[k] for k in ("runs", "margin", "metrics", "tasks", "anyway")},
            outputs=[Path(path) for path in snakemake.output],
        )
