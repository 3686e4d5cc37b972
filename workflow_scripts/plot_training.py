"""Draw the learning curves of every run as one figure; list what each was trained on."""

from pathlib import Path
from typing import Any

from mothertongue.correlate.facts import Facts
from mothertongue.process.log import log_to
from mothertongue.report.captions import plural
from mothertongue.report.categories import PROVENANCE, category
from mothertongue.report.figures import ItemFolder
from mothertongue.report.training import (
    LOOK,
    QUESTION,
    costs_page,
    curves_page,
    draw_curves,
    read_runs,
    scopes_of,
)


def main(
    *, histories: list[Path], provenances: list[Path], about: dict[str, Any], folder: Path
) -> None:
    """Write figure, interactive figure and tables; nothing but the index without a run."""
    runs = read_runs(histories, provenances)
    facts = Facts.read(about)
    made = ItemFolder(folder)
    if runs:
        scopes = scopes_of(runs, facts)
        told = (
            f"n: {plural(len(runs), 'run')}; metric: perplexity per output token on held-out rows."
            f" Seeds: {', '.join(str(seed) for seed in sorted({run.seed for run in runs}))}."
        )
        made.add(
            "learning-curves",
            draw_curves(runs, facts),
            category=category(facts, PROVENANCE, "Training"),
            labels={"item": "Learning curves of every run", "languages": ", ".join(scopes)},
            caption=f"{QUESTION} {LOOK} {told}",
            page=curves_page(runs, facts, told),
        )
        made.add_page(costs_page(runs, facts))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            histories=[Path(path) for path in snakemake.input.histories],
            provenances=[Path(path) for path in snakemake.input.provenances],
            about=snakemake.params.about,
            folder=Path(snakemake.output[0]),
        )
