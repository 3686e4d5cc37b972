"""What the training sets are like: a page with one row per set and language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..correlate.facts import Facts
from ..scores import MULTI
from . import categories
from .captions import plural
from .contamination import WORTH, Found
from .table import Column, Field, Mark, Page, tabulate

SHARE = 0.01  # of rows in another language from which the page's first line says so
SHOWN = 3  # sets that the first line names


@dataclass(frozen=True, slots=True)
class DataSet:
    """One training set in one language, as `translate.measures` measured it."""

    data: str
    scope: str
    licence: str | None
    measures: Mapping[str, Any]
    found: tuple[Found, ...] = ()  # of each benchmark in this language

    @classmethod
    def of(
        cls,
        entry: Mapping[str, Any],
        measured: Sequence[Mapping[str, Any]],
        found: Sequence[Found] = (),
    ) -> "Iterator[DataSet]":
        """Every language of a measured set, with the test items that were found in it."""
        data, scope = entry["data"], entry["scope"]
        for one in measured:
            here = (data, scope, one["language"])
            held = tuple(f for f in found if (f.data, f.scope, f.language) == here)
            yield cls(data, scope, entry["licence"], one, held)

    @property
    def test_items(self) -> int | None:
        """Test items of this language that stand in the set; None where no benchmark was searched."""
        return sum(one.items_held for one in self.found) if self.found else None

    @property
    def elsewhere(self) -> int:
        """Rows that are in another language."""
        return sum(self.measures["other"].values())

    @property
    def share(self) -> float:
        """Share of the rows looked at that are in another language."""
        return self.elsewhere / max(1, int(self.measures["looked_at"]))


def _named(one: DataSet, facts: Facts) -> str:
    return facts.data_label(one.data) + " (multilingual)" * (one.scope == MULTI)


def _languages(one: DataSet, facts: Facts) -> str:
    return ", ".join(
        f"{facts.language(code)} {number}"
        for code, number in list(one.measures["other"].items())[:4]
    )


def data_page(found: Sequence[DataSet], facts: Facts) -> Page:
    """Every training set of the study."""

    def length(field: str, part: str) -> Field[DataSet]:
        label = {"median": "median", "ninety": "90 %"}[part]
        hint = "" if part == "median" else "nine of ten are shorter"
        return Field(
            Column(label, f"{field}, characters", 0, hint),
            lambda one: one.measures[field][part],
        )

    fields: list[Field[DataSet]] = [
        Field(Column("Training set"), lambda one: _named(one, facts)),
        Field(Column("Language"), lambda one: facts.language(one.measures["language"])),
        Field(Column("rows", "", 0), lambda one: one.measures["rows"]),
        Field(
            Column("several turns", "rows", 0), lambda one: one.measures["several_turns"] or None
        ),
        Field(Column("system message", "rows", 0), lambda one: one.measures["system"] or None),
        Field(Column("exact duplicates", "rows", 0), lambda one: one.measures["duplicates"]),
        *(
            length(field, part)
            for field in ("instruction", "output")
            for part in ("median", "ninety")
        ),
        Field(
            Column(
                "in another language", "% of rows", 1, "of at most 1,000 rows of a set and language"
            ),
            lambda one: Mark(
                100 * one.share,
                bold=one.share >= SHARE,
                hint="; ".join(one.measures["examples"]),
            ),
        ),
        Field(Column("which", "rows"), lambda one: _languages(one, facts) or None),
        Field(
            Column("test items", "in the set", 0, "of the study's benchmarks in this language"),
            lambda one: (
                Mark(
                    one.test_items,
                    bold=any(f.share >= WORTH for f in one.found),
                    hint="; ".join(
                        f"{facts.benchmark(f.benchmark).label}: {f.items_held:,} of {f.judged:,}"
                        for f in one.found
                        if f.items_held
                    ),
                )
                if one.found
                else None
            ),
        ),
        Field(Column("Licence"), lambda one: one.licence or "not stated"),
    ]
    table = tabulate("data", "Training sets", fields, found, keys=2)
    table.notes.append(
        "A row is in another language if the identifiers of the translation checks say so of all its texts"
        " together; short texts, names, numbers and code are not judged. The page 'Test items in training sets'"
        " says which test items were found; the page on training costs counts tokens by each model's tokenizer."
    )
    worst = sorted((one for one in found if one.share >= SHARE), key=lambda one: -one.share)
    told = "; ".join(
        f"{100 * one.share:.1f} % of the rows of '{_named(one, facts)}' in"
        f" {facts.language(one.measures['language'])} are in another language"
        for one in worst[:SHOWN]
    )
    more = f"; and {len(worst) - SHOWN} more sets" if len(worst) > SHOWN else ""
    languages = sorted({one.measures["language"] for one in found})
    return Page(
        "",
        "data",
        "Training sets",
        "What was trained on?",
        f"{told}{more}." if told else "No set has 1 % or more of its rows in another language.",
        f"n: {plural(len(found), 'training set')}, counted by language. Metric: rows and characters."
        " Seeds: every seed trains on the same rows.",
        *categories.category(facts, categories.PROVENANCE, "Training data"),
        {"item": "Training sets", "languages": ", ".join(languages)},
        [table.without_empty()],
    )
