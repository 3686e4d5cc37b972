"""The catalogue of public benchmarks: its form, its tasks in lm-eval, suites, and what is printed."""

import re
import runpy
import shutil
from collections import Counter

import pytest
import yaml
from conftest import ROOT, checkout, run_snakemake
from mothertongue.errors import InputError
from mothertongue.study import read_study
from mothertongue.study.benchmark_checks import hub_languages
from mothertongue.study.catalogue import (
    CATALOGUE,
    KINDS,
    ORIGINS,
    benchmarks_in,
    known_languages,
    language_name,
    read_catalogue,
)
from mothertongue.study.catalogue_pages import language_text
from mothertongue.study.suite import smallest_suite, study_entries, with_suites
from mothertongue.study.tasks import read_task

WANTED = {  # what the catalogue must hold at least
    "include", "belebele", "xcopa", "xstorycloze", "xwinograd", "paws-x", "xnli", "mgsm", "afrimmlu",
    "afrixnli", "afrimgsm", "arabicmmlu", "kmmlu", "turkishmmlu", "cmmlu", "tmmluplus", "mmlu-prox",
    "okapi-arc", "okapi-hellaswag", "okapi-mmlu", "okapi-truthfulqa", "greekmmlu", "egymmlu",
    "darijammlu", "xquad", "tydiqa", "mlqa", "eus-exams", "copal-id", "global-mmlu", "global-mmlu-lite",
}  # fmt: skip


def every_test():
    return [test for tests in read_catalogue().values() for test in tests.values()]


# -- the file ------------------------------------------------------------------------------------


def test_the_catalogue_holds_what_users_choose_between():
    assert set(read_catalogue()) >= WANTED
    for test in every_test():
        assert test.origin in ORIGINS and test.kind in KINDS
        assert test.language in known_languages()
        assert (
            test.chance is None
            or (test.chance == 0) == (test.kind == "generative")
            or (
                test.name.startswith("mmlu-prox")  # generated, but one letter of ten
            )
        )
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", test.checked)
        assert all(fault.endswith((".", ")")) for fault in test.faults)
    assert set(known_languages()) == {test.language for test in every_test()}  # none has nothing


def test_two_benchmarks_do_not_share_a_task():
    names = Counter(test.task for test in every_test() if test.language != "en")
    assert [name for name, number in names.items() if number > 1] == []


@pytest.mark.slow
def test_every_task_exists_in_the_installed_lm_eval():
    from lm_eval.tasks import TaskManager

    known = set(TaskManager().all_tasks)
    assert [test.task for test in every_test() if test.task not in known] == []


def test_facts_agree_with_the_tasks_of_this_workflow():
    """What a task of the pack says of its data, the catalogue says as well, in the same languages."""
    names = {test.pack.name for test in every_test() if test.pack}
    assert names >= {"include-base-44", "tydiqa", "xquad", "mgsm", "cmmlu", "ceval", "ht-mmlu"}
    for name in names:
        task = read_task(name, ROOT / "tasks")
        metadata = task["metadata"]
        held = list(hub_languages(metadata, metadata.get("hub") or {}))
        generates = task["output_type"] == "generate_until"
        (tests,) = (
            tests
            for tests in read_catalogue().values()
            if any(test.pack and test.pack.name == name for test in tests.values())
        )
        for test in tests.values():
            packed = test.pack is not None
            assert packed == (
                test.language in metadata["languages"]
                and all(test.language in known for known in held)
            ), test
            assert not packed or test.kind == ("generative" if generates else "structured")
            assert metadata.get("items") in (None, test.items), test
            assert test.licence == metadata["licence"], test


def test_a_language_overrides_what_differs_there():
    xnli = read_catalogue()["xnli"]
    assert (xnli["es"].origin, xnli["es"].items) == ("human-translated", 2490)
    assert (xnli["eu"].origin, xnli["eu"].items) == ("post-edited", 5010)
    assert xnli["eu"].hub == "HiTZ/xnli-eu"
    assert xnli["en"].origin == "native"  # the others were translated from it
    assert read_catalogue()["mlqa"]["de"].task == "mlqa_de_de"
    assert read_catalogue()["multiblimp"]["ga"].items == 28


# -- mistakes in it ------------------------------------------------------------------------------


