"""Search training sets for the items of a benchmark."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..evaluate.data import load
from ..evaluate.pack import words_of
from ..sample.contamination import TestItems
from ..sample.rows import Row
from ..study.tasks import read_task

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
    examples: list[dict[str, Any]] = []
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
