"""Logs of other tools: lm-eval's own, Inspect's own, lighteval's columns, records, and broken ones."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import harness_logs
import numpy as np
import polars as pl
import pytest
from conftest import ROOT
from mothertongue.collect.every_eval import write_record
from mothertongue.compare import compare_logs
from mothertongue.compare.__main__ import main
from mothertongue.compare.readers import read
from mothertongue.compare.readers.lm_eval_samples import quick_table, read_table
from mothertongue.compare.results import ALL, GROUP, TASK
from mothertongue.files import read_jsonl, write_json, write_jsonl
from scipy import stats
from tiny_models import save_model

TASKS = ("sights", "sounds", "names")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two tiny models that answer differently."""
    folder = tmp_path_factory.mktemp("models")
    for name, layers in (("one", 1), ("two", 2)):
        save_model(folder / name, "llama", num_hidden_layers=layers)
    return folder


@pytest.fixture(scope="module")
def harness(models, tmp_path_factory):
    """Logs of both, and lm-eval's own results."""
    folder = tmp_path_factory.mktemp("harness")
    tasks = harness_logs.write_tasks(folder / "tasks")
    own = {
        name: harness_logs.evaluate(tasks, models / name, folder / name) for name in ("one", "two")
    }
    return folder, own


def copied(harness, tmp_path, *names):
    """Logs that a test may break."""
    for name in names or ("one", "two"):
        shutil.copytree(harness[0] / name, tmp_path / name)
    return [tmp_path / name for name in ("one", "two")]


def samples_of(folder, task):
    (path,) = folder.rglob(f"samples_{task}_*.jsonl")
    return path


# -- lm-eval -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_scores_are_those_of_lm_eval(harness):
    folder, own = harness
    found = compare_logs([folder / "one", folder / "two"], metrics=["all"])
    tasks = {(r.name, r.metric): r for r in found.results if r.level == TASK}
    assert {name for name, _ in tasks} == set(TASKS) and len(tasks) == 5
    for (task, metric), result in tasks.items():
        theirs = [100 * own[name]["results"][task][f"{metric},none"] for name in ("one", "two")]
        assert [result.first_score, result.second_score] == pytest.approx(theirs)
    group = next(r for r in found.results if r.level == GROUP)
    assert (group.name, group.items, group.metric) == ("words", 48, "acc")
    assert not found.mismatches and not found.notes


@pytest.mark.slow
def test_p_values_are_those_of_scipy(harness):
    folder, _ = harness
    result = next(
        r for r in compare_logs([folder / "one", folder / "two"]).results if r.name == "sights"
    )
    rows = [
        {row["doc_hash"]: row["acc"] for row in read_jsonl(samples_of(folder / name, "sights"))}
        for name in ("one", "two")
    ]
    gaps = np.array([rows[1][key] - rows[0][key] for key in rows[0]])
    up, down = int((gaps > 0).sum()), int((gaps < 0).sum())
    assert result.p == pytest.approx(stats.binomtest(up, up + down).pvalue if up + down else 1.0)
    options = [
        1 / len(row["arguments"]) for row in read_jsonl(samples_of(folder / "one", "sights"))
    ]
    assert result.chance == pytest.approx(100 * np.mean(options))


@pytest.mark.slow
def test_items_pair_by_their_content_not_by_their_place(harness, tmp_path):
    one, two = copied(harness, tmp_path)
    path = samples_of(two, "sights")
    rows = read_jsonl(path)
    write_jsonl(path, [{**row, "doc_id": n} for n, row in enumerate(reversed(rows))])
    found = compare_logs([one, two], tasks=["sights"])
    whole = compare_logs([harness[0] / "one", harness[0] / "two"], tasks=["sights"])
    assert found.results == whole.results


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def shorter(path):
    write_jsonl(path, read_jsonl(path)[:-3])


def with_nan(path):
    rows = read_jsonl(path)
    path.write_text("\n".join(json.dumps({**row, "acc": float("nan")}) for row in rows))


