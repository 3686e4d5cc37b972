"""The smallest suite of public benchmarks for a language, and a study's entries made from it."""

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from mothertongue.study import read_study
from mothertongue.study.catalogue import (
    CATALOGUE,
    KINDS,
    benchmarks_in,
    known_languages,
    read_catalogue,
)
from mothertongue.study.suite import smallest_suite, study_entries, with_suites


def sorts(suite):
    return {(test.is_native, test.kind): test.name for test in suite.tests}


def test_a_suite_covers_all_four_sorts_where_they_exist():
    suite = smallest_suite("sw")
    assert sorts(suite).keys() == {(native, kind) for native in (True, False) for kind in KINDS}
    assert sorts(suite)[True, "generative"] == "tydiqa"
    assert sorts(suite)[False, "structured"] == "belebele"
    assert suite.missed == ()
    assert any(
        "MGSM has 250 items in Swahili" in said and "± 6 points" in said for said in suite.few
    )


def test_a_suite_says_what_it_misses():
    german = smallest_suite("de")
    assert german.missed == (
        "No native generative test exists in German: use held-out bits per byte and open questions"
        " with people's labels.",
    )
    irish = smallest_suite("ga")
    assert sorts(irish) == {(True, "structured"): "multiblimp"}
    assert len(irish.missed) == 3
    assert "± 19 points" in irish.few[0]


def test_what_cannot_be_run_is_in_no_suite_and_the_reason_is_said():
    hausa = smallest_suite("ha")
    assert "xlsum" in {test.name for test in benchmarks_in("ha")}
    (said,) = hausa.missed
    assert said.startswith("No native generative test in Hausa can be used: use held-out bits")
    assert "XL-Sum: Its copy on the hub is a loading script" in said
    assert "xquad" in sorts(smallest_suite("es")).values()  # by the workflow's own task
    assert "xquad" not in sorts(smallest_suite("el")).values()


@pytest.mark.parametrize("code", sorted(known_languages()))
def test_a_suite_is_smallest_and_complete(code):
    suite = smallest_suite(code)
    found = {(test.is_native, test.kind) for test in benchmarks_in(code) if test.is_usable}
    assert sorts(suite).keys() == found
    assert len(suite.tests) == len(found)  # one per sort, and a test is of one sort
    assert len(suite.tests) + len(suite.missed) == 4


def test_the_least_foreign_origin_is_chosen_and_open_data_before_gated(tmp_path):
    content = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    kept = {
        name: content[name] for name in ("okapi-mmlu", "global-piqa-parallel", "belebele", "xcopa")
    }
    path = tmp_path / "benchmarks.yaml"
    path.write_text(yaml.safe_dump(kept, sort_keys=False))
    assert [test.name for test in smallest_suite("vi", path).tests] == ["belebele"]
    kept["belebele"]["gated"] = True
    other = tmp_path / "gated.yaml"
    other.write_text(yaml.safe_dump(kept, sort_keys=False))
    assert [test.name for test in smallest_suite("vi", other).tests] == ["xcopa"]


# -- in a study ----------------------------------------------------------------------------------


def with_benchmarks(entries):
    """The demo's study with these benchmarks, in all languages."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    others = set(known_languages()) - {"en"}
    config["languages"] = {**{code: {} for code in others}, **config["languages"]}
    tests = {entry.name: entry.as_config() for entry in entries}
    config["evaluate"]["benchmarks"] = tests
    return config


@pytest.mark.slow
def test_a_study_takes_every_usable_test_of_the_catalogue():
    every = [test for tests in read_catalogue().values() for test in tests.values()]
    usable = [test for test in every if test.is_usable and test.language != "en"]
    entries = study_entries(usable)
    assert len({entry.name for entry in entries}) == len(entries)
    study = read_study(with_benchmarks(entries), ROOT)
    planned = {
        (name, language) for name, spec in study.benchmarks.items() for language in spec.languages
    }
    assert len(planned) == len(usable)
    by_name = {entry.name: entry for entry in entries}
    assert by_name["xquad"].task == "xquad" and "el" not in by_name["xquad"].languages
    assert by_name["belebele"].codes[0] == ("es", "spa_Latn")
    assert by_name["xnli-eu"].label == "XNLI (eu)"  # of another origin than the other languages
    assert (by_name["xnli-eu"].origin, by_name["xnli"].origin) == (
        "post-edited",
        "human-translated",
    )
    assert by_name["cmmlu"].as_config()["limit"] == 2010
    assert study.benchmarks["belebele"].cluster == "link"  # items of a passage belong together


def demo(**evaluate):
    """The demo's study, of Spanish and Chinese, with other keys of its evaluation."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["evaluate"] |= evaluate
    return config


def test_a_study_asks_for_the_smallest_suite():
    plain = read_study(demo(), ROOT)
    study = read_study(demo(suite={"zh": "auto", "es": "auto"}), ROOT)
    added = {
        name: (spec.task, spec.languages)
        for name, spec in study.benchmarks.items()
        if name not in plain.benchmarks
    }
    assert added == {
        "include": ("include-base-44", ("es", "zh")),
        "noticia": ("noticia", ("es",)),
        "belebele": ("belebele_{language}", ("es", "zh")),
        "xquad": ("xquad", ("es", "zh")),
    }
    tests = [test for code in ("es", "zh") for test in smallest_suite(code).tests]
    written = demo()
    written["evaluate"]["benchmarks"] |= {e.name: e.as_config() for e in study_entries(tests)}
    spelt_out = read_study(written, ROOT).config
    assert {**study.config["evaluate"], "suite": 0} == {**spelt_out["evaluate"], "suite": 0}
    again = read_study(demo(suite={"es": "auto", "zh": "auto"}), ROOT)
    assert again.config == study.config  # order does not count
    assert read_study(study.config, ROOT).config == study.config
    only = read_study(demo(suite={"es": "auto", "zh": "auto"}, benchmarks=None), ROOT)
    assert set(only.benchmarks) == set(added)


def test_a_studys_own_entry_wins_over_its_suite():
    own = {"label": "Mine", "task": "belebele_{language}", "codes": {"es": "spa_Latn"}}
    own |= {"languages": ["es"], "origin": "human-translated", "kind": "structured", "limit": 9}
    study = read_study(demo(suite={"es": "auto", "zh": "auto"}, benchmarks={"belebele": own}), ROOT)
    assert study.benchmarks["belebele"].label == "Mine"
    assert study.benchmarks["belebele"].limit == 9
    assert "include" in study.benchmarks


@pytest.mark.slow
def test_the_target_tasks_says_what_a_suite_holds_and_misses(tmp_path):
    folder = checkout(tmp_path / "study")
    content = {"evaluate": {"suite": {"zh": "auto"}}}
    (folder / "suite.yaml").write_text(yaml.safe_dump(content))
    done = run_snakemake(
        *("tasks", "--cores", 1, "--quiet", "all", "--configfile", "config.yaml", "suite.yaml"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "Belebele (belebele)" in done.stdout
    suite = done.stdout.split("suite of Chinese (zh)")[1]
    assert "translated structured   Belebele: belebele_zho_Hans" in suite
    assert "No native generative test exists in Chinese" in suite


def test_a_study_without_a_suite_is_left_as_it_is():
    config = demo()
    assert with_suites(config) is config
    assert with_suites({"evaluate": 7}) == {"evaluate": 7}
    broken = {"languages": {"es": {}}, "evaluate": {"suite": {"es": "auto"}, "benchmarks": []}}
    assert with_suites(broken) == broken
