"""Names as a reader knows them, for figures and the answers browser; n, metric and seeds."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypedDict

from ..files import read_json
from ..study import ROUND_TRIP, Study
from ..study.mixes import Mix


class Labels(TypedDict):
    """A study's name, and the labels of its parts by key; plain, since rules pass it on."""

    study: str
    languages: dict[str, str]
    questions: dict[str, str]
    models: dict[str, str]
    judges: dict[str, str]
    data: dict[str, str]


def study_labels(study: Study) -> Labels:
    """Labels by kind and key, in the order of the configuration."""
    data = {"base": "untuned", "native": "native"}
    for name, entry in study.translators.items():
        data[name] = entry.label
        data[name + ROUND_TRIP] = f"{entry.label} round trip"
    data |= {name: entry.label for name, entry in study.translated.items()}
    data |= {
        name: Mix.parse(name).label(lambda part: data.get(part, part))
        for name, _ in study.sized_sets()
    }
    return {
        "study": study.name,
        "languages": {code: entry.label for code, entry in study.languages.items()},
        "questions": {name: entry.label for name, entry in study.questions.items()},
        "models": {name: entry.label for name, entry in study.models.items()},
        "judges": {name: entry.label for name, entry in {**study.judges, **study.juries}.items()},
        "data": data,
    }


def with_warnings(labels: Labels, warned: Iterable[str | Path]) -> Labels:
    """The labels with a warning beside each judge that fails its probes. `warned`: warnings.json, if any."""
    found: dict[str, str] = {}
    for path in warned:
        found |= read_json(path)
    judges = {name: label + found.get(name, "") for name, label in labels["judges"].items()}
    return {**labels, "judges": judges}


def rating_facts(study: Study, asked: Callable[[str, str], int]) -> str:
    """n, metric and seeds of the ratings, for captions; `asked`: questions of a set and language."""
    sets = {(a.questions, a.language) for a in study.answers}
    numbers = {key: asked(*key) for key in sets}
    answers = sum(numbers[a.questions, a.language] for a in study.answers)
    seeds = sorted({a.condition.seed for a in study.answers if a.condition.data != "base"})
    return (
        f"n: {sum(numbers.values()):,} questions, {len(study.answers):,} answer sets of them,"
        f" {answers:,} answers. Metric: rating from 1 to 5, by {len(study.raters()):,} judge(s)."
        f" Seeds: {', '.join(map(str, seeds))}."
    )
