"""Look for a benchmark's test items in the training sets of a language.

A training row holds an item when it holds most character 13-grams of the item's question or of its passage
(`mothertongue.sample.contamination`). Writes, per training set, how many items and rows that are, and examples.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mothertongue.evaluate.data import load
from mothertongue.evaluate.pack import words_of
from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.sample.contamination import TestItems
from mothertongue.sample.rows import Row, read_rows
from mothertongue.study.tasks import read_task

EXAMPLES = 5  # per training set
SHOWN = 200  # characters of an example
PARTS = {  # family -> fields of an item that a row could hold, whatever the options are
    "choice": ("question", "context"),
    "short-answer": ("question", "context"),
    "number": ("question",),
    "text": ("instruction", "output"),
}


def read_items(
    task: str,
    tasks: Path,
    language: str,
    files: list[str],
    hub: Mapping[str, Any] | None,
    lock: Path,
) -> tuple[str, list[dict[str, Any]]]:
    """The family of a task, and its test items in a language, as an evaluation reads them."""
    content = read_task(task, tasks)
    metadata = dict(content["metadata"])
    if hub and hub.get("hub"):
        test = {"path": hub["hub"], "split": hub.get("split") or "test"}
        test |= {key: hub.get(key) for key in ("name", "revision")}
        metadata["hub"] = {**metadata.get("hub", {}), "test": test}
    words = {**metadata.get("languages", {}), language: words_of(content, language)}
    options = {**metadata, "languages": words, "language": language, "files": files or None}
    found = load(**{**options, "lock": str(lock), "missing": "drop"})
    return metadata["family"], found["test"].to_list()


def search(items: Mapping[str, TestItems], rows: list[Row]) -> dict[str, Any]:
    """What one training set holds of the items; `items` are the texts by field."""
    texts = [(row.id, "\n".join(row.content)) for row in rows]
    by_row = {row.id: row for row in rows}
    held: Counter[str] = Counter()
    holding: set[str] = set()
    examples = []
    for field, index in items.items():
        for overlap in index.overlaps(texts):
            held[overlap.item] += 1
            holding.add(overlap.row)
            if len(examples) < EXAMPLES and overlap.item not in {e["item"] for e in examples}:
                examples.append(
                    {
                        "item": overlap.item,
                        "row": overlap.row,
                        "field": field,
                        "share": round(overlap.share, 3),
                        "text": by_row[overlap.row].instruction[:SHOWN],
                    }
                )
    return {
        "rows": len(rows),
        "items_held": sorted(held),
        "rows_that_hold": sorted(holding),
        "examples": examples,
    }


def main(
    *,
    task: str,
    tasks: Path,
    language: str,
    files: list[str],
    hub: Mapping[str, Any] | None,
    lock: Path,
    sets: Mapping[str, Path],
    output: Path,
) -> None:
    """Search the training sets (name -> dataset file) for the items of one benchmark."""
    family, items = read_items(task, tasks, language, files, hub, lock)
    texts = {
        field: TestItems({item["id"]: item[field] for item in items if item.get(field)})
        for field in PARTS[family]
    }
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
            tasks=Path(snakemake.params.tasks),
            language=snakemake.wildcards.language,
            files=snakemake.params.files,
            hub=snakemake.params.task["hub"],
            lock=Path(snakemake.params.lock),
            sets=dict(zip(snakemake.params.sets, map(Path, snakemake.input.sets), strict=True)),
            output=Path(snakemake.output.found),
        )
