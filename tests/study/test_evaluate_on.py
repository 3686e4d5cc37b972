"""`conditions[].evaluate_on`: which tests it adds, and that the analysis of gaps never sees them."""

import copy

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, planned
from mothertongue.errors import InputError
from mothertongue.rules.correlate import Correlating
from mothertongue.rules.report import Reporting
from mothertongue.study import Study, read_study
from mothertongue.study.paths import SCORE, Layout
from mothertongue.study.requirements import study_needs

DEMO = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))


def without_multi(config: dict) -> dict:
    """The demo with English as a third language, and no adapter that is tested in all of them."""
    config = copy.deepcopy(config)
    config["languages"]["en"] = {}
    config["conditions"] = [{"data": ["native", "fluent"], "scope": ["es", "zh"]}]
    config["evaluate"]["benchmarks"]["native-perplexity"]["languages"] = ["es", "zh", "en"]
    return config


def read(evaluate_on, **changes) -> Study:
    config = without_multi(DEMO)
    config["conditions"][0] |= {"evaluate_on": evaluate_on, **changes}
    return read_study(config, ROOT)


def cells(study: Study) -> set[tuple[str, str, str, str]]:
    """Data, scope, benchmark and language of the tests in other languages."""
    return {(one.condition.data, one.condition.scope, *one[1:]) for one in study.other_evaluations}


def test_by_default_nothing_is_tested_elsewhere():
    study = read_study(copy.deepcopy(DEMO), ROOT)
    assert study.other_evaluations == [] and study.evaluations == study.own_evaluations
    assert {one.condition.scope for one in study.evaluations} == {"es", "zh", "multi", "none"}
    assert all(one.condition.scope in ("multi", "none", one.language) for one in study.evaluations)
    correlating = Correlating(study, "published", has_items=True)
    own = [Layout().of(SCORE, one) for one in study.evaluations]
    assert correlating.evaluations()[: len(own)] == own
    assert len(correlating.evaluations()) == len(own) + len(study.checked_answers)
    assert "<results>/report/study/languages" not in Reporting(study, None).files("study")


def test_a_list_adds_its_languages_and_the_base_in_them():
    found = cells(read(["en"]))
    tuned = {(d, s, "native-perplexity", "en") for d in ("native", "fluent") for s in ("es", "zh")}
    assert found == tuned | {("base", "none", "native-perplexity", "en")}


def test_all_means_every_language_of_the_entrys_benchmarks():
    found = cells(read("all", benchmarks=["native-perplexity", "choice-native"]))
    other = {"es": "zh", "zh": "es"}
    expected = {
        (data, scope, benchmark, other[scope])
        for data in ("native", "fluent")
        for scope in ("es", "zh")
        for benchmark in ("native-perplexity", "choice-native")
    }
    assert found == expected | cells(read(["en"]))  # the base's tests in es and zh are there anyway


def test_its_own_language_and_a_multilingual_adapter_gain_nothing():
    assert cells(read(["es"], scope=["es"])) == set()
    study = read("all", data=["native"], scope=["multi"])
    assert study.other_evaluations == []
    assert {one.language for one in study.own_evaluations} == {"es", "zh", "en"}


def test_two_entries_of_one_adapter_are_united():
    config = without_multi(DEMO)
    config["conditions"].append(
        {
            "data": ["native"],
            "scope": ["es"],
            "benchmarks": ["choice-native"],
            "evaluate_on": ["zh"],
        }
    )
    assert cells(read_study(config, ROOT)) == {("native", "es", "choice-native", "zh")}


def test_without_bases_only_adapters_are_tested_elsewhere():
    config = without_multi(DEMO)
    config["evaluate"]["base"] = False
    config["conditions"][0]["evaluate_on"] = ["en"]
    assert {data for data, *_ in cells(read_study(config, ROOT))} == {"native", "fluent"}


@pytest.mark.parametrize("evaluate_on", ["all", ["en"], ["zh", "en"]])
def test_gaps_are_made_of_the_same_scores_with_and_without(evaluate_on):
    own, more = read("own"), read(evaluate_on)
    assert more.own_evaluations == own.evaluations
    assert more.answers == own.answers and more.conditions == own.conditions
    here, there = (Correlating(one, "published", has_items=True) for one in (more, own))
    for part in ("evaluations", "item_tables", "ratings", "histories", "provenances"):
        assert getattr(here, part)() == getattr(there, part)()
    elsewhere = here.other_evaluations()
    assert {Layout().of(SCORE, one) for one in more.other_evaluations} <= set(elsewhere)
    for one in more.other_evaluations:  # each tuned score has its base beside it
        beside = one.condition._replace(data="base", scope="none", lr="none", seed=0)
        assert Layout().of(SCORE, one._replace(condition=beside)) in elsewhere


def own_data(**languages) -> dict:
    config = yaml.safe_load((ROOT / "studies/own-data.yaml").read_text(encoding="utf-8"))
    config["languages"] |= languages
    config["models"]["tiny"]["build"]["languages"] = ["es"]
    config["evaluate"]["benchmarks"]["choice-native"]["languages"] = ["es", *languages]
    config["conditions"][0]["evaluate_on"] = list(languages)
    return config


def test_a_language_that_is_only_tested_needs_no_rows():
    """A study of one's own files, without sample.dataset: Chinese has no instruction data."""
    study = read_study(own_data(zh={}), ROOT)
    assert {one.language for one in study.other_evaluations} == {"zh"}
    needed = {need.name for need in study_needs(study, ROOT / "tasks")}
    assert "resources/own-data/preguntas_zh.test.jsonl" in needed
    assert not any("not-configured" in name for name in needed)


@pytest.mark.parametrize("change", ["scope", "perplexity", "build"])
def test_a_language_whose_rows_are_read_needs_some(change):
    config = own_data(zh={})
    if change == "scope":
        config["conditions"][0] |= {"data": ["native"], "scope": ["es", "zh"]}
    if change == "perplexity":
        config["evaluate"]["benchmarks"]["native-perplexity"]["languages"] = ["es", "zh"]
    if change == "build":
        del config["models"]["tiny"]["build"]["languages"]
    with pytest.raises(InputError, match=r"missing, though languages\.zh has no native rows"):
        read_study(config, ROOT)


@pytest.mark.slow
def test_the_jobs_that_it_adds(tmp_path):
    folder = checkout(tmp_path / "study")

    def jobs(evaluate_on):
        config = without_multi(DEMO)
        config["conditions"][0]["evaluate_on"] = evaluate_on
        path = folder / "study.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return planned(folder, "--configfile", path)

    own, more = jobs("own"), jobs(["en", "zh"])
    added = {rule: more[rule] - own.get(rule, 0) for rule in more if more[rule] != own.get(rule)}
    assert own.keys() <= more.keys()
    assert added == {
        "evaluate_benchmark": len(read(["en", "zh"]).other_evaluations),
        "sample_aya": 1,  # English rows that are held out, for perplexity on them
        "collect_other_languages": 1,
        "compare_languages": 1,
        "identify_answers": 1,
        "show_languages": 1,
    }
