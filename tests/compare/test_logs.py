"""Logs of Inspect, lighteval's columns, score files of a study, Every Eval Ever records."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from conftest import ROOT
from environments import environment
from mothertongue.collect.every_eval import write_record
from mothertongue.compare import compare_logs
from mothertongue.compare.__main__ import main
from mothertongue.compare.readers import read
from mothertongue.compare.results import ALL
from mothertongue.files import read_jsonl, write_json, write_jsonl

# -- Inspect -------------------------------------------------------------------------------------


@pytest.mark.long
def test_logs_of_inspect(tmp_path):
    """Both formats, by Inspect's own library, in an environment of its own."""
    python = environment(
        tmp_path / "env", "inspect_ai", "polars", "scipy", "numpy", "pyyaml", "rich"
    )
    script = ROOT / "tests/support/inspect_logs.py"
    own = {**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")}
    for form, epochs in (("eval", "1"), ("json", "2")):
        folder = tmp_path / form
        subprocess.run([python, script, folder, form, epochs], check=True)
        words = [python, "-m", "mothertongue.compare", folder / "one", folder / "two", "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=own, check=True)
        results = json.loads(done.stdout)["results"]
        assert [(r["name"], r["items"]) for r in results] == [
            *(("sums", 30), ("picks", 30), ("all tasks", 60)),
        ] or {r["name"] for r in results} == {"sums", "picks", "all tasks"}
        assert all(r["verdict"] == "better" for r in results)
        assert next(r for r in results if r["name"] == "picks")["chance"] == pytest.approx(100 / 3)
    (log,) = (tmp_path / "eval/one").glob("*sums*")
    log.write_bytes(log.read_bytes()[:-300])
    words = [python, "-m", "mothertongue.compare", tmp_path / "eval/one", tmp_path / "eval/two"]
    done = subprocess.run(words, capture_output=True, text=True, env=own, check=False)
    assert done.returncode == 2 and "cut or damaged" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif("inspect_ai" in sys.modules, reason="inspect_ai is installed")
def test_without_inspect_its_logs_say_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    for name in "ab":
        (tmp_path / f"{name}.json").write_text('{"version": 2, "status": "success", "eval": {}}')
    assert main([str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2
    assert "pip install inspect_ai" in capsys.readouterr().err


# -- lighteval -----------------------------------------------------------------------------------


def details(folder, model, scores, *, old=False):
    """A details file with lighteval's columns and name."""
    at = folder / "details" / "org" / model / "2026-01-02T03-04-05.000001"
    at.mkdir(parents=True)
    rows = []
    for number, value in enumerate(scores):
        query, choices = f"Question {number}?", ["a", "b", "c", "d"]
        if old:
            row = {
                "example": query,
                "full_prompt": f"Say. {query}",
                "choices": choices,
                "gold": ["a"],
            }
            rows.append({**row, "metrics": {"acc": value, "acc_norm": value}})
        else:
            doc = {"query": query, "choices": choices, "gold_index": 0}
            response = {"input": f"Say. {query}", "text": ["a"]}
            rows.append({"doc": doc, "metric": {"acc": value}, "model_response": response})
    pl.DataFrame(rows).write_parquet(at / f"details_leaderboard|arc|5_{at.name}.parquet")


@pytest.mark.parametrize("old", [False, True])
def test_details_of_lighteval(tmp_path, old):
    scores = [1.0, 0.0] * 20
    details(tmp_path / "a", "one", scores, old=old)
    details(tmp_path / "b", "two", [1.0] * 40, old=old)
    (result,) = compare_logs([tmp_path / "a", tmp_path / "b"]).results
    assert (result.name, result.first_score, result.second_score) == (
        "leaderboard|arc",
        50.0,
        100.0,
    )
    assert result.chance == 25.0
    (block,) = [b for b in read(tmp_path / "a").blocks if b.metric == "acc"]
    assert (block.model, block.settings.shots) == ("org/one", "5")


def test_a_folder_of_several_models_compares_them(tmp_path):
    for model, share in (("one", 0.2), ("two", 0.9), ("three", 0.5)):
        scores = [float(n / 60 < share) for n in range(60)]
        details(tmp_path / "all", model, scores)
    found = compare_logs([tmp_path / "all"])
    assert len(found.runs) == 3 and found.rankings[0].best == ["org/two"]


# -- score files of a study, and Every Eval Ever records -----------------------------------------


def score_file(folder, values, *, seed=1, data="native"):
    """A score file and its items, in the form of docs/results.md."""
    path = folder / f"evaluate/tiny/{data}/es/high/seed{seed}/belebele/es.json"
    ids = [f"item{n}" for n in range(len(values))]
    mean = 100 * float(np.mean(values))
    condition = {"model": "tiny", "data": data, "scope": "es", "lr": "high", "seed": str(seed)}
    content = {
        "benchmark": "belebele", "task": "belebele_spa_Latn", "language": "es", "metric": "acc",
        "condition": condition, "metrics": {"acc": {"value": mean, "stderr": 1.0, "n": len(ids)}},
        "unit": {"acc": "%"}, "higher_is_better": {"acc": True}, "chance": 25.0, "n": len(ids),
        "version": 0.0, "shots": 0, "data": {"belebele": "belebele.jsonl"},
        "provenance": {"base": "owner/tiny", "template_hash": "abc"},
    }  # fmt: skip
    write_json(path, content)
    items = {
        "item": ids, "cluster": [f"page{n // 2}" for n in range(len(ids))], "acc": values,
        "prompt_hash": [f"hash{n}" for n in ids], "target": ["0"] * len(ids), "prediction": ["1"] * len(ids),
    }  # fmt: skip
    pl.DataFrame(items).write_parquet(path.with_suffix(".items.parquet"))
    return path


def test_score_files_of_a_study(tmp_path):
    for seed in (1, 2):
        score_file(tmp_path / "a", [1.0, 0.0] * 30, seed=seed)
        score_file(tmp_path / "b", [1.0] * 50 + [0.0] * 10, seed=seed, data="google")
    (result,) = compare_logs([tmp_path / "a", tmp_path / "b"]).results
    assert (result.language, result.clusters, result.replicates) == ("es", 30, 2)
    assert (result.first_score, result.chance) == (50.0, 25.0)


def test_records_say_what_score_files_say(tmp_path):
    for name, values in (("a", [1.0, 0.0] * 30), ("b", [1.0] * 50 + [0.0] * 10)):
        write_record(score_file(tmp_path / name, values), tmp_path / f"{name}-records")
    (own,) = compare_logs([tmp_path / "a", tmp_path / "b"]).results
    (theirs,) = compare_logs([tmp_path / "a-records", tmp_path / "b-records"]).results
    for field in ("difference", "stderr", "p", "items", "clusters", "language", "name", "metric"):
        assert getattr(own, field) == getattr(theirs, field)


def test_records_whose_samples_are_missing(tmp_path, capsys):
    record = write_record(score_file(tmp_path / "a", [1.0, 0.0] * 5), tmp_path / "records")
    samples = record.with_name(f"{record.stem}_samples.jsonl")
    write_jsonl(samples, read_jsonl(samples)[:-1])
    assert main([f"a={record}", f"b={record}"]) == 2
    assert "9 of 10 rows" in capsys.readouterr().err
    samples.unlink()
    assert main([f"a={record}", f"b={record}"]) == 2
    assert "are missing; items are what is paired" in capsys.readouterr().err


@pytest.mark.long
def test_records_are_accepted_by_their_validator(tmp_path):
    """The validator of the released package (0.3.0), strict and without a warning."""
    for name, data in (("a", "native"), ("b", "base")):
        write_record(score_file(tmp_path / name, [1.0, 0.0] * 5, data=data), tmp_path / "records")
    words = [
        *(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"),
        *("--python-version", "3.12", "-d", str(tmp_path), "every-eval-ever==0.3.0"),
    ]
    subprocess.run(words, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "package", format="zip")
    records = tmp_path / "records"
    files = [str(p.relative_to(records)) for p in sorted(records.rglob("*")) if p.is_file()]
    code = "import sys; from every_eval_ever.validator.validate import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "--format", "json", *files],
        capture_output=True, text=True, cwd=records,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "package")}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(json.loads(done.stdout)) == 4 and "warn" not in done.stderr


def test_all_tasks_leave_out_what_is_no_percentage(tmp_path):
    rows = [
        {"task": task, "item": n, "score": value}
        for task, values in (("a", [0, 1] * 20), ("b", [1, 0] * 20), ("c", [3, 5] * 20))
        for n, value in enumerate(values)
    ]
    for name in "ab":
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.csv")
    found = compare_logs([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert next(r for r in found.results if r.level == ALL).items == 80
    assert "no points of 100, not in the mean over all: c" in found.notes
