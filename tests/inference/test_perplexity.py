"""Held-out perplexity: of exactly the output, per token, per byte and in all."""

import json
import math

import polars as pl
import pytest
from conftest import ROOT
from json_rows import rows_of
from mothertongue.inference.models import load_base
from mothertongue.inference.templates import render_prompt
from tiny_models import demo_rows, save_model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def closing_base(base, tmp_path_factory):
    """The same base with a tokenizer that begins and closes every text."""
    import shutil

    from tokenizers import processors
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp("closing") / "tiny"
    shutil.copytree(base, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = tokenizer.eos_token
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{end} $A {end}", special_tokens=[(end, tokenizer.eos_token_id)]
    )
    tokenizer.save_pretrained(folder)
    return folder


def by_hand(base, rows: list[dict]) -> list[dict]:
    """Log-likelihoods from one plain pass per training row, by the training mask."""
    import torch
    from mothertongue.finetune.encode import encode_rows

    model, tokenizer = load_base(str(base), quantisation="none", dtype="float32")
    examples, _ = encode_rows(rows_of(rows), tokenizer, template="alpaca", max_length=512)
    found = []
    for row, example in zip(rows, examples, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([example.tokens])).logits[0].double().log_softmax(-1)
        scores = [
            logits[place - 1, example.tokens[place]].item()
            for place in range(example.prompt, len(example.tokens))
        ]
        prompt = tokenizer.decode(example.tokens[: example.prompt], skip_special_tokens=True)
        assert prompt == render_prompt(row["instruction"])
        found.append({"scores": scores[:-1], "end": scores[-1], "text": row["output"].strip()})
    return found


@pytest.mark.parametrize("kind", ["ordinary", "closing"])
@pytest.mark.parametrize("share", [True, False])
def test_what_is_scored_is_what_training_supervises(
    kind, share, base, closing_base, tmp_path, monkeypatch
):
    from evaluate_benchmark import main
    from mothertongue.inference import scoring

    if not share:
        monkeypatch.setattr(scoring, "why_not_shared", lambda *_: "a test says so")
    folder = base if kind == "ordinary" else closing_base
    rows = demo_rows(count=6)
    rows[0]["output"] = "  ¡Qué día! «Año nuevo» </s>\n"
    rows[1]["instruction"] = rows[2]["instruction"]  # a shared prompt
    heldout = tmp_path / "heldout.jsonl"
    heldout.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    main(
        score=tmp_path / "en.json",
        items=tmp_path / "en.items.parquet",
        adapter=None,
        weights=None,
        item_files=[str(heldout)],
        demonstration_files=[],
        condition={"model": "tiny", "data": "base", "scope": "none", "lr": "none", "seed": "0"},
        benchmark="native-perplexity",
        language="en",
        model={"base": str(folder)},
        loading={"quantisation": "none", "dtype": "float32", "template": "alpaca"},
        task={
            "name": "native-perplexity", "shots": 0, "limit": None, "max_new_tokens": None,
            "hub": None, "digest": "abc",
        },
        learning_rate=None,
        tasks=ROOT / "tasks",
        work=tmp_path / "work",
    )  # fmt: skip
    score = json.loads((tmp_path / "en.json").read_text(encoding="utf-8"))
    assert score["provenance"]["prefixes_shared"] == share
    assert score["provenance"]["ignored_generation_settings"] == {}
    items = {row["item"]: row for row in pl.read_parquet(tmp_path / "en.items.parquet").to_dicts()}
    expected = by_hand(folder, rows)
    for row, hand in zip(rows, expected, strict=True):
        item = items[row["id"]]
        assert item["tokens"] == len(hand["scores"])
        assert item["loglikelihood"] == pytest.approx(sum(hand["scores"]), abs=1e-3)
        assert item["end_loglikelihood"] == pytest.approx(hand["end"], abs=1e-4)
        assert item["bytes"] == len(hand["text"].encode())
        bits = -sum(hand["scores"]) / math.log(2) / item["bytes"]
        assert item["bits_per_byte"] == pytest.approx(bits, abs=1e-4)
        assert item["characters"] == len(hand["text"])
    total = -sum(sum(hand["scores"]) for hand in expected)
    metrics = {name: found["value"] for name, found in score["metrics"].items()}
    tokens = sum(len(hand["scores"]) for hand in expected)
    length = sum(len(hand["text"].encode()) for hand in expected)
    assert metrics["perplexity"] == pytest.approx(math.exp(total / tokens), rel=1e-5)
    assert metrics["bits_per_byte"] == pytest.approx(total / math.log(2) / length, rel=1e-5)
    assert metrics["loglikelihood"] == pytest.approx(-total / len(rows), rel=1e-5)
    assert score["metric"] == "perplexity"
    supervised = total - sum(hand["end"] for hand in expected)
    count = tokens + len(rows)
    assert score["with_end"] == {
        "loglikelihood": pytest.approx(-supervised, rel=1e-5),
        "tokens": count,
        "bytes": length,
        "perplexity": pytest.approx(math.exp(supervised / count), rel=1e-5),
        "bits_per_byte": pytest.approx(supervised / math.log(2) / length, rel=1e-5),
    }


def test_other_tasks_move_white_space_into_the_continuation_as_lm_eval_does(base):
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from mothertongue.inference.passage import Passage
    from mothertongue.inference.prefix import PrefixLM

    model, tokenizer = load_base(str(base), quantisation="none", dtype="float32")
    pairs = [("Question\nAnswer:\n", "yes"), ("Question\nAnswer: ", "no")]
    asked = [Instance("loglikelihood", {}, pair, n) for n, pair in enumerate(pairs)]
    ours = PrefixLM(model, tokenizer)
    found = ours.loglikelihood(asked)
    expected = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1).loglikelihood(asked, True)
    assert [value for value, _ in found] == pytest.approx([v for v, _ in expected], abs=1e-4)
    assert ours.scored_tokens(*pairs[0]) > len(tokenizer("yes")["input_ids"])
    passage = Passage(*pairs[0])
    ((value, *_),) = PrefixLM(model, tokenizer).loglikelihood(
        [Instance("loglikelihood", {}, passage, 0)]
    )
    assert value > found[0][0]  # the newline is not part of it
