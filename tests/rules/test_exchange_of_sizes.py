"""A study of several sizes asks for exchange rates, and measures prices from the portions it translates."""

import pytest
import yaml
from conftest import ROOT
from mothertongue.correlate.sizes import names_of
from mothertongue.rules.exchange import Exchanging, asks_for_exchange
from mothertongue.study import read_study


def study(**changes):
    config = yaml.safe_load((ROOT / "studies/exchange.yaml").read_text(encoding="utf-8"))
    return read_study(config | changes, ROOT)


def test_the_shipped_study_asks_for_rates_and_others_do_not():
    assert asks_for_exchange(study())
    plain = [{"data": ["native", "nllb"], "scope": ["es"]}]
    assert not asks_for_exchange(study(conditions=plain))
    one_size = [{"data": ["native", "nllb"], "scope": ["es"], "rows": [250], "draws": [1, 2]}]
    assert not asks_for_exchange(study(conditions=one_size))
    two_of_native = [*one_size, {"data": ["native"], "scope": ["es"], "rows": [125]}]
    assert not asks_for_exchange(study(conditions=two_of_native))
    assert asks_for_exchange(study(conditions=plain, exchange={}))


def test_prices_are_measured_from_every_portion_that_is_translated():
    assert Exchanging(study()).reports() == []  # nobody asks what to buy
    reports = Exchanging(study(prices={"native_row": 2.0})).reports()
    assert all(path.endswith(".report.json") for path in reports)
    portions = [path for path in reports if path.startswith("<results>/translate/nllb/es/")]
    assert (
        len(portions) == len(set(portions)) >= 13
    )  # 4 sizes x 3 draws, all, and the mixtures' parts
    stated = study(prices={"native_row": 2.0, "translated_row": {"nllb": 0.01}})
    assert Exchanging(stated).reports() == []


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("native", ["native"]),
        ("native_250_draw1", ["native"]),
        ("google_all", ["google"]),
        ("google_750+native_250_draw2-independent", ["google", "native"]),
    ],
)
def test_kinds_of_data_are_read_from_a_condition_s_name(data, names):
    assert names_of(data) == names
