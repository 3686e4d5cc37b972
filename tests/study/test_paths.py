"""The names of a study's files: spelt in study/paths.py, repeated only by the rules that make them."""

import re
from pathlib import Path

import pytest
from conftest import ROOT, SMALL
from mothertongue.files import load_yaml
from mothertongue.study import AnswerSet, Condition, Evaluation, Judgement, read_study
from mothertongue.study import paths as names
from mothertongue.study.paths import Layout, log_of, wildcards_of

TUNED = Condition("tiny", "native", "es", "high", 1)
CELL = "tiny/native/es/high/seed1"
EVALUATION = Evaluation(TUNED, "exam", "es")
ANSWERS = AnswerSet(TUNED, "open", "es")
DECLARED = {  # every pattern that a rule's output has
    name: value
    for name, value in vars(names).items()
    if name.isupper()
    and isinstance(value, str)
    and name not in ("CONDITION", "BASE", "CMMLU", "REPORT_PART", "MANIFEST", "ROUND_TRIP")
    and not value.startswith(names.WORK)
}


def rule_text() -> str:
    """All rule files, the pattern of a condition written out."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "rules").glob("*.smk"))
    return text.replace("{COND}", names.CONDITION)


@pytest.mark.parametrize("name", DECLARED)
def test_a_rule_declares_what_a_name_stands_for(name):
    known = rule_text()
    pattern = DECLARED[name]
    variants = {
        pattern,
        pattern.replace("{scope}", "{language}"),
    }  # sample: a scope of one language
    assert any(f'"<results>/{one}"' in known for one in variants), pattern


def test_names_of_several_files_are_declared():
    known = rule_text()
    assert '"<results>/finetune/base/{{model}}/{name}"' in known
    for split in ("test", "dev"):
        assert f'"<results>/{names.CMMLU.format(split=split)}"' in known
    parts = ("tables", "scores", "findings", "gaps", "beside", "training", "provenance")
    for part in parts:
        assert f'"<results>/report/{{source}}/{part}"' in known


def test_a_condition_has_one_spelling():
    assert names.CONDITION.format(**wildcards_of(TUNED)) == TUNED.path == CELL


@pytest.mark.parametrize(
    ("pattern", "cell", "path"),
    [
        (names.ADAPTER, TUNED, f"finetune/{CELL}/adapter_model.safetensors"),
        (names.PROVENANCE, TUNED, f"finetune/{CELL}/provenance.json"),
        (names.SCORE, EVALUATION, f"evaluate/{CELL}/exam/es.json"),
        (names.ITEMS, EVALUATION, f"evaluate/{CELL}/exam/es.items.parquet"),
        (names.QUESTIONS, ANSWERS, "answer/questions/open/es.jsonl"),
        (names.ANSWERS, ANSWERS, f"answer/{CELL}/open/es.jsonl"),
        (names.RATINGS, Judgement("gpt", ANSWERS), f"judge/gpt/{CELL}/open/es.jsonl"),
    ],
)
def test_files_of_a_cell(pattern, cell, path):
    assert Layout().of(pattern, cell) == f"<results>/{path}"
    assert Layout("ours").of(pattern, cell) == f"ours/{path}"
    assert Layout.around(f"a/b/{path}", pattern) == Layout("a/b")


def test_datasets():
    files = Layout("r")
    assert files.dataset("native", "es") == "r/sample/native/es.jsonl"
    assert files.dataset("google", "multi") == "r/translate/google/multi.jsonl"
    assert files.dataset("google-rtt", "zh") == "r/roundtrip/google/zh.jsonl"


def test_what_is_unfinished_lies_apart_under_the_same_name():
    score = f"/far/results/evaluate/{CELL}/exam/es.json"
    files = Layout.around(score, names.SCORE)
    assert files.unfinished(score) == f"/far/results/.work/evaluate/{CELL}/exam/es.json"
    assert files.unfinished(Path(score).parent) == f"/far/results/.work/evaluate/{CELL}/exam"


@pytest.mark.parametrize(
    ("pattern", "log"),
    [
        (names.ADAPTER, f"finetune/{names.CONDITION}.log"),
        (names.SCORE, f"evaluate/{names.CONDITION}/{{benchmark}}/{{language}}.log"),
        (names.ANSWERS, f"answer/{names.CONDITION}/{{questions}}/{{language}}.log"),
        (names.RATINGS, f"judge/{{judge}}/{names.CONDITION}/{{questions}}/{{language}}.log"),
    ],
)
def test_logs_have_the_names_that_the_rules_give_them(pattern, log):
    assert log_of(pattern) == log
    assert f'"<logs>/{log}"' in rule_text()


def test_the_demos_files_are_all_different():
    study = read_study(load_yaml(SMALL / "config.yaml"), ROOT)
    found = [Layout().of(names.ADAPTER, one) for one in study.conditions]
    found += [Layout().of(names.SCORE, one) for one in study.evaluations]
    found += [Layout().of(names.ANSWERS, one) for one in study.answers]
    found += [Layout().of(names.RATINGS, one) for one in study.judgements]
    assert len(found) == len(set(found)) > 100


# -- nobody else spells them ---------------------------------------------------------------------

SOURCES = [
    path
    for folder, kind in (("rules", "*.smk"), ("workflow_scripts", "*.py"))
    for path in sorted((ROOT / folder).rglob(kind))
    if path.relative_to(ROOT).as_posix() != "workflow_scripts/mothertongue/study/paths.py"
] + [ROOT / "Snakefile"]


def test_only_paths_spells_the_folder_of_what_a_run_keeps():
    word = re.compile(r"""(?<![\w.])\.work(?!\w)""")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if word.search(line) and not re.match(r"\s*from \.work import", line)
    ]
    assert not found, "\n".join(found)


PATH = re.compile(
    r"""["'/](?:finetune/(?:\{|sets|base|quantisation)|evaluate/(?:\{|data)|answer/(?:\{|questions)"""
    r"""|judge/\{|sample/(?:native|english|heldout)/|translate/\{|roundtrip/\{|prefetch/manifest)"""
)


def test_only_paths_spells_files_of_a_condition():
    """Rules do in what they declare, and in an input that has the wildcards of the output."""
    declared = re.compile(r'\s*(\w+=)?(directory\()?f?"<(results|logs|benchmarks)>/[^"]*"\)?,?$')
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            text = re.sub(r'"""(?:[^"]|"(?!""))*"""', "", text)  # docstrings
        for line in text.splitlines():
            if PATH.search(line) and not declared.match(line) and not line.startswith("#"):
                found.append(f"{path.relative_to(ROOT)}: {line.strip()}")
    assert not found, "\n".join(found)
