"""One evaluation job: what it refuses, what it counts, and what its score file tells."""

import json
import os

import polars as pl
import pytest
from conftest import ROOT, SMALL
from mothertongue.errors import InputError
from mothertongue.files import file_hash
from tiny_models import save_adapter, save_model

pytestmark = pytest.mark.slow
READING = str(SMALL / "resources" / "demo" / "benchmarks" / "reading_translated_es.json")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def adapter(base, tmp_path_factory):
    return save_adapter(base, tmp_path_factory.mktemp("adapter") / "lora")


def evaluate(folder, base, adapter=None, **changes) -> dict:
    from evaluate_benchmark import main

    task = {"name": "extractive-qa", "shots": 0, "limit": 4, "max_new_tokens": 6, "hub": None}
    settings = {
        "score": folder / "es.json",
        "items": folder / "es.items.parquet",
        "adapter": adapter and adapter / "adapter_model.safetensors",
        "weights": None,
        "item_files": [READING],
        "demonstration_files": [],
        "condition": {"model": "tiny", "data": "native", "scope": "es", "lr": "high", "seed": "1"},
        "benchmark": "reading",
        "language": "es",
        "model": {"base": str(base)},
        "loading": {"quantisation": "none", "dtype": "float32", "template": "alpaca"},
        "task": task | {"digest": "abc"},
        "learning_rate": 1e-3,
        "tasks": ROOT / "tasks",
        "work": folder / "work",
    }
    main(**settings | changes)
    return json.loads((folder / "es.json").read_text(encoding="utf-8"))


def test_the_score_tells_where_it_comes_from(base, adapter, tmp_path):
    score = evaluate(tmp_path, base, adapter)
    told = score["provenance"]
    assert told["adapter"] == file_hash(adapter / "adapter_model.safetensors")
    assert told["adapter_config"] == file_hash(adapter / "adapter_config.json")
    assert told["adapter_proof"]["applied"]
    assert told["adapter_proof"]["max_change"] > 0
    assert told["base"] == str(base)
    assert told["files"] == {READING: file_hash(READING)}
    assert told["task"]["digest"] == "abc"
    assert told["task"]["language"] == "es"
    assert (told["quantisation"], told["dtype"], told["template"]) == ("none", "float32", "alpaca")
    assert told["compute_dtype"] == "torch.float32"
    assert told["device"] == "cpu"
    assert {"torch", "transformers", "peft", "bitsandbytes", "lm_eval"} <= set(told["versions"])
    assert told["prefixes_shared"] is True
    assert told["resumed_requests"] == 0
    assert told["work"]["tokens"] > 0
    assert told["seconds"]["cpu"] >= told["seconds"]["cpu_at_first_item"] > 0
    items = pl.read_parquet(tmp_path / "es.items.parquet")
    assert items.height == score["n"] == 4
    assert items["item"].n_unique() == 4
    assert not list((tmp_path / "work").iterdir())  # nothing is left to resume


def test_an_adapter_for_another_base_is_refused(base, adapter, tmp_path):
    other = save_model(tmp_path / "other")
    with pytest.raises(InputError, match=r"was tuned on .*tiny, not on .*other; remove") as found:
        evaluate(tmp_path, other, adapter)
    assert "\n" not in str(found.value)
    wide = save_model(tmp_path / "tiny", hidden_size=32)  # the same name, another shape
    with pytest.raises(InputError, match=r"do not fit .*tuned on another base of that name"):
        evaluate(tmp_path, wide, adapter)
    fused = save_model(tmp_path / "fused" / "tiny", "gpt2")  # and no such projections at all
    with pytest.raises(InputError, match="do not fit"):
        evaluate(tmp_path, fused, adapter)
    assert not (tmp_path / "es.json").exists()


def test_an_adapter_that_changes_nothing_stops_before_the_first_item(base, adapter, tmp_path):
    from mothertongue.inference.models import AdapterError
    from safetensors.torch import load_file, save_file

    idle = tmp_path / "idle"
    idle.mkdir()
    for path in adapter.iterdir():
        (idle / path.name).write_bytes(path.read_bytes())
    weights = load_file(idle / "adapter_model.safetensors")
    zeroed = {name: tensor * ("lora_B" not in name) for name, tensor in weights.items()}
    save_file(zeroed, idle / "adapter_model.safetensors")
    with pytest.raises(AdapterError, match="same with and without"):
        evaluate(tmp_path, base, idle)
    assert not (tmp_path / "work").exists()


def test_prompts_longer_than_the_model_are_counted_and_said(tmp_path, capsys):
    short = save_model(tmp_path / "short", max_position_embeddings=64)
    score = evaluate(tmp_path, short)
    assert score["cut"]["requests"] == 4
    assert score["cut"]["tokens"] > 4
    printed = capsys.readouterr().out
    assert f"cut: 4 prompts longer than the model, {score['cut']['tokens']} tokens" in printed
    task = score["provenance"]["task"] | {"max_new_tokens": 64}
    with pytest.raises(InputError, match=r"64 new tokens leave no room .* lower evaluate"):
        evaluate(tmp_path, short, task=task)


def test_an_architecture_without_a_usable_cache_is_told_in_the_score(tmp_path):
    score = evaluate(tmp_path, save_model(tmp_path / "mamba", "mamba"))
    assert score["provenance"]["prefixes_shared"] is False
    assert any("recurrent state" in note for note in score["notes"])


def test_finished_chunks_belong_to_one_adapter_task_and_setting(base, adapter, tmp_path):
    from mothertongue.evaluate.job import store_key
    from mothertongue.inference.finished import Store

    facts = {"adapter": "a", "task": {"digest": "d"}, "quantisation": "int8", "base": "b"}
    changed = [
        facts | {"adapter": "other"},
        facts | {"task": {"digest": "other"}},
        facts | {"quantisation": "none"},
        facts | {"base": "other"},
    ]
    keys = [store_key(entry) for entry in (facts, *changed)]
    assert len(set(keys)) == 5
    assert store_key(dict(reversed(facts.items()))) == keys[0]
    kept = Store(tmp_path, keys[0])
    kept.add({"request": 1})
    assert Store(tmp_path, keys[0]).found == {"request": 1}
    assert all(Store(tmp_path, key).resumed == 0 for key in keys[1:])


def test_a_process_that_serves_jobs_itself_takes_adapters_off(base, adapter, monkeypatch):
    """What a base server on a GPU does between two jobs, which it cannot fork."""
    import torch
    from mothertongue.inference import models
    from mothertongue.inference.base import BaseSpec, borrowed
    from mothertongue.preload import registry

    spec = BaseSpec.of_model({"base": str(base)}, "none", "float32")
    model, tokenizer = spec.load()
    monkeypatch.setitem(registry._loaded, spec.key, (model, tokenizer))
    monkeypatch.setitem(registry._loaded_by, spec.key, os.getpid())
    bare = models.probe_logits(model, tokenizer)
    modules = [name for name, _ in model.named_modules()]
    for _ in range(2):
        with borrowed(spec) as (kept, _):
            tuned = models.attach_adapter(kept, adapter)
            assert not torch.equal(models.probe_logits(tuned, tokenizer), bare)
        assert torch.equal(models.probe_logits(model, tokenizer), bare)
        assert [name for name, _ in model.named_modules()] == modules
