"""Training in float16: the loss is scaled, gradients are those of float32, no step is lost."""

import pytest
import torch
from json_rows import rows_of
from mothertongue.finetune.batches import plan_micro_batches
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.lora import add_lora, lora_weights
from mothertongue.finetune.scale import FIRST
from mothertongue.finetune.train import Recipe, Trainer, TrainingError
from mothertongue.inference import models
from tiny_models import demo_rows, save_model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(save_model(tmp_path_factory.mktemp("base") / "llama"))


def trainer_on(base: str, dtype: str, rows: int = 12) -> Trainer:
    model, tokenizer = models.load_base(base, quantisation="none", dtype=dtype)
    tuned = add_lora(model, r=4, alpha=8, dropout=0.0, seed=1)
    examples, _ = encode_rows(
        rows_of(demo_rows(count=rows)), tokenizer, template="alpaca", max_length=128
    )
    recipe = Recipe(learning_rate=1e-3, epochs=1, effective_batch=6, seed=1)
    return Trainer(
        tuned, examples, examples[:3], recipe,
        pad=tokenizer.pad_token_id, budget=600, plan=plan_micro_batches,
    )  # fmt: skip


def test_gradients_are_those_of_float32(base):
    half, single = trainer_on(base, "float16"), trainer_on(base, "float32")
    assert half.run.scale == FIRST
    assert single.run.scale == 1
    for trainer in (half, single):
        trainer.model.train()
        trainer.add_gradients(trainer.training[:6], 0)
    for name, weight in half.weights.items():
        assert weight.dtype == torch.float32
        wanted = single.weights[name].grad
        assert (weight.grad - wanted).norm() <= 0.05 * wanted.norm() + 1e-9, name
    run = half.train()
    assert run.step == half.total
    assert run.gradients["modules"] == 6


@pytest.mark.slow
def test_an_overflow_halves_the_scale_and_repeats_the_step(base):
    trainer = trainer_on(base, "float16")
    trainer.model.train()
    trainer.add_gradients(trainer.training[:6], 0)
    expected = {name: weight.grad.clone() for name, weight in trainer.weights.items()}
    trainer.optimizer.zero_grad()
    trainer.run.scale = 2.0**30
    trainer.add_gradients(trainer.training[:6], 0)
    assert 1 < trainer.run.scale < 2.0**30
    for name, weight in lora_weights(trainer.model).items():
        torch.testing.assert_close(weight.grad, expected[name], rtol=0.05, atol=1e-6)


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_at_scale_one(base):
    trainer = trainer_on(base, "float16")
    weight = next(weight for name, weight in trainer.weights.items() if "lora_A" in name)
    weight.data.fill_(float("nan"))
    with pytest.raises(TrainingError, match="the loss is nan"):
        trainer.do_step()
    assert trainer.run.scale == 1


@pytest.mark.parametrize(("native", "expected"), [(True, "bfloat16"), (False, "float16")])
def test_bfloat16_only_where_it_is_native(monkeypatch, native, expected):
    def supported(including_emulation=True):
        return including_emulation or native  # as a T4 answers

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert models.pick_dtype("auto", "cuda:0") == getattr(torch, expected)
    assert models.pick_dtype("auto", "cpu") == torch.float32
    assert models.pick_dtype("float32", "cuda:0") == torch.float32
