"""The catalogue of public benchmarks: its form, its tasks in lm-eval, suites, and what is printed."""

import re
import runpy
import shutil
from collections import Counter

import pytest
import yaml
from conftest import ROOT, checkout, run_snakemake
from mothertongue.errors import InputError
from mothertongue.study.benchmark_checks import hub_languages
from mothertongue.study.catalogue import (
    CATALOGUE,
    KINDS,
    ORIGINS,
    known_languages,
    language_name,
    read_catalogue,
)
from mothertongue.study.catalogue_pages import language_text
from mothertongue.study.suite import smallest_suite, study_entries
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
    assert (xnli["eu"].origin, xnli["eu"].items) == ("post-edited", None)  # not known
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
