"""Scores that two studies both have: ours and the published ones, matched place by place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .averages import Cell, Cells, Setting, Test


@dataclass(frozen=True, slots=True)
class Match:
    """A score that both studies have."""

    test: Test
    theirs: Test
    metric: str
    language: str
    model: str
    data: str
    setting: Setting
    ours: Cell
    published: float

    @property
    def difference(self) -> float:
        """Ours minus theirs."""
        return self.ours.score - self.published


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far apart two studies are on some scores."""

    mean: float  # ours minus theirs
    mean_size: float
    largest: float
    gap: float | None  # our mean gap over the shared scores; None if a side is missing
    published_gap: float | None


def same(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Our names -> published names, by name or else by label (case does not matter).

    Both arguments map names to labels.
    """
    by_label = {label.casefold(): name for name, label in theirs.items()}
    found = {}
    for name, label in ours.items():
        other = name if name in theirs else by_label.get(label.casefold())
        if other is not None:
            found[name] = other
    return found


def shared_names(mine: Cells, theirs: Cells) -> dict[str, dict[str, str]]:
    """Models, benchmarks and data conditions that both describe: our names -> theirs."""
    own, other = mine.facts, theirs.facts
    return {
        "models": same(
            {name: entry.label for name, entry in own.models.items()},
            {name: entry.label for name, entry in other.models.items()},
        ),
        "benchmarks": same(
            {name: entry.label for name, entry in own.benchmarks.items()},
            {name: entry.label for name, entry in other.benchmarks.items()},
        ),
        "data": same(
            {name: entry.label for name, entry in own.data.items()},
            {name: entry.label for name, entry in other.data.items()},
        ),
    }


def judges_of(test: Test, mine: Cells, theirs: Cells, benchmark: str) -> list[Test]:
    """The published tests that a test is compared with: the same judge, or else every judge."""
    if test.judge is None:
        return [Test(benchmark)]
    known = same(mine.facts.judges, theirs.facts.judges)
    if test.judge in known:
        return [Test(benchmark, known[test.judge])]
    return [other for other in theirs.tests if other.benchmark == benchmark and other.judge]


def metrics_of(mine: Cells, theirs: Cells, test: Test, benchmark: str) -> list[str]:
    """Our metrics that may have a published partner; the forms that the paper states last."""
    stated = theirs.facts.benchmark(benchmark).stated
    shown = mine.metrics(test, secondary=test.judge is not None)
    return shown + [m for m in mine.metrics(test, secondary=True) if m in stated and m not in shown]


def find_matches(mine: Cells, theirs: Cells) -> list[Match]:
    """Every score that both have."""
    names = shared_names(mine, theirs)
    models, data, benchmarks = names["models"], names["data"], names["benchmarks"]
    found = []
    for test in mine.tests:
        if test.benchmark not in benchmarks:
            continue
        kinds = ("native", "translated", "roundtrip")
        conditions = [name for kind in kinds for name in mine.data(kind, test) if name in data]
        for other in judges_of(test, mine, theirs, benchmarks[test.benchmark]):
            stated = theirs.facts.benchmark(other.benchmark).stated
            for metric in metrics_of(mine, theirs, test, other.benchmark):
                wanted = stated.get(metric, metric)
                for model in mine.models(test):
                    for name in conditions if model in models else ():
                        for code in mine.languages(test):
                            for setting in mine.settings(test):
                                cell = mine.cell(test, metric, code, model, name, setting)
                                where = (wanted, code, models[model], data[name], setting)
                                published = theirs.cell(other, *where)
                                if cell is None or published is None:
                                    continue
                                place = (code, model, name, setting)
                                found.append(
                                    Match(test, other, metric, *place, cell, published.score)
                                )
    return found


def agreement(mine: Cells, matches: Sequence[Match]) -> Agreement:
    """How far apart the scores of one test and metric are."""
    differences = [match.difference for match in matches]
    return Agreement(
        mean=sum(differences) / len(differences),
        mean_size=sum(map(abs, differences)) / len(differences),
        largest=max(differences, key=abs),
        gap=shared_gap(mine, matches, [match.ours.score for match in matches]),
        published_gap=shared_gap(mine, matches, [match.published for match in matches]),
    )


def shared_gap(mine: Cells, matches: Sequence[Match], scores: Sequence[float]) -> float | None:
    """Mean native minus mean translated where native and a translation are shared.

    `scores`: of either study, one per match.
    """
    places: dict[tuple[str, str, Setting], dict[str, float]] = {}
    for match, score in zip(matches, scores, strict=True):
        place = (match.model, match.language, match.setting)
        places.setdefault(place, {})[match.data] = score
    translations = set(mine.data("translated"))
    gaps = []
    for found in places.values():
        others = [score for name, score in found.items() if name in translations]
        if "native" in found and others:
            gaps.append(found["native"] - sum(others) / len(others))
    sign = mine.sign(matches[0].test, matches[0].metric)
    return sign * sum(gaps) / len(gaps) if gaps else None
