"""Rows that hold test items are left out before anything is drawn, where the study asks for it."""

import json

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from json_rows import read_dataset
from mothertongue.files import read_json, read_jsonl


def study(folder, how):
    """The demo in Spanish, whose native data hold two questions of its multiple-choice test."""
    rows = read_jsonl(SMALL / "resources/demo/aya/es.jsonl")
    items = read_jsonl(SMALL / "resources/demo/benchmarks/choice_native_es.test.jsonl")[:2]
    leaks = [
        {
            **rows[0],
            "inputs": f"Responde a esto: {item['Question']}",
            "targets": "No lo sé con seguridad.",
        }
        for item in items
    ]
    lines = [json.dumps(row) for row in [*rows, *leaks]]
    (folder / "es.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["languages"] = {"es": {}}
    config["sample"] = {
        "dataset": {"path": ["es.jsonl", "resources/demo/aya/en.jsonl"]}, "decontaminate": how,
    }  # fmt: skip
    config["conditions"] = [{"data": ["native", "fluent"], "scope": ["es"], "lr": ["high"]}]
    config["answer"], config["judge"] = {}, {}
    benchmarks = config["evaluate"]["benchmarks"]
    del benchmarks["native-perplexity"]
    for entry in benchmarks.values():
        entry["languages"] = ["es"]
    config["models"]["tiny"]["build"]["languages"] = ["es"]
    (folder / "own.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return [leak["inputs"] for leak in leaks], len(rows)


@pytest.mark.slow
def test_rows_that_hold_items_are_left_out_and_counted(tmp_path):
    folder = checkout(tmp_path / "clone")
    targets = ("results/sample/native/es.jsonl", "results/sample/english/es.jsonl")

    def sampled(how):
        leaks, own = study(folder, how)
        done = run_snakemake(*targets, "--cores", "1", "--configfile", "own.yaml", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        texts = [row["instruction"] for row in read_dataset(folder / targets[0])]
        return leaks, own, texts, read_json(folder / "results/sample/report/es.json")

    leaks, own, texts, report = sampled("report")
    assert set(leaks) <= set(texts) and report["left_out"]["test_items"] == 0
    leaks, own, texts, report = sampled("drop")
    assert not set(leaks) & set(texts)
    assert report["test_items"]["choice-native"] >= len(leaks)
    assert len(texts) == own + len(leaks) - report["left_out"]["test_items"] >= own - 2
    assert set(report["test_items"]) == {"choice-native", "reading-translated", "arithmetic-native"}
    english = read_json(folder / "results/sample/report/es.english.json")
    assert english["test_items"] == {}  # no benchmark of the study is in English
    again = run_snakemake(*targets, "-n", "--cores", "1", "--configfile", "own.yaml", cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_study_that_does_not_ask_has_no_such_parameter(tmp_path, monkeypatch):
    from mothertongue.rules.contamination import Decontaminating
    from planned import plan, w

    monkeypatch.chdir(ROOT)
    quiet = Decontaminating(plan(tmp_path))
    assert quiet.files() == quiet.params() == {}
    asked = Decontaminating(plan(tmp_path, ("sample.decontaminate", "drop")))
    params = asked.params()["decontaminate"](w(language="es"))
    names = {"choice-native", "reading-translated", "arithmetic-native"}
    assert {test["benchmark"] for test in params["tests"]} == names
    assert sum(test["files"] for test in params["tests"]) == len(
        asked.files()["tests"](w(language="es"))
    )
