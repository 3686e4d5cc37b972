"""Draw the native-translated gap in ratings by every judge (the paper's Figure 3 finding).

One panel per question set and language; a point per model and judge with its interval. Whether two
judges differ is tested in the table of judges, not seen from the side of zero.
"""

from pathlib import Path

from mothertongue.judge.labels import with_warnings
from mothertongue.process.log import log_to
from mothertongue.report.judge_figure import draw_gaps


def main(*, gaps: Path, figure: Path, labels: dict[str, dict[str, str]]) -> None:
    """Write an SVG figure; an empty table gives a figure that says so."""
    draw_gaps(gaps, figure, labels)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            gaps=Path(snakemake.input.gaps),
            figure=Path(snakemake.output.figure),
            labels=with_warnings(snakemake.params.labels, snakemake.input.warned),
        )
