"""Scores are read in float32, whatever the model's type."""

import copy
import random

import pytest
from tiny_models import demo_rows, model_config, texts_of, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(texts_of(demo_rows()), 600)


def model_of(kind: str, tokenizer, dtype):
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(4)
    config = model_config(kind, len(tokenizer) + 8, tokenizer.eos_token_id)
    return AutoModelForCausalLM.from_config(config).to(dtype).eval()


def choices(count: int) -> list[tuple[str, str]]:
    words = [word for row in demo_rows() for word in row["output"].split()]
    chance = random.Random(7)
    questions = [" ".join(chance.sample(words, 12)) + "\nAnswer:" for _ in range(count)]
    return [(question, f" {letter}") for question in questions for letter in "ABCD"]


def scores(lm, pairs) -> list[float]:
    from lm_eval.api.instance import Instance

    asked = [Instance("loglikelihood", {}, pair, n) for n, pair in enumerate(pairs)]
    return [value for value, _ in lm.loglikelihood(asked)]


def ties(values: list[float]) -> int:
    rows = [values[start : start + 4] for start in range(0, len(values), 4)]
    return sum(row.count(max(row)) > 1 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("kind", ["llama", "gemma2", "gpt-neox"])
def test_bfloat16_scores_are_those_of_a_float32_head(kind, share, tokenizer):
    import torch
    from mothertongue.inference.prefix import PrefixLM

    model = model_of(kind, tokenizer, torch.bfloat16)
    lm = PrefixLM(model, tokenizer)
    lm.share = share
    pairs = choices(40)
    found = scores(lm, pairs)
    head = copy.deepcopy(model.get_output_embeddings()).float()
    cap = getattr(model.config, "final_logit_softcapping", None)
    plain = []
    for number, (context, continuation) in enumerate(pairs):
        before = tokenizer(context)["input_ids"]
        whole = tokenizer(context + continuation)["input_ids"]
        with torch.no_grad():
            states = model.base_model(torch.tensor([whole[:-1]])).last_hidden_state[0]
            logits = head(states.float())
            rounded = model.get_output_embeddings()(states)
        if cap:
            logits, rounded = (cap * torch.tanh(values / cap) for values in (logits, rounded))
        logits = logits.log_softmax(-1)
        rounded = rounded.log_softmax(-1)
        places = range(len(before), len(whole))
        expected = sum(logits[place - 1, whole[place]].item() for place in places)
        # sums of hidden states depend on the batch in 16 bits, hence the tolerance
        assert found[number] == pytest.approx(expected, abs=0.02)
        plain.append(sum(rounded[place - 1, whole[place]].item() for place in places))
    assert ties(found) == 0
    assert ties(plain) > 0
    with torch.no_grad():  # the model itself is as it was
        assert model(torch.tensor([[1, 2, 3]])).logits.dtype == torch.bfloat16


@pytest.mark.parametrize("bias", [True, False])
def test_exact_logits_are_the_layer_s_in_float32(bias):
    import torch
    from mothertongue.inference import head

    layer = torch.nn.Linear(16, 40_000, bias=bias).to(torch.bfloat16)
    states = torch.randn(3, 16, dtype=torch.bfloat16)
    expected = copy.deepcopy(layer).float()(states.float())
    with torch.no_grad():
        torch.testing.assert_close(head.exact_logits(states, layer), expected)
        with head.exact_head(layer):
            torch.testing.assert_close(layer(states), expected)
    assert layer(states).dtype == torch.bfloat16
    assert "forward" not in vars(layer)


def test_ties_are_counted():
    from mothertongue.evaluate.score import make_row

    doc = {"id": "q1", "subject": "s", "cluster": "q1", "gold": 0}
    for likelihoods, tied in (([-1.0, -1.0, -2.0, -3.0], True), ([-1.0, -2.0, -2.0, -3.0], False)):
        sample = {
            "doc": doc, "arguments": [("Q", " A")], "acc": 1.0,
            "filtered_resps": [(value, False) for value in likelihoods],
        }  # fmt: skip
        row = make_row(sample, "choice", None)
        assert row["tied"] == tied
        assert row["prediction"] == "A"
