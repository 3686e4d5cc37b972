"""Sentences about exchange rates say what their verdict shows, and no more."""

from dataclasses import replace

import pytest
from made_exchange import made_cells, rate
from mothertongue.correlate import exchange as x
from mothertongue.correlate import intervals
from mothertongue.correlate.exchange_rows import OfferRow, measure
from mothertongue.correlate.purchase import BUDGET, SCORE
from mothertongue.report.curve_figure import draw
from mothertongue.report.exchange import (
    choice_words,
    exchange_page,
    number,
    over_words,
    plateau_words,
    purchase_page,
    rate_words,
)
from mothertongue.report.page import render

SAID = {
    "a closed set": (
        rate(x.RATE, low=2.62, high=7.1),
        "At 500 native rows, one native row is worth 2.6 to 7.1 translated rows.",
    ),
    "open above": (
        rate(x.RATE, low=2.62),
        "At 500 native rows, one native row is worth at least 2.6 translated rows; the scores set no"
        " upper limit.",
    ),
    "open below": (
        rate(x.RATE, high=0.25),
        "At 500 native rows, one native row is worth at most 0.25 translated rows.",
    ),
    "more": (
        rate(x.MORE, low=8.0),
        "More than 8 at 500 rows: no number of translated rows in this study (at most 4,000) reaches"
        " 500 native rows.",
    ),
    "less": (
        rate(x.LESS, high=0.25),
        "Less than 0.25 at 500 rows: 125 translated rows, the fewest in this study, are better than"
        " 500 native rows.",
    ),
    "a plateau": (
        rate(x.PLATEAU),
        "No rate: the curve of Google Translate levels off lower than that of native rows, and a"
        " plateau cannot be bought with more translated rows.",
    ),
    "none": (rate(x.NONE), "None in range: more rows of Google Translate do not raise the score"),
    "unknown": (rate(x.UNKNOWN), "Not known: the scores allow every rate from 0.25 to 8"),
    "no interval": (
        rate(x.UNKNOWN, value=3.9, over=intervals.NOTHING),
        "About 3.9, without an interval: too few sizes or draws to know.",
    ),
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return made_cells(tmp_path_factory.mktemp("scores"))


@pytest.mark.parametrize("name", SAID)
def test_a_verdict_has_one_sentence(cells, name):
    row, expected = SAID[name]
    assert rate_words(row, cells).startswith(expected)


def test_what_a_set_leaves_out_is_said():
    assert "leaves out what another draw" in over_words(intervals.MODELS, 3)
    assert over_words(intervals.DRAWS, 1).endswith("for this model; leaves out other models")
    assert "other draws" in over_words(intervals.TRAININGS, 2)
    assert "leaves out" not in over_words(intervals.MODELS_AND_DRAWS, 3)


def test_only_a_difference_of_plateaus_that_is_shown_is_named():
    def words(low: float | None, high: float | None) -> str | None:
        return plateau_words(replace(rate(x.RATE), height=1.0, height_low=low, height_high=high))

    assert [words(None, None), words(-1, 3), words(None, 2), words(-1, None)] == [None] * 4
    assert [words(2, None), words(2, 9), words(None, -2)] == (
        ["more than 2.0", "2.0 to 9.0", "less than -2.0"]
    )


def test_numbers_have_two_digits():
    assert [number(v) for v in (0.254, 2.0, 7.12, 12.6, 1234.5, None)] == (
        ["0.25", "2", "7.1", "13", "1,234", ""]
    )


def test_a_choice_that_only_looks_best_is_not_called_best():
    def offer(by: str, **flags: bool) -> OfferRow:
        return OfferRow(by, 1.0, "native", 1.0, 1.0, 1.0, None, None, 1.0, None, None, **flags)

    assert choice_words(offer(BUDGET, best=True)) == "looks best; not decided"
    assert choice_words(offer(SCORE, best=True, decided=True)) == "cheapest"
    assert choice_words(offer(SCORE)) == ""


def test_pages_of_a_study_show_rates_curves_and_purchases(cells):
    rates, curve_rows, offers = measure(
        cells, native_price=2.0, translated_prices={"google": 0.02}, level=0.05
    )
    page = render(exchange_page(cells, rates, 0.95))
    assert "Google Translate" in page
    assert page.count("models and draws of rows like these") >= 4
    bought = render(purchase_page(cells, offers, 0.95))
    assert "Cheapest data for a score" in bought
    assert "25 % native, Google Translate" in bought
    assert {row.kind for row in curve_rows} == {"native", "google", "25 % native, google"}
    figure = draw(cells, curve_rows, money=True)
    figure.draw_without_rendering()
    edge = figure.bbox
    for axes in figure.axes:
        for text in (axes.title, *axes.get_xticklabels(), *axes.get_yticklabels()):
            box = text.get_window_extent()
            low, high = axes.get_xlim()
            shown = text not in axes.get_xticklabels() or low <= text.get_position()[0] <= high
            assert not shown or (box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1), text.get_text()


def test_without_a_price_nothing_is_offered(cells):
    rates, _, offers = measure(cells, native_price=None, translated_prices={}, level=0.05)
    assert rates
    assert offers == []
    assert "prices.native_row" in render(purchase_page(cells, offers, 0.95))


def test_a_study_of_one_size_says_so(cells):
    assert "No language has two sizes" in render(exchange_page(cells, [], 0.95))