def doubled(path):
    rows = read_jsonl(path)
    write_jsonl(path, [*rows[:-1], rows[0]])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "line 24: cut or damaged, no sample of lm-eval"),
        (shorter, "21 of the 24 samples of sights are there"),
        (with_nan, "acc of 24 items is NaN or empty"),
        (doubled, "document 0 stands twice"),
        (Path.unlink, "no samples of sights beside it; run lm-eval with --log_samples"),
    ],
)
def test_broken_logs_give_one_line(harness, tmp_path, capsys, damage, said):
    one, two = copied(harness, tmp_path)
    damage(samples_of(two, "sights"))
    assert main([str(one), str(two)]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1


@pytest.mark.slow
def test_other_demonstrations_are_refused_unless_anyway(harness, models, tmp_path, capsys):
    tasks = harness_logs.write_tasks(tmp_path / "tasks", shots=2)
    harness_logs.evaluate(tasks, models / "two", tmp_path / "two", ("sights",))
    capsys.readouterr()
    runs = [str(harness[0] / "one"), str(tmp_path / "two")]
    assert main(runs) == 2
    shown = capsys.readouterr().err
    assert "shots 0 and 2" in shown and "--anyway" in shown and shown.count("\n") == 1
    assert main([*runs, "--anyway"]) == 0
    assert capsys.readouterr().out.startswith("Different tests: sights: one and two differ in")


def with_version(folder):
    (path,) = folder.rglob("results_*.json")
    content = json.loads(path.read_text())
    write_json(path, {**content, "versions": {**content["versions"], "sights": 2.0}})


def with_template(folder):
    (path,) = folder.rglob("results_*.json")
    write_json(path, {**json.loads(path.read_text()), "chat_template_sha": "other"})


def with_prompts(folder):
    path = samples_of(folder, "sights")
    rows = read_jsonl(path)
    write_jsonl(path, [{**row, "prompt_hash": f"other {row['doc_id']}"} for row in rows])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_version, "sights: one and two differ in task version 1.0 and 2.0"),
        (with_template, "chat template none and other"),
        (with_prompts, "prompts of 24 of 24 items"),
    ],
)
def test_different_tests_are_refused(harness, tmp_path, capsys, change, said):
    one, two = copied(harness, tmp_path)
    change(two)
    assert main([str(one), str(two)]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1


VERSIONS = ("0.4.2", "0.4.5", "0.4.9")
OLDER = (  # with which these versions of lm-eval still work
    "transformers==4.57.*", "huggingface_hub<1", "tokenizers==0.22.*", "datasets==3.6.0",
    "fsspec==2025.3.0", "dill==0.3.8", "multiprocess==0.70.16", "peft==0.17.*", "accelerate==1.10.*",
)  # fmt: skip
EXACT_MATCH = """import datasets
import evaluate


class ExactMatch(evaluate.Metric):
    def _info(self):
        text = {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="", features=datasets.Features(text)
        )

    def _compute(self, predictions, references, **_):
        same = [one == two for one, two in zip(predictions, references)]
        return {"exact_match": sum(same) / len(same)}
"""


def environment(folder, *packages, dependencies=True):
    """A Python with packages of its own before those of this one."""
    venv.create(folder, with_pip=True)
    (own,) = folder.glob("lib/python*/site-packages")
    if not dependencies:
        (own / "zz-below.pth").write_text(str(Path(pl.__file__).parents[1]))
    words = [folder / "bin/python", "-m", "pip", "install", "-q", *packages]
    subprocess.run([*words, *(() if dependencies else ("--no-deps",))], check=True)
    return str(folder / "bin/python")


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_logs_of_older_versions_of_lm_eval(harness, models, tmp_path, version, monkeypatch):
    """The same models and tasks, evaluated by an older lm-eval: the same comparison."""
    python = environment(tmp_path / "env", f"lm_eval=={version}", *OLDER, dependencies=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "exact_match").mkdir()  # which 0.4.2 would fetch when it is imported
    (tmp_path / "exact_match/exact_match.py").write_text(EXACT_MATCH)
    for name in ("one", "two"):
        shutil.copytree(models / name, tmp_path / "models" / name)
        config = tmp_path / "models" / name / "tokenizer_config.json"
        known = json.loads(config.read_text())
        config.write_text(json.dumps({**known, "tokenizer_class": "PreTrainedTokenizerFast"}))
        tasks, model = harness[0] / "tasks", tmp_path / "models" / name
        harness_logs.by_command(python, tasks, model, tmp_path / "logs" / name, tmp_path)
    found = compare_logs([tmp_path / "logs/one", tmp_path / "logs/two"])
    now = compare_logs([harness[0] / "one", harness[0] / "two"])
    wanted = {r.name: (r.first_score, r.second_score, r.p) for r in now.results if r.level == TASK}
    assert {
        r.name: (r.first_score, r.second_score, r.p) for r in found.results if r.level == TASK
    } == wanted


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


def lm_eval_line(number, *, keys_first=()):
    """A sample as lm-eval writes it; `keys_first`: keys that stand before all others."""
    row = {
        "doc_id": number, "doc": {"q": 'a "doc_hash": ' * (number % 2)}, "target": 1,
        "arguments": {"gen_args_0": {"arg_0": "x"}, "gen_args_1": {"arg_0": "y"}}, "resps": [],
        "filtered_resps": [], "filter": "none", "metrics": ["acc", "word_perplexity"],
        "doc_hash": f"d{number}", "prompt_hash": f"p{number}", "target_hash": "t",
        "acc": float(number % 2), "word_perplexity": [-2.5 * number, 10],
    }  # fmt: skip
    return {**{key: row[key] for key in keys_first}, **row}


def test_samples_of_lm_eval_read_from_their_ends_are_those_read_as_a_whole(tmp_path):
    for name, first in (("quick", ()), ("whole", ("acc", "doc"))):
        write_jsonl(tmp_path / name, [lm_eval_line(n, keys_first=first) for n in range(1, 41)])
    assert quick_table(tmp_path / "whole", ["acc"]) is None
    quick = quick_table(tmp_path / "quick", ["acc", "word_perplexity"])
    whole, names = read_table(tmp_path / "whole")
    assert quick.equals(whole) and names == ["acc", "word_perplexity"]
    assert whole["options"].to_list() == [2] * 40