def change(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


BELEBELE = "  label: Belebele\n"


@pytest.mark.parametrize(
    ("added", "line"),
    [
        ("  colour: red\n", "belebele.colour: unknown key"),
        (
            "  but:\n    - {languages: [sw], origin: natve}\n",
            "belebele.but[0].origin: 'natve' is not one",
        ),
        (
            "  but:\n    - {languages: [sq, xx]}\n",
            "belebele.but[0].languages: unknown language 'xx'",
        ),
        ("  but:\n    - {languages: [ga]}\n", "'ga' is not among the languages of codes"),
        ("  unfit: 7\n", "belebele.unfit: expected text, found 7"),
        ("  year: 2023\n", "'year' stands already in line"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, added, line):
    path = tmp_path / "benchmarks.yaml"
    text = CATALOGUE.read_text(encoding="utf-8")
    path.write_text(change(text, BELEBELE, BELEBELE + added), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_catalogue(path)
    assert line in str(caught.value)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "benchmarks.yaml: (top level): expected a mapping"),
        ("{", "benchmarks.yaml: not valid YAML"),
        ("one: {label: One}\n", "benchmarks.yaml: one.codes: missing"),
    ],
)
def test_a_broken_catalogue_is_one_clear_line(tmp_path, text, line):
    path = tmp_path / "benchmarks.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_catalogue(path)
    assert line in str(caught.value) and "\n" not in str(caught.value)


def test_a_pattern_without_a_place_for_the_language_is_a_mistake(tmp_path):
    path = tmp_path / "benchmarks.yaml"
    text = CATALOGUE.read_text(encoding="utf-8")
    path.write_text(change(text, "belebele_{language}", "belebele_swh_Latn"), encoding="utf-8")
    with pytest.raises(InputError, match=r"belebele.task: holds no \{language\}, though"):
        read_catalogue(path)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("swahili", "did you mean 'sw'?"),
        ("ew", "known: en, es"),
        ("Spanisch", "did you mean 'es'?"),
    ],
)
def test_a_language_that_is_not_known(code, hint):
    with pytest.raises(InputError, match=re.escape(f"language: '{code}' is not in")) as caught:
        language_name(code)
    assert hint in str(caught.value)


# -- suites --------------------------------------------------------------------------------------


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
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    others = set(known_languages()) - {"en"}
    config["languages"] = {**{code: {} for code in others}, **config["languages"]}
    tests = {entry.name: entry.as_config() for entry in entries}
    config["evaluate"]["benchmarks"] = tests
    return config


@pytest.mark.slow
def test_a_study_takes_every_usable_test_of_the_catalogue():
    usable = [test for test in every_test() if test.is_usable and test.language != "en"]
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
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
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


# -- pages ---------------------------------------------------------------------------------------


def test_the_page_is_made_from_the_catalogue(root):
    made = runpy.run_path(str(root / "docs/write_benchmarks.py"))["page"]()
    page = (root / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert page == made, "run: python docs/write_benchmarks.py"
    for test in every_test():
        assert f"**{test.label}**" in page
    for code, name in known_languages().items():
        assert f"| {name} (`{code}`) |" in page


def test_a_language_without_benchmarks_is_said_to_have_none():
    text = language_text("xx", "Klingon")
    assert "Klingon (xx): 0 public benchmarks" in text
    assert text.count("exists in xx") == 4


# -- the target ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_target_prints_a_language_and_its_suite(tmp_path):
    folder = checkout(tmp_path / "study")
    options = ("--cores", 1, "--quiet", "all")
    done = run_snakemake("benchmarks", *options, "--config", "language=sw", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Swahili (sw): 21 public benchmarks" in done.stdout
    belebele = next(line for line in done.stdout.splitlines() if line.startswith("Belebele"))
    assert belebele.split() == ["Belebele", "human-translated", "structured", "900", "25", "%", "open", "2023"]  # fmt: skip
    assert "task belebele_swh_Latn: reading" in done.stdout
    assert "licence: CC BY-SA 4.0" in done.stdout
    assert "native generative       TyDi QA: tydiqa_goldp_sw" in done.stdout
    hint = "A study takes it by evaluate: {suite: {sw: auto}}, or by these benchmarks:\n"
    _, entries = done.stdout.split(hint)
    written = yaml.safe_load(entries)
    assert written == {e.name: e.as_config() for e in study_entries(smallest_suite("sw").tests)}
    assert (folder / "logs/benchmarks.log").read_text(encoding="utf-8") == done.stdout
    bad = run_snakemake("benchmarks", *options, "--config", "language=swahili", cwd=folder)
    assert bad.returncode != 0
    assert (
        "language: 'swahili' is not in resources/languages.yaml; did you mean 'sw'?" in bad.stderr
    )
    assert "Traceback" not in bad.stderr


@pytest.mark.slow
def test_the_target_shows_a_studys_languages_in_another_workflow(tmp_path):
    (tmp_path / "mothertongue").symlink_to(ROOT)
    (tmp_path / "Snakefile").write_text(
        'module listing:\n    snakefile: "mothertongue/rules/benchmarks.smk"\n'
        '    config: {"languages": {"ga": {}, "xyz": {"name": "Ours", "aya": {"code": "xyz"}}}}\n'
        '    pathvars:\n        logs="ours/logs",\n\nuse rule * from listing as ours_*\n'
    )
    done = run_snakemake("ours_benchmarks", "--cores", 1, "--quiet", "all", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Irish (ga): 1 public benchmark\n" in done.stdout
    assert "Ours (xyz): 0 public benchmarks" in done.stdout
    assert (tmp_path / "ours/logs/benchmarks.log").is_file()
    shutil.rmtree(tmp_path / ".snakemake", ignore_errors=True)
    # a language in a study's file is a mistake still
    (tmp_path / "mine.yaml").write_text("study: mine\nlanguage: es\n")
    bad = run_snakemake(
        "-s", ROOT / "Snakefile", "-n", "benchmarks", "--configfile", "mine.yaml", cwd=tmp_path
    )
    assert "language: unknown key; did you mean 'languages'?" in bad.stdout + bad.stderr
