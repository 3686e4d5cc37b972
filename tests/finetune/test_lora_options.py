"""Where LoRA sits and how it is scaled: peft's own options, through training, saving and scoring."""

from dataclasses import replace

import pytest
import torch
from json_rows import rows_of
from mothertongue.errors import InputError
from mothertongue.files import read_json
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.gradients import prove_gradients
from mothertongue.finetune.lora import add_lora, lora_modules, lora_targets, lora_weights
from mothertongue.finetune.loss import summed_loss
from mothertongue.finetune.recipe import Lora, Recipe
from mothertongue.inference.models import attach_adapter, load_base
from tiny_models import demo_rows, model_config, save_model

LAYERS = {
    "llama": {
        "attention": {"q_proj", "k_proj", "v_proj", "o_proj"},
        "all-linear": {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"},
    },
    "gpt2": {"attention": {"c_attn", "c_proj"}, "all-linear": {"c_attn", "c_proj", "c_fc"}},
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("targets", ["attention", "all-linear"])
def test_targets_are_those_of_the_name_and_all_linear_is_peft_s(kind, targets):
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(model_config(kind, 600, 0)).requires_grad_(False)
    names = lora_targets(model, targets)
    assert {name.rpartition(".")[2] for name in names} == LAYERS[kind][targets]
    assert not any("head" in name for name in names)
    if kind == "gpt2" and targets == "attention":
        assert not any("mlp" in name for name in names)
    if targets == "all-linear":
        config = LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear")
        theirs = AutoModelForCausalLM.from_config(model_config(kind, 600, 0))
        assert sorted(names) == sorted(lora_modules(get_peft_model(theirs, config)))


def test_named_modules_must_be_there():
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(model_config("llama", 600, 0))
    assert {n.rpartition(".")[2] for n in lora_targets(model, ["q_proj", "up_proj"])} == {
        "q_proj",
        "up_proj",
    }
    with pytest.raises(InputError, match=r"no linear module gate; it has down_proj, gate_proj"):
        lora_targets(model, ["q_proj", "gate"])


OPTIONS = [
    {"targets": "all-linear"},
    {"rank_stabilised": True},
    {"dora": True, "targets": "attention"},
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "quantisation"),
    # DoRA in 8 bits is refused before planning (study/recipes.py, tests/study/test_recipes.py).
    [(o, q) for o in OPTIONS for q in ("none", "int8") if not (o.get("dora") and q == "int8")],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_an_adapter_is_proved_saved_and_scored_as_peft_computes_it(tmp_path, options, quantisation):
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from mothertongue.finetune.outputs import save_adapter
    from mothertongue.inference.prefix import PrefixLM

    folder = save_model(tmp_path / "base")
    model, tokenizer = load_base(str(folder), quantisation=quantisation)
    tuned = add_lora(model, r=4, alpha=8, dropout=0.0, seed=1, **options)
    examples, _ = encode_rows(
        rows_of(demo_rows(count=4)), tokenizer, template="alpaca", max_length=128
    )
    tuned.train()
    optimizer = torch.optim.AdamW(lora_weights(tuned).values(), lr=1e-2)
    for example in examples:
        tokens = torch.tensor([example.tokens])
        summed_loss(tuned, tokens, tokens.clone()).backward()
        assert prove_gradients(tuned)["modules"] == len(lora_modules(tuned))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    adapter = tmp_path / "adapter" / "adapter_model.safetensors"
    adapter.parent.mkdir()
    save_adapter(tuned, adapter, adapter.with_name("adapter_config.json"), str(folder))
    settings = read_json(adapter.with_name("adapter_config.json"))
    assert settings["use_rslora"] == bool(options.get("rank_stabilised"))
    assert settings["use_dora"] == bool(options.get("dora"))
    base, tokenizer = load_base(str(folder), quantisation=quantisation)
    loaded = attach_adapter(base, adapter.parent)
    pairs = [("Name a colour.\n", "red"), ("Name a colour.\n", "a big dog"), ("One two", " three")]
    asked = [
        Instance(request_type="loglikelihood", doc={}, arguments=pair, idx=i)
        for i, pair in enumerate(pairs)
    ]
    stock = HFLM(pretrained=loaded, tokenizer=tokenizer, batch_size=1).loglikelihood(asked, True)
    ours = PrefixLM(loaded, tokenizer).loglikelihood(asked, True)
    tolerance = 1e-3 if quantisation == "none" else 0.05
    assert [a for a, _ in ours] == pytest.approx([b for b, _ in stock], abs=tolerance)


def test_options_that_are_not_used_leave_no_trace_in_a_recipe():
    """Else every adapter of earlier versions would be another one."""
    lora = {"r": 8, "alpha": 16, "dropout": 0.05}
    assert Lora.of(lora).settings() == lora
    assert Recipe(1e-4).encoding() == {"template": "alpaca", "max_length": 512}
    more = Lora.of({**lora, "targets": ["q_proj"], "dora": True})
    assert more.settings() == {**lora, "targets": ("q_proj",), "dora": True}
    changed = replace(Recipe(1e-4), lora=more, too_long="drop")
    assert changed.encoding()["too_long"] == "drop"
