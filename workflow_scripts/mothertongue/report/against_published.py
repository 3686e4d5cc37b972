"""Our score beside the published one, for every cell that both have, with reasons to differ."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..correlate.averages import Cells, Setting, Test, guessed_kind, metric_words
from . import categories
from .departures import departures_table, of_score, reasons_words
from .register import Departure
from .table import Column, Mark, Page, Table
from .tables import data_rows, metrics_words, plural, seeds_words


class Match(NamedTuple):
    """A cell that both studies have."""

    test: Test
    theirs: Test
    metric: str
    language: str
    model: str
    data: str
    setting: Setting
    score: float
    published: float
    reasons: tuple[str, ...]

    @property
    def difference(self) -> float:
        """Ours minus theirs."""
        return self.score - self.published


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, str]:
    """Our names -> published names, by key or else by label (case does not matter)."""

    def label(section: dict[str, Any], name: str) -> str:
        entry = section[name]
        return str(entry.get("label", name) if isinstance(entry, dict) else entry).casefold()

    by_label = {label(theirs, name): name for name in theirs}
    found = {}
    for name in ours:
        other = name if name in theirs else by_label.get(label(ours, name))
        if other is not None:
            found[name] = other
    return found


def judges_of(test: Test, mine: Cells, theirs: Cells, benchmark: str) -> list[Test]:
    """The published tests that a test is compared with: the same judge, or else every judge."""
    if test.judge is None:
        return [Test(benchmark)]
    known = same(mine.about["judges"], theirs.about["judges"])
    if test.judge in known:
        return [Test(benchmark, known[test.judge])]
    return [other for other in theirs.tests if other.benchmark == benchmark and other.judge]


def reasons_of(
    mine: Cells, theirs: Cells, ours: Test, other: Test, language: str, cell: Any
) -> tuple[str, ...]:
    """What is seen to differ between the two numbers of a test."""
    found = []
    if ours.judge is not None:
        names = mine.label("judges", ours.judge), theirs.label("judges", other.judge or "")
        if names[0].casefold() != names[1].casefold():
            found.append(f"other judge ({names[0]}, not {names[1]})")
    kinds = mine.about.get("quantisation"), theirs.about.get("quantisation")
    if None not in kinds and kinds[0] != kinds[1]:
        found.append(f"quantisation {kinds[0]}, not {kinds[1]}")
    benchmark = theirs.about["benchmarks"].get(other.benchmark, {})
    sizes = benchmark.get("sizes") or benchmark.get("items") or {}  # of the public test set
    size = sizes.get(language)
    if size and cell.n and cell.n != size:
        found.append(f"{cell.n:,} items, not {size:,}")
    if cell.seeds > 1:
        found.append(f"mean of {cell.seeds} seeds")
    return tuple(found)


def published_metric(theirs: Cells, benchmark: str, metric: str) -> str:
    """The published metric that one of ours is held against: of its name, or stated as it."""
    stated = theirs.about["benchmarks"].get(benchmark, {}).get("stated", {})
    return stated.get(metric, metric)


def metrics_of(mine: Cells, theirs: Cells, test: Test, benchmark: str) -> list[str]:
    """Our metrics that may have a published partner; the forms that the paper states last."""
    stated = theirs.about["benchmarks"].get(benchmark, {}).get("stated", {})
    shown = mine.metrics(test, secondary=test.judge is not None)
    return shown + [m for m in mine.metrics(test, secondary=True) if m in stated and m not in shown]


def find_matches(mine: Cells, theirs: Cells, register: Sequence[Departure] = ()) -> list[Match]:
    """Every cell that both have; `register` adds what is known of a benchmark or metric."""
    models = same(mine.about["models"], theirs.about["models"])
    data = same(mine.about["data"], theirs.about["data"])
    benchmarks = same(mine.about["benchmarks"], theirs.about["benchmarks"])
    found = []
    for test in mine.tests:
        if test.benchmark not in benchmarks:
            continue
        names = [name for name in data_rows(mine, test) if name in data and name != "base"]
        for other in judges_of(test, mine, theirs, benchmarks[test.benchmark]):
            for metric in metrics_of(mine, theirs, test, other.benchmark):
                for model in mine.models(test):
                    for name in names if model in models else ():
                        for code in mine.languages(test):
                            for setting in mine.settings(test):
                                cell = mine.cell(test, metric, code, model, name, setting)
                                wanted = published_metric(theirs, other.benchmark, metric)
                                where = (wanted, code, models[model], data[name], setting)
                                published = theirs.cell(other, *where)
                                if cell is None or published is None:
                                    continue
                                kind = mine.about["data"].get(name, {}).get("kind")
                                reasons = (
                                    *reasons_of(mine, theirs, test, other, code, cell),
                                    *of_score(
                                        register, other.benchmark, metric, code,
                                        kind or guessed_kind(name), setting.kind,
                                    ),
                                )  # fmt: skip
                                found.append(
                                    Match(
                                        test, other, metric, code, model, name, setting,
                                        cell.score, published.score, reasons,
                                    )
                                )  # fmt: skip
    return found


def summary_table(
    mine: Cells, theirs: Cells, matches: list[Match], register: Sequence[Departure]
) -> Table:
    """One row per test and metric."""
    table = Table(
        "summary",
        "By benchmark",
        [
            Column("Benchmark"),
            Column("metric", "", 0),
            Column("cells", "", 0),
            Column("mean", "ours − published", 1, "signed: are we above or below?", True),
            Column("mean size", "ours − published", 1, "how far apart, whatever the sign"),
            Column("largest", "ours − published", 1, "", True),
            Column("ours", "gap native − translated", 1, "mean over the shared cells", True),
            Column("published", "gap native − translated", 1, "", True),
            Column("known reasons to differ", "", 0),
        ],
    )
    groups: dict[tuple, list[Match]] = {}
    for match in matches:
        groups.setdefault((match.test, match.theirs, match.metric), []).append(match)
    for (test, other, metric), own in groups.items():
        differences = [match.difference for match in own]
        reasons = dict.fromkeys(reason for match in own for reason in match.reasons)
        label = mine.short_label(test)
        if test.judge and theirs.label("judges", other.judge) != mine.label("judges", test.judge):
            label += f" against {theirs.label('judges', other.judge)}"
        table.rows.append(
            [
                label,
                metric_words(metric),
                len(own),
                sum(differences) / len(own),
                sum(map(abs, differences)) / len(own),
                max(differences, key=abs),
                shared_gap(mine, own, "score"),
                shared_gap(mine, own, "published"),
                reasons_words(list(reasons), register),
            ]
        )
    return table


def shared_gap(mine: Cells, matches: list[Match], which: str) -> float | None:
    """Mean native minus mean translated over cells where native and a translation are shared."""
    scores: dict[tuple, dict[str, float]] = {}
    for match in matches:
        place = (match.model, match.language, match.setting)
        scores.setdefault(place, {})[match.data] = getattr(match, which)
    translations = set(mine.data("translated"))
    gaps = []
    for found in scores.values():
        others = [score for name, score in found.items() if name in translations]
        if "native" in found and others:
            gaps.append(found["native"] - sum(others) / len(others))
    sign = mine.sign(matches[0].test, matches[0].metric)
    return sign * sum(gaps) / len(gaps) if gaps else None


def cell_table(
    mine: Cells, theirs: Cells, matches: list[Match], register: Sequence[Departure]
) -> Table:
    """One row per cell."""
    table = Table(
        "cells",
        "Every cell that both have",
        [
            Column("Benchmark"),
            Column("Model"),
            Column("Language"),
            Column("Data"),
            Column("training", "", 0),
            Column("metric", "", 0),
            Column("ours", "score", 1),
            Column("published", "score", 1),
            Column("difference", "score", 1, "ours − published", True),
            Column("known reasons to differ", "", 0),
        ],
        keys=4,
    )
    for match in matches:
        table.rows.append(
            [
                mine.short_label(match.test),
                mine.label("models", match.model),
                mine.language_label(match.language),
                mine.label("data", match.data),
                match.setting.words(),
                metric_words(match.metric),
                match.score,
                match.published,
                Mark(match.difference),
                reasons_words(match.reasons, register),
            ]
        )
    return table


def beside_page(mine: Cells, theirs: Cells, register: Sequence[Departure]) -> Page:
    """Ours beside published; a line that says why where no cell is shared."""
    matches = find_matches(mine, theirs, register)
    where, topic = categories.category(mine.about, categories.BESIDE)
    labels = {"item": "Ours beside published", "languages": ", ".join(mine.languages())}
    page = Page(
        "",
        "beside-published",
        "Ours beside published",
        "Does this study find the scores that Chen et al. (EMNLP 2024) printed?",
        "Differences of a few points are expected even with the same recipe: other seeds, other"
        " revisions of models and translators. Compare the two gaps before single scores.",
        f"n: {plural(len(matches), 'shared cell')}, matched by model, benchmark, language, data,"
        f" languages of training and learning rate."
        f" {metrics_words(mine, dict.fromkeys(match.test for match in matches))} {seeds_words(mine)}",
        where,
        topic or "Comparison",
        labels,
        [],
    )
    if matches:
        shared = {match.theirs.benchmark for match in matches}
        page.tables = [
            summary_table(mine, theirs, matches, register),
            departures_table(register, shared),
            cell_table(mine, theirs, matches, register),
        ]
        page.tables = [table.without_empty() for table in page.tables]
        page.notes.append(
            "The paper does not state its seeds, nor the revisions of models, of Google Translate and"
            " of Command R; these can differ in every row."
        )
    else:
        page.notes.append(why_nothing(mine, theirs))
    return page


def why_nothing(mine: Cells, theirs: Cells) -> str:
    """The reason why no cell is shared."""
    for section, words in (("models", "model"), ("benchmarks", "benchmark"), ("data", "data")):
        if not same(mine.about[section], theirs.about[section]):
            return f"Nothing to compare: this study shares no {words} with the published one."
    return (
        "Nothing to compare: this study has no cell of the published one (same model, benchmark,"
        " language, data, languages of training and learning rate)."
    )
