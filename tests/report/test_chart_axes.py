"""Axes of the interactive charts: numbers as people write them, clear of the axis's title."""

import pytest
from browsing import chromium  # noqa: F401
from mothertongue.report.interactive import chart_document

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def scatter(gaps):
    points = [
        {"model": "m", "language": "es", "native": 3.0 + n, "mean": 3.0 + n, "base": None}
        | {"gap": gap, "translated": 3.0 + n - gap}
        for n, gap in enumerate(gaps)
    ]
    return {
        "type": "scatter",
        "families": {"F": "#0072b2"},
        "models": {"m": {"label": "M", "family": "F"}},
        "languages": {"es": "Spanish"},
        "panels": [{"title": "Text", "words": "bits per byte", "points": points}],
    }


@pytest.mark.parametrize(
    "gaps",
    [
        (0.0001, -0.0006, 0.00007),  # the step is .0002, and adding it up does not give 0
        (-12000.0, 34000.0, 5.0),
        (0.5, -0.5, 0.1),
    ],
)
def test_ticks_are_round_and_do_not_touch_the_title(tmp_path, chromium, gaps):
    page = tmp_path / "gaps.html"
    page.write_text(chart_document("Gaps", "Why?", "Look.", scatter(gaps)), encoding="utf-8")
    chromium.open(page.as_uri())
    chromium.wait("document.querySelector('svg text') !== null")
    labels = chromium.run(
        "return [...document.querySelectorAll('svg text[text-anchor=end]')].map((node) => "
        "({words: node.textContent, left: node.getBoundingClientRect().left}))"
    )
    title = chromium.run(
        "return document.querySelector('svg text[transform]').getBoundingClientRect().right"
    )
    words = [label["words"] for label in labels]
    assert "0" in words and not any("e" in one for one in words), words
    assert all(label["left"] >= title for label in labels), (labels, title)
