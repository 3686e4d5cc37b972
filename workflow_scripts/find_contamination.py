"""Look for a benchmark's test items in the training sets of a language.

A training row holds an item when it holds most character 13-grams of the item's question or of its passage
(`mothertongue.sample.contamination`). Writes, per training set, how many items and rows that are, and examples.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mothertongue.evaluate.contamination import read_items, search, texts_of
from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.sample.rows import read_rows
from mothertongue.study.tasks import Places


def main(
    *,
    task: str,
    tasks: Places,
    language: str,
    files: list[str],
    hub: Mapping[str, Any] | None,
    lock: Path,
    sets: Mapping[str, Path],
    output: Path,
) -> None:
    """Search the training sets (name -> dataset file) for the items of one benchmark."""
    family, items = read_items(task, tasks, language, files, hub, lock)
    texts = texts_of(family, items)
    judged = {name for index in texts.values() for name in set(index.names) - set(index.too_short)}
    found = {name: search(texts, read_rows(path)) for name, path in sets.items()}
    write_json(
        output,
        {
            "task": task,
            "language": language,
            "items": len(items),
            "judged": len(judged),
            "sets": found,
        },
    )
    for name, one in found.items():
        print(
            f"{name}: {len(one['rows_that_hold'])} of {one['rows']} rows hold"
            f" {len(one['items_held'])} of {len(judged)} items"
        )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            task=snakemake.params.task["name"],
            tasks=snakemake.params.tasks,
            language=snakemake.wildcards.language,
            files=snakemake.params.files,
            hub=snakemake.params.task["hub"],
            lock=Path(snakemake.params.lock),
            sets=dict(zip(snakemake.params.sets, map(Path, snakemake.input.sets), strict=True)),
            output=Path(snakemake.output.found),
        )
