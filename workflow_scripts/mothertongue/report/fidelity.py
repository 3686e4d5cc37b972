"""A page on answers looked at without any judge: right language, scripts, loops, refusals."""

from typing import NamedTuple

from ..correlate.averages import Cells, Setting, Test
from ..correlate.notes import plain_number
from ..scores import MULTI
from . import categories
from .captions import plural, seeds_words
from .labels import metric_words
from .table import Column, Field, Page, Table, tabulate


class Place(NamedTuple):
    """A row: a model under a condition, asked in one language."""

    model: str
    data: str
    setting: Setting | None  # None: not tuned
    language: str


def fidelity_page(cells: Cells) -> Page | None:
    """Shares of answers by condition; None where no answers were looked at."""
    tests = cells.checks
    if not tests:
        return None
    languages = [
        code for code in cells.languages() if any(code in cells.languages(t) for t in tests)
    ]
    return Page(
        "fidelity",
        "answers",
        "The right language",
        "Do the answers keep to the language of their question, come to an end and say something?",
        "Compare rows of one model: what training data makes answers leave the language?",
        f"n: {plural(len(tests), 'question set')}; answers of a row in its last column. Metric: per"
        " cent of all answers; what cannot be told (short answers, names, code) counts as no mistake."
        f" {seeds_words(cells, tests[0])}",
        *categories.category(cells.facts, categories.ANSWERS, "The right language"),
        {"item": "The right language", "languages": ", ".join(languages)},
        [_table(cells, test) for test in tests],
        [
            "No judge is involved: the identifiers of the translation checks look at every answer."
            " An answer that the question asks for in another language counts as one in the wrong"
            " language."
        ],
    )


def _table(cells: Cells, test: Test) -> Table:
    metrics = cells.metrics(test, secondary=True)
    names = [n for k in ("base", "native", "translated", "roundtrip") for n in cells.data(k, test)]
    places = [
        Place(model, name, setting, code)
        for model in cells.models(test)
        for code in cells.languages(test)
        for name in names
        for setting in ([None] if name == "base" else cells.settings(test))
    ]
    places = [one for one in places if cells.cell(test, metrics[0], *_cell(one)) is not None]

    def tuned(place: Place) -> str | None:
        if place.setting is None:
            return None
        kind = "several languages" if place.setting.kind == MULTI else "one language"
        return f"{kind}, {plain_number(place.setting.learning_rate)}"

    def share(metric: str) -> Field[Place]:
        def value(place: Place) -> float | None:
            found = cells.cell(test, metric, *_cell(place))
            return found.score if found else None

        return Field(Column(metric_words(metric), "%"), value)

    def answers(place: Place) -> int | None:
        found = cells.cell(test, metrics[0], *_cell(place))
        return found.n if found else None

    fields: list[Field[Place]] = [
        Field(Column("Model"), lambda one: cells.facts.model_label(one.model)),
        Field(Column("Asked in"), lambda one: cells.facts.language(one.language)),
        Field(Column("Trained on"), lambda one: cells.facts.data_label(one.data)),
        Field(Column("in, at rate"), tuned),
        *map(share, metrics),
        Field(Column("answers", "n", 0), answers),
    ]
    title = f"{cells.test_label(test)}, per cent of answers"
    return tabulate(test.slug, title, fields, places, keys=4)


def _cell(place: Place) -> tuple[str, str, str, Setting | None]:
    return place.language, place.model, place.data, place.setting
