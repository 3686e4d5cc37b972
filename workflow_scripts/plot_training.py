"""Draw the learning curves of every run as one figure; list what each was trained on."""

from pathlib import Path
from typing import Any

from mothertongue.process.log import log_to
from mothertongue.report.categories import PROVENANCE, category
from mothertongue.report.figures import ItemFolder
from mothertongue.report.tables import plural
from mothertongue.report.training import (
    LOOK,
    QUESTION,
    costs_page,
    curves_page,
    draw_curves,
    places,
    read_runs,
)


def main(
    *, histories: list[Path], provenances: list[Path], about: dict[str, Any], folder: Path
) -> None:
    """Write figure, interactive figure and tables; nothing but the index without a run."""
    runs = read_runs(histories, provenances)
    made = ItemFolder(folder, about)
    if runs:
        scopes = places(runs, "scope", [*about["languages"], "multi"])
        facts = (
            f"n: {plural(len(runs), 'run')}; metric: perplexity per output token on held-out rows."
            f" Seeds: {', '.join(str(seed) for seed in sorted({run['seed'] for run in runs}))}."
        )
        main, topic = category(about, PROVENANCE)
        made.add(
            "learning-curves",
            draw_curves(runs, about),
            category=(main, topic or "Training"),
            labels={"item": "Learning curves of every run", "languages": ", ".join(scopes)},
            caption=f"{QUESTION} {LOOK} {facts}",
            page=curves_page(runs, about, facts),
        )
        made.add_page(costs_page(runs, about))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            histories=[Path(path) for path in snakemake.input.histories],
            provenances=[Path(path) for path in snakemake.input.provenances],
            about=snakemake.params.about,
            folder=Path(snakemake.output[0]),
        )
