"""Test items that stand in training sets: a page with one row per benchmark, language and training set."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..correlate.facts import Facts
from ..files import read_json
from ..scores import MULTI
from . import categories
from .captions import plural
from .table import Column, Field, Mark, Page, tabulate

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


def contamination_page(found: list[Found], facts: Facts) -> Page:
    """Every benchmark, language and training set that was searched."""
    fields: list[Field[Found]] = [
        Field(Column("Benchmark"), lambda one: facts.benchmark(one.benchmark).label),
        Field(Column("Language"), lambda one: facts.language(one.language)),
        Field(Column("Training set"), lambda one: set_name(one, facts)),
        Field(
            Column("judged", "items", 0, "items long enough to be told from everyday phrases"),
            lambda one: one.judged,
        ),
        Field(
            Column("in the set", "items", 0),
            lambda one: Mark(one.items_held, bold=one.share >= WORTH, hint=one.example),
        ),
        Field(Column("%", "items", 1), lambda one: 100 * one.share if one.judged else None),
        Field(Column("in the set", "rows", 0), lambda one: one.rows),
        Field(Column("that hold one", "rows", 0), lambda one: one.rows_that_hold),
    ]
    title = "Test items whose question or passage stands in a training set"
    table = tabulate("contamination", title, fields, found, keys=3)
    table.notes.append(
        "An item is in a set if one row holds at least 60 % of the character 13-grams of its question or of"
        " its passage (80 % if there are fewer than 20)."
    )
    worst = sorted((one for one in found if one.share >= WORTH), key=lambda one: -one.share)
    told = "; ".join(
        f"the set '{set_name(one, facts)}' holds {one.items_held:,} of {one.judged:,} items of"
        f" {facts.benchmark(one.benchmark).label} in {facts.language(one.language)}"
        for one in worst[:3]
    )
    languages = sorted({one.language for one in found})
    return Page(
        "",
        "contamination",
        "Test items in training sets",
        "Was a model trained on what it is tested on?",
        f"{told[:1].upper()}{told[1:]}. A score on these items may be memory."
        if told
        else "No training set holds 1 % or more of the items of a test.",
        f"n: {plural(len(found), 'pair')} of a benchmark and a training set. Metric: items and rows."
        " Seeds: every seed trains on the same rows.",
        *categories.category(facts, categories.PROVENANCE, "Training data"),
        {"item": "Test items in training sets", "languages": ", ".join(languages)},
        [table],
    )


def set_name(one: Found, facts: Facts) -> str:
    """A training set as a reader knows it."""
    return facts.data_label(one.data) + " (multilingual)" * (one.scope == MULTI)
