"""Numbers of rows, mixtures and draws as axes of a condition: their spelling and the grid they make."""

import copy
import re

import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from mothertongue.correlate.describe import describe_data
from mothertongue.study import read_study
from mothertongue.study.mixes import SEGMENT, SIZED, Mix, apportion, is_sized, mixes_of
from mothertongue.study.paths import Layout

DEMO = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
NAMES = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,12}\Z")
EVERYTHING = {
    "data": ["native", "fluent", "literal-rtt"],
    "mix": [{"native": 0.25, "fluent": 0.75}, {"native": 10, "fluent": 30}],
    "scope": ["es"],
    "rows": [20, 40, "all"],
    "draws": [1, 2],
}


def study(*entries):
    config = copy.deepcopy(DEMO)
    config["finetune"]["seeds"] = [1]
    config["conditions"] = list(entries)
    return read_study(config, ROOT)


@settings(max_examples=25)
@given(
    st.dictionaries(NAMES, st.integers(1, 10**6), min_size=1, max_size=4),
    st.integers(1, 99),
    st.booleans(),
)
def test_a_segment_is_read_as_it_was_spelled(amounts, draw, nested):
    mix = Mix.of(amounts, draw, nested)
    assert Mix.parse(mix.path) == mix
    assert re.fullmatch(SIZED, mix.path)
    assert re.fullmatch(SEGMENT, mix.path)
    assert "/" not in mix.path


@given(st.lists(st.integers(1, 50), min_size=2, max_size=4))
def test_shares_are_read_as_they_were_spelled(weights):
    mix = Mix.of({f"n{i}": w / sum(weights) for i, w in enumerate(weights)}, 3)
    assert Mix.parse(mix.path) == mix
    assert sum(mix.shares().values()) == pytest.approx(1, abs=1e-4)


@given(NAMES)
def test_data_as_it_is_keeps_its_name(name):
    assert Mix.parse(name).path == name
    assert Mix.parse(name).is_plain
    assert not is_sized(name)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(1, 5000))
def test_rows_of_shares_sum_to_all(weights, total):
    shares = {f"{i}": w / sum(weights) for i, w in enumerate(weights)}
    found = apportion(shares, total)
    assert sum(found.values()) == total
    assert all(abs(found[name] - share * total) < 1 for name, share in shares.items())


def test_the_grid_of_every_axis():
    segments = [mix.path for mix in mixes_of(EVERYTHING, {"fluent", "literal"})]
    by_draw = ["native_{}", "fluent_{}", "literal-rtt_{}"]
    expected = [
        *(
            f"{part.format(rows)}_draw{draw}"
            for part in by_draw
            for rows in (20, 40)
            for draw in (1, 2)
        ),
        *("native", "fluent_all", "literal-rtt"),
        *(f"fluent_{3 * n}+native_{n}_draw{draw}" for n in (5, 10) for draw in (1, 2)),
        *(f"fluent_0.75+native_0.25_draw{draw}" for draw in (1, 2)),
    ]  # {native: 10, fluent: 30} is a quarter of 40 rows, too: one condition, not two
    assert sorted(segments) == sorted(expected)
    found = study(EVERYTHING)
    assert {one.data for one in found.conditions} == set(expected)
    assert set(found.data_and_scope()) == {("native", "es"), ("literal-rtt", "es")}
    assert len(found.sized_sets()) == len(expected) - 2


def test_without_the_keys_conditions_are_what_they_were():
    plain = study({"data": ["native", "fluent"], "scope": ["es"]})
    mixed = study({"mix": ["native", "fluent"], "scope": ["es"]})
    assert plain.conditions == mixed.conditions
    assert [one.path for one in plain.conditions] == [
        "tiny/native/es/high/seed1",
        "tiny/fluent/es/high/seed1",
    ]
    assert plain.sized_sets() == []
    assert not plain.portions


def test_independent_draws_have_paths_of_their_own():
    one = {"data": ["native"], "scope": ["es"], "rows": [20]}
    (nested,) = study(one).conditions
    (apart,) = study({**one, "nested": False}).conditions
    assert (nested.data, apart.data) == ("native_20_draw1", "native_20_draw1-independent")
    assert not Mix.parse(apart.data).nested


def test_portions_are_shared_between_mixtures_and_translated_once():
    found = study({"mix": ["fluent", {"native": 5, "fluent": 20}], "scope": ["es"], "rows": [20]})
    paths = [Layout("r").portion(one, scope) for one, scope in found.translated_portions()]
    assert paths == ["r/translate/fluent/es/20_draw1.jsonl"]
    assert set(found.portions) == {("english", "es", "20_draw1"), ("native", "es", "5_draw1")}


def test_parts_of_one_source_take_turns():
    found = study({"mix": [{"fluent": 10, "literal": 10}], "scope": ["es"]})
    ((data, _),) = found.sized_sets()
    portions = found.portions_of(data)
    assert [(p.data, p.source, p.turn, p.turns) for p in portions] == [
        ("fluent", "english", 0, 2),
        ("literal", "english", 1, 2),
    ]
    assert len({p.token for p in portions}) == 2


def test_sizes_are_no_side_of_a_gap_and_have_labels():
    found = describe_data(study(EVERYTHING))
    assert found["native_20_draw2"] == {"label": "20 native, draw 2", "kind": "sized"}
    assert found["fluent_15+native_5_draw1"]["label"] == "15 fluent + 5 native, draw 1"
    assert found["literal-rtt_20_draw1"]["label"] == "20 literal round trip, draw 1"
    assert found["native"]["kind"] == "native"
    assert len({entry["label"] for entry in found.values()}) == len(found)
