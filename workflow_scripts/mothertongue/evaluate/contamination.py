"""Search training sets for the items of a benchmark."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..evaluate.data import load
from ..evaluate.fields import optional
from ..evaluate.identity import PASSAGES
from ..evaluate.pack import words_of
from ..sample.contamination import TestItems
from ..sample.rows import Row
from ..study.tasks import FAMILY, Places, read_task, split_places

EXAMPLES = 5  # per training set
SHOWN = 200  # characters of an example
PARTS = {  # family -> fields of an item that a row could hold, whatever the options are
    "choice": ("question", "context"),
    "cloze": ("question", "context"),
    FAMILY: ("question", "context"),
    "short-answer": ("question", "context"),
    "number": ("question",),
    "text": ("instruction", "output"),
}


def read_items(
    task: str,
    tasks: Places,
    language: str,
    files: list[str],
    hub: Mapping[str, Any] | None,
    lock: Path,
) -> tuple[str, list[dict[str, Any]]]:
    """The family of a task, and its test items in a language, as an evaluation reads them."""
    content = read_task(task, tasks)
    metadata = dict(content["metadata"])
    if metadata["family"] == FAMILY:
        from . import harness

        asked = harness.Asked(language, files, hub=hub, lock=lock, shots=0)
        loaded = harness.load(task, split_places(tasks)[1], asked)
        return FAMILY, [
            {
                "id": f"{name}/{number}",
                "question": harness.query(made, doc),
                "context": optional(doc, *PASSAGES),
            }
            for name, made in loaded["tasks"].items()
            for number, doc in enumerate(made.eval_docs)
        ]
    if hub and hub.get("hub"):
        test = {"path": hub["hub"], "split": hub.get("split") or "test"}
        test |= {key: hub.get(key) for key in ("name", "revision")}
        metadata["hub"] = {**metadata.get("hub", {}), "test": test}
    words = {**metadata.get("languages", {}), language: words_of(content, language)}
    options = {**metadata, "languages": words, "language": language, "files": files or None}
    found = load(**{**options, "lock": str(lock), "missing": "drop"})
    return metadata["family"], found["test"].to_list()


@dataclass(frozen=True, slots=True)
class Test:
    """A benchmark whose items no training row should hold. `files`: none where the hub is read."""

    benchmark: str
    task: str
    language: str
    files: list[str]
    hub: Mapping[str, Any] | None

    __test__ = False  # no test of pytest's

    def index(self, tasks: Places, lock: Path) -> dict[str, TestItems]:
        """Its items' texts by field, to be looked up."""
        family, items = read_items(self.task, tasks, self.language, self.files, self.hub, lock)
        return texts_of(family, items)


def texts_of(family: str, items: Sequence[Mapping[str, Any]]) -> dict[str, TestItems]:
    """The texts of items by field."""
    return {
        field: TestItems({item["id"]: item[field] for item in items if item.get(field)})
        for field in PARTS[family]
    }


@dataclass(frozen=True, slots=True)
class Decontamination:
    """Tests whose items are to be kept out of training rows."""

    tests: tuple[Test, ...]
    tasks: Places
    lock: Path

    @classmethod
    def of(
        cls, params: Mapping[str, Any] | None, files: Sequence[str] | str | None
    ) -> "Decontamination | None":
        """From a rule's parameter, and its input `tests`: the files of one benchmark after another."""
        if not params:
            return None
        paths = iter([files] if isinstance(files, str) else files or [])
        tests = tuple(
            Test(
                one["benchmark"],
                one["name"],
                one["language"],
                [next(paths) for _ in range(one["files"])],
                one["hub"],
            )
            for one in params["tests"]
        )
        return cls(tests, params["tasks_folder"], Path(params["lock"]))

    def held(self, rows: list[Row]) -> dict[str, set[str]]:
        """Ids of the rows that hold an item, by benchmark."""
        return {
            test.benchmark: set(search(test.index(self.tasks, self.lock), rows)["rows_that_hold"])
            for test in self.tests
        }


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
