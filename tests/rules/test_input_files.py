"""The study's own files are read before the first job, not after days of fine-tuning."""

import json
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from mothertongue.rules.input_files import unreadable
from mothertongue.study import read_study

QUIZ = {"question": "q", "A": "w", "B": "x", "C": "y", "D": "z", "answer": "B"}


def demo(files: dict[str, str]) -> dict:
    """The demo with files of one's own: benchmark or question set -> path."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    benchmarks = config["evaluate"]["benchmarks"]
    for name, path in files.items():
        if name == "questions":
            config["answer"]["questions"]["native"]["path"] = path
        elif name == "demonstrations":
            benchmarks["choice-native"]["demonstrations"] = path
        else:
            benchmarks[name]["dataset"] = {"path": path}
    return config


def told(config: dict, language: str = "es") -> list[str]:
    study = read_study(config, ROOT)
    jobs = [
        ("evaluate_benchmark", {"benchmark": b, "language": language}) for b in study.benchmarks
    ]
    jobs += [("draw_questions", {"questions": q, "language": language}) for q in study.questions]
    jobs += [("build_base", {"model": "tiny"}), ("finetune_lora", {"model": "tiny", "data": "x"})]
    return unreadable(study, ROOT / "tasks", jobs)


def test_the_demo_s_files_can_be_read(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert told(demo({})) == told(demo({}), "zh") == []


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("choice-native", {**QUIZ, "C": None}, "own_es.x, row 2: 'C' is empty"),
        ("demonstrations", {**QUIZ, "answer": "E"}, "own_es.x, row 2: the answer is 'E'"),
        ("arithmetic-native", {"question": "q", "answer_number": "two"}, "'two' is not a number"),
        ("reading-translated", {"context": "c", "question": "q"}, "no column 'answers'"),
        (
            "questions",
            {"id": "b", "text": "q", "reference": "r"},
            "own_es.x, row 2: 'prompt' is missing",
        ),
    ],
)
def test_a_file_that_no_test_can_use_is_named_with_its_row(
    tmp_path, monkeypatch, name, content, line
):
    good = {
        "arithmetic-native": {"question": "q", "answer_number": 5},
        "reading-translated": {"context": "c", "question": "q", "answers": ["c"]},
        "questions": {"id": "a", "prompt": "q", "reference": "r"},
    }.get(name, QUIZ)
    rows = "".join(json.dumps(row) + "\n" for row in (good, content))
    monkeypatch.chdir(ROOT)
    path = tmp_path / "own_es.jsonl"
    path.write_text(rows, encoding="utf-8")
    (found,) = told(demo({name: str(tmp_path / "own_{language}.jsonl")}))
    assert line.replace("own_es.x", str(path)) in found and "\n" not in found
    if name == "choice-native":
        config = demo({name: str(tmp_path / "own_{language}.jsonl")})
        config["evaluate"]["benchmarks"][name]["missing"] = "drop"
        assert told(config) == []


@pytest.mark.slow
def test_nothing_starts_while_a_benchmark_file_cannot_be_used(tmp_path):
    folder = checkout(tmp_path / "study")
    (folder / "own.jsonl").write_text(json.dumps({**QUIZ, "C": " "}) + "\n", encoding="utf-8")
    config = demo({"choice-native": "own.jsonl"})
    (folder / "mine.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = run_snakemake("evaluate", "--cores", "1", "--configfile", "mine.yaml", cwd=folder)
    assert done.returncode != 0
    assert "own.jsonl, row 1: 'C' is empty; mend the row, or leave such rows out" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(Path(folder / "results").rglob("*.jsonl"))
