"""List where a study's numbers come from: configuration, versions, revisions, hashes, costs."""

from pathlib import Path
from typing import Any

from mothertongue.correlate.facts import Facts
from mothertongue.process.log import log_to
from mothertongue.report import provenance as made_of
from mothertongue.report.categories import PROVENANCE, category
from mothertongue.report.configuration import (
    CHOICES,
    DEFAULTS,
    config_page,
    departing,
    prompts_used,
)
from mothertongue.report.departures import departures_table
from mothertongue.report.figures import ItemFolder
from mothertongue.report.first_looks import SPENT, spent_page
from mothertongue.report.provenance_files import (
    read_accounts,
    read_adapters,
    read_answered,
    read_jobs,
    read_scored,
)
from mothertongue.report.register import read_departures
from mothertongue.report.sections import TOPIC
from mothertongue.report.table import Page, Table

QUESTION = "Which data, models, software and money stand behind the numbers?"
LOOK = "More than one version, revision or device in a cell: results were not made alike."


def main(
    *,
    adapters: list[Path],
    evaluations: list[Path],
    answers: list[Path],
    translations: list[Path],
    departures: Path,
    config: dict[str, Any],
    about: dict[str, Any],
    tools: dict[str, str],
    store: Path,
    benchmarks: Path,
    folder: Path,
) -> None:
    """Write the provenance page and the configuration."""
    facts = Facts.read(about)
    runs = read_adapters(adapters)
    scored = read_scored(evaluations)
    labels = {name: entry.label for name, entry in facts.data.items()}
    versions = {
        "fine-tuning": [run.versions for run in runs],
        "evaluation": [one.versions for one in scored],
    }
    jobs, accounts = read_jobs(benchmarks), read_accounts(store)
    departed = departures_table(read_departures(departures), departing(facts))
    tables: list[Table | None] = [
        made_of.software_table(versions, tools),
        made_of.model_table(runs, scored, read_answered(answers), facts),
        made_of.time_table(jobs, runs),
        made_of.spending_table(accounts),
        made_of.test_table(scored, facts),
        made_of.translation_table(translations, labels),
        made_of.adapter_table(runs),
        made_of.prompt_table(prompts_used(config)),
        departed,
    ]
    told = (
        f"n: {len(runs):,} adapters, {len(scored):,} evaluations, {len(translations):,} translated"
        f" sets. Metric: none. Seeds: {', '.join(map(str, config['finetune']['seeds']))}."
    )
    notes = [] if tables[3] else ["No service was asked, so no money was spent on one."]
    where = category(facts, PROVENANCE, "Provenance")
    page = Page(
        "",
        "provenance",
        "Where the numbers come from",
        QUESTION,
        LOOK,
        told,
        *where,
        {"item": "Provenance: versions, revisions, hashes, costs", "languages": "all"},
        [table.without_empty() for table in tables if table and table.rows],
        notes,
    )
    made = ItemFolder(folder)
    made.write(
        "spent.html",
        spent_page(jobs, runs, accounts, versions, len(departed.rows) if departed else 0),
    )
    look = {"item": TOPIC, "languages": "all"}
    made.enter("spent.html", category(facts, PROVENANCE, TOPIC), look, f"{SPENT} {told}")
    made.add_page(page)
    made.write("configuration.html", config_page(config, told))
    caption = f"{CHOICES} {DEFAULTS} {told}"
    words = {"item": "Configuration", "languages": "all"}
    made.enter("configuration.html", where, words, caption)
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            adapters=[Path(path) for path in snakemake.input.adapters],
            evaluations=[Path(path) for path in snakemake.input.evaluations],
            answers=[Path(path) for path in snakemake.input.answers],
            translations=[Path(path) for path in snakemake.input.translations],
            departures=Path(snakemake.input.departures),
            config=snakemake.params.study,
            about=snakemake.params.about,
            tools=snakemake.params.tools,
            store=Path(snakemake.params.store),
            benchmarks=Path(snakemake.params.benchmarks),
            folder=Path(snakemake.output[0]),
        )
