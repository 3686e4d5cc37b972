"""Logs that lm-eval itself writes, in several versions, and broken ones."""

import json
import shutil
from pathlib import Path

import harness_logs
import numpy as np
import pytest
from environments import environment
from mothertongue.compare import compare_logs
from mothertongue.compare.__main__ import main
from mothertongue.compare.readers.lm_eval_samples import quick_table, read_table
from mothertongue.compare.results import GROUP, TASK
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
        (with_nan, "acc of 24 items is no finite number"),
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


# -- many lines at once --------------------------------------------------------------------------


def line_of(number, *, keys_first=()):
    """A sample as lm-eval writes it; `keys_first`: keys that stand before all others.

    Its texts hold what is searched for in a line, and lines differ in length and in options.
    """
    traps = '{"doc_hash": 1, "filter": "x", "gen_args_7": {"arg_0": ' * (number % 3)
    document = {"q": traps, "filter": "theirs"} if number % 2 else {"q": "é" * number}
    row = {
        "doc_id": number, "doc": document, "target": 1,
        "arguments": {f"gen_args_{n}": {"arg_0": traps} for n in range(2 + 10 * (number % 2))},
        "resps": [[traps]], "filtered_resps": [traps], "filter": f"none{number % 2}",
        "metrics": ["acc", "word_perplexity"], "doc_hash": f"d{number}", "prompt_hash": f"p{number}",
        "target_hash": "t", "acc": float(number % 2), "word_perplexity": [-2.5 * number, 10],
    }  # fmt: skip
    return {**{key: row[key] for key in keys_first}, **row}


def test_samples_read_from_their_ends_are_those_read_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("mothertongue.compare.readers.lm_eval_samples.LINES", 7)
    for name, first in (("quick", ()), ("whole", ("acc", "doc"))):
        write_jsonl(tmp_path / name, [line_of(n, keys_first=first) for n in range(1, 41)])
    assert quick_table(tmp_path / "whole", ["acc"]) is None
    quick = quick_table(tmp_path / "quick", ["acc", "word_perplexity"])
    whole, names = read_table(tmp_path / "whole")
    assert quick.equals(whole) and names == ["acc", "word_perplexity"]
    assert whole["options"].to_list() == [12, 2] * 20


def test_samples_without_a_filter_are_read_from_their_ends(tmp_path):
    rows = [{k: v for k, v in line_of(n).items() if k != "filter"} for n in range(0, 20, 2)]
    write_jsonl(tmp_path / "older", rows)  # as before 0.4.9
    quick = quick_table(tmp_path / "older", ["acc", "word_perplexity"])
    assert quick is not None and quick["filter"].null_count() == 10
    write_jsonl(tmp_path / "theirs", [{**row, "doc": {"q": 1, "filter": "x"}} for row in rows])
    assert quick_table(tmp_path / "theirs", ["acc"]) is None  # read line by line
    assert read_table(tmp_path / "theirs")[0].drop("filter").equals(quick.drop("filter"))
