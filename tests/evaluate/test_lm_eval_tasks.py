"""Any task of lm-eval by its name: the same scores as lm-eval's own evaluation of the same rows."""

import json

import lm_eval
import pytest
import torch
from conftest import ROOT
from harness_rows import ROWS, SHOTS
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.score import run
from mothertongue.files import write_jsonl
from mothertongue.inference.prefix import PrefixLM
from mothertongue.study.harness import find, folders_of
from tiny_models import save_model

TASKS = ROOT / "tasks"
NEW = 12  # tokens of a generated text


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small Llama in float32 and its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model")
    save_model(folder, "llama")
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def by_lm_eval(name, rows, model, shots, monkeypatch):
    """lm-eval's own evaluation, with its own model class, of its own task; `datasets` gives these rows."""
    import datasets
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    class Splits(dict):
        def __missing__(self, split):
            return datasets.Dataset.from_list(rows)

    monkeypatch.setattr(datasets, "load_dataset", lambda **_: Splits())
    found = find(name, folders_of())
    places = list(dict.fromkeys(str(part.path.parent) for part in found.parts))
    loaded, tokenizer = model
    return lm_eval.simple_evaluate(
        model=HFLM(pretrained=loaded, tokenizer=tokenizer, batch_size=1),
        tasks=[name],
        task_manager=TaskManager(include_defaults=False, include_path=places),
        num_fewshot=shots,
        gen_kwargs={"max_gen_toks": NEW},
        bootstrap_iters=0,
        log_samples=True,
    )


def by_us(name, file, model, shots):
    loaded = load_task(
        name,
        "es",
        folder=TASKS,
        files=[str(file)],
        demonstrations=[str(file)],
        shots=shots,
        max_new_tokens=NEW,
    )
    base, tokenizer = model
    return run(PrefixLM(base, tokenizer), loaded, "es")


@pytest.mark.parametrize("name", ROWS)
def test_scores_are_those_of_lm_eval(name, model, tmp_path, monkeypatch):
    file = tmp_path / "rows.jsonl"
    write_jsonl(file, ROWS[name])
    score, rows = by_us(name, file, model, SHOTS.get(name, 0))
    theirs = by_lm_eval(name, ROWS[name], model, SHOTS.get(name, 0), monkeypatch)
    values = {k: v for k, v in theirs["results"][name].items() if "," in k and "stderr" not in k}
    filters = {key.rpartition(",")[2] for key in values}
    assert len(values) == len(score.metrics) > 0
    for key, value in values.items():
        metric, _, filter_name = key.rpartition(",")
        ours = metric if len(filters) == 1 else f"{metric}-{filter_name}"
        ours = "text_perplexity" if "lambada" in name and metric == "perplexity" else ours
        scale = 100 if score.unit[ours] == "%" else 1
        assert score.metrics[ours]["value"] == pytest.approx(scale * value, rel=1e-4), ours
        assert (score.metrics[ours]["stderr"] is None) or score.metrics[ours]["stderr"] >= 0
    samples = [s for part in theirs["samples"].values() for s in part]
    first = [s for s in samples if s["filter"] == samples[0]["filter"]]
    assert len(first) == len(rows) == score.n
    for sample, row in zip(first, rows, strict=True):
        if "options" in row:
            wanted = [reply[0][0] for reply in sample["resps"]]
            assert row["options"] == pytest.approx(wanted, abs=1e-4)
        elif "output_tokens" in row:
            assert row["prediction"] == sample["resps"][0][0]
        elif "loglikelihood" in row:
            reply = sample["resps"][0][0]
            wanted = reply[0] if isinstance(reply, tuple | list) else reply
            assert row["loglikelihood"] == pytest.approx(wanted, abs=1e-4)
    assert len({row["item"] for row in rows}) == len(rows)
    json.dumps(score.metrics)
