"""Test items that stand in training sets: a page with one row per benchmark, language and training set."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..correlate.averages import Cells
from ..files import read_json
from . import categories
from .table import Column, Mark, Page, Table

WORTH = 0.01  # share of a test's items from which the page's first line warns


@dataclass(frozen=True, slots=True)
class Found:
    """What one training set holds of one benchmark in one language (script find_contamination)."""

    benchmark: str
    language: str
    data: str
    scope: str
    rows: int
    rows_that_hold: int
    judged: int
    items_held: int
    example: str

    @property
    def share(self) -> float:
        """Share of the items that could be judged."""
        return self.items_held / self.judged if self.judged else 0.0


def read_found(paths: Iterable[Path]) -> list[Found]:
    """The files of script find_contamination, `{benchmark}/{language}.json`."""
    return [one for path in paths for one in _of_file(path.parent.name, read_json(path))]


def _of_file(benchmark: str, content: dict[str, Any]) -> Iterable[Found]:
    for name, found in content["sets"].items():
        data, _, scope = name.partition("/")
        examples = found["examples"]
        yield Found(
            benchmark,
            content["language"],
            data,
            scope,
            found["rows"],
            len(found["rows_that_hold"]),
            content["judged"],
            len(found["items_held"]),
            examples[0]["text"] if examples else "",
        )


def contamination_page(found: list[Found], cells: Cells) -> Page:
    """Every benchmark, language and training set that was searched."""
    table = Table(
        "contamination",
        "Test items whose question or passage stands in a training set",
        [
            Column("Benchmark"),
            Column("Language"),
            Column("Training set"),
            Column("judged", "items", 0, "items long enough to be told from everyday phrases"),
            Column("in the set", "items", 0),
            Column("%", "items", 1),
            Column("in the set", "rows", 0),
            Column("that hold one", "rows", 0),
        ],
        keys=3,
        notes=[
            "An item is in a set when one row holds 60 % or more of the character 13-grams of its question or"
            " of its passage (80 % where there are fewer than 20)."
        ],
    )
    for one in found:
        table.rows.append(
            [
                cells.label("benchmarks", one.benchmark),
                cells.language_label(one.language),
                cells.label("data", one.data) + " (multilingual)" * (one.scope == "multi"),
                one.judged,
                Mark(one.items_held, bold=one.share >= WORTH, hint=one.example),
                100 * one.share if one.judged else None,
                one.rows,
                one.rows_that_hold,
            ]
        )
    seen = [one for one in found if one.share >= WORTH]
    told = "; ".join(
        f"{cells.label('data', one.data)} holds {one.items_held:,} of {one.judged:,} items of"
        f" {cells.label('benchmarks', one.benchmark)} in {cells.language_label(one.language)}"
        for one in sorted(seen, key=lambda one: -one.share)[:3]
    )
    main, topic = categories.category(cells.about, categories.PROVENANCE)
    languages = sorted({one.language for one in found})
    return Page(
        "",
        "contamination",
        "Test items in training sets",
        "Was a model trained on what it is tested on?",
        f"{told}. A gap on these items may be memory."
        if told
        else "No test is affected by 1 % or more.",
        f"n: {len(found)} pairs of a benchmark and a training set. Metric: items and rows.",
        main,
        topic or "Training data",
        {"item": "Test items in training sets", "languages": ", ".join(languages)},
        [table],
    )
