"""Purchases: what they cost, and how often one is called best that is not (bench: in full)."""

import math
from dataclasses import replace

import numpy as np
import pytest
from exchange_calibration import NATIVE_ROW, TRUTHS, buy, simulate
from mothertongue.correlate.exchange_rows import measured_prices
from mothertongue.correlate.purchase import Market, Prices, best_for, cheapest_for
from mothertongue.files import write_json

EXACT = replace(TRUTHS[2], training=1e-6, offset=0.0, by_size=0.0, spread=(5.0, 0.0, 0.0), models=1)


def market(truth=EXACT, translated: float = 0.1) -> Market:
    study = simulate(truth, np.random.default_rng(1))
    curves = [study.native, study.translated, study.mixed]
    return Market(curves, Prices(NATIVE_ROW, {"google": translated}))


def test_a_score_costs_what_its_rows_cost():
    own = market()
    goal = float(own.at(own.curves[0], np.array([300.0])).value[0])
    offers = {one.kind: one for one in cheapest_for(own, goal)}
    assert offers["native"].dollars == pytest.approx(600, rel=0.02)
    assert offers["google"].rows == pytest.approx(1200, rel=0.02)
    assert offers["google"].dollars == pytest.approx(120, rel=0.02)
    mixed = offers["25 % native, google"]
    assert mixed.native_rows == pytest.approx(0.25 * mixed.rows)
    assert mixed.dollars == pytest.approx(mixed.rows * (0.25 * 2 + 0.75 * 0.1))
    assert [one.kind for one in offers.values() if one.best] == ["google"]
    assert offers["google"].decided


def test_a_budget_buys_no_more_rows_than_were_trained_on():
    offers = {one.kind: one for one in best_for(market(translated=0.01), 1000.0)}
    assert (offers["google"].rows, offers["google"].limit) == (8000, True)
    assert offers["google"].dollars == pytest.approx(80)
    assert not offers["native"].limit


def test_a_budget_below_the_smallest_set_buys_nothing():
    assert best_for(market(translated=100.0), 1.0) == []


def test_a_score_out_of_reach_has_no_offer():
    assert cheapest_for(market(), 99.0) == []


def test_data_without_a_price_is_not_offered():
    own = market()
    own.prices = Prices(NATIVE_ROW, {})
    assert [one.kind for one in best_for(own, 1000.0)] == ["native"]
    assert not best_for(own, 1000.0)[0].decided, "nothing was compared"


@pytest.mark.parametrize("models", [1, 3])
def test_rows_of_equal_worth_are_rarely_called_best(models):
    found = buy(replace(TRUTHS[2], models=models), 1.0, 40)
    assert found["wrong"] <= 8
    assert found["score"] >= 88


def test_the_better_purchase_is_found():
    found = buy(replace(TRUTHS[2], models=4, draws=5), 4.0, 25)
    assert found["wrong"] == 0
    assert found["decided"] >= 80


def test_prices_are_measured_from_the_reports_of_translated_sets(tmp_path):
    def report(name: str, translator: str, rows: int, **calls: float) -> None:
        content = {"translator": translator, "rows": rows, "calls": calls}
        write_json(tmp_path / f"{name}.json", content)

    report("a", "google", 100, spent_usd=2.0)
    report("b", "google", 300, spent_usd=8.0)  # of the account: the first set's 2.0 included
    report("c", "memory", 100)
    found = measured_prices(sorted(tmp_path.glob("*.json")))
    assert list(found) == ["google"]
    assert math.isclose(found["google"], 0.02)
