"""Pages with interactive figures: a script in the page draws them from numbers in the page."""

import json
import math
from collections.abc import Mapping, Sequence

from ..correlate.averages import Cells, Test
from ..correlate.coverage import CORE
from ..correlate.notes import setting_words
from .captions import data_rows
from .labels import metric_words, short_label
from .page import document, introduction

DIGITS = 6
Content = Mapping[str, object]  # JSON that the page's script draws from


def number(value: float | None) -> float | None:
    """A number short enough to ship, None for NaN."""
    if value is None or math.isnan(value):
        return None
    return float(f"{value:.{DIGITS}g}")


def embed(content: Content) -> str:
    """Data as a script block."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f'<script type="application/json" id="data">{text}</script>'


def chart_document(title: str, question: str, look: str, content: Content) -> str:
    """A page with one interactive chart."""
    body = introduction(title, question, look, "")
    body += '\n<div id="chart"></div>\n<div class="tip" role="status"></div>'
    return document(title, body, scripts=("chart.js",), data=embed(content))


def series(cells: Cells, colours: Mapping[str, tuple[str, str]]) -> Content:
    """Labels, colours and shapes of data conditions."""
    return {
        name: {"label": cells.facts.data_label(name), "colour": colour, "marker": marker}
        for name, (colour, marker) in colours.items()
    }


def dots_page(
    cells: Cells,
    title: str,
    question: str,
    look: str,
    panels: list[tuple[Test, str]],
    colours: Mapping[str, tuple[str, str]],
) -> str:
    """Scores by model and data condition, for every language and training setting."""
    content = {
        "type": "dots",
        "series": series(cells, colours),
        "core": [name for kind in CORE for name in cells.data(kind)],
        "models": {model: cells.facts.model_label(model) for model in cells.models()},
        "settings": [setting_words(setting) for setting in cells.settings()],
        "languages": {code: cells.facts.language(code) for code in cells.languages()},
        "panels": [panel(cells, test, metric) for test, metric in panels],
    }
    return chart_document(title, question, look, content)


def panel(cells: Cells, test: Test, metric: str) -> Content:
    """Points of one panel: [model, data, language, setting, score, stderr, n, seeds]."""
    points = []
    for model in cells.models(test):
        for name in data_rows(cells, test):
            for code in cells.languages(test):
                for place, setting in enumerate(cells.settings()):
                    found = cells.cell(test, metric, code, model, name, setting)
                    if found is not None:
                        points.append(
                            [model, name, code, place, number(found.score), number(found.stderr)]
                            + [found.n, found.seeds]
                        )
    chance = cells.facts.benchmark(test.benchmark).chance
    return {
        "title": short_label(cells, test),
        "metric": metric_words(metric),
        "unit": cells.unit(test, metric),
        "chance": chance if metric == cells.metrics(test)[0] else None,
        "points": points,
    }


def scatter_page(
    cells: Cells,
    title: str,
    question: str,
    look: str,
    panels: Sequence[Content],
    colours: dict[str, str],
) -> str:
    """Gap against score, one panel per test; hover names the model, language and both scores."""
    families: dict[str, str] = {}
    for model, colour in colours.items():
        families.setdefault(cells.facts.family(model), colour)
    content = {
        "type": "scatter",
        "families": families,
        "models": {
            model: {
                "label": cells.facts.model_label(model),
                "family": cells.facts.family(model),
            }
            for model in colours
        },
        "languages": {code: cells.facts.language(code) for code in cells.languages()},
        "panels": panels,
    }
    return chart_document(title, question, look, content)
