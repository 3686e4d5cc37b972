"""LoRA on a bfloat16 base: computes in bfloat16, keeps less, and trains and scores as in float32."""

from contextlib import contextmanager

import pytest
import torch
from json_rows import rows_of
from mothertongue.finetune import lora
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.loss import summed_loss
from mothertongue.finetune.recipe import Recipe
from mothertongue.finetune.train import Trainer
from mothertongue.inference import adapters, models
from tiny_models import demo_rows, save_model
from transformers import LlamaConfig, LlamaForCausalLM

SETTINGS = {"r": 8, "alpha": 16, "dropout": 0.05, "seed": 1}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return str(save_model(tmp_path_factory.mktemp("base") / "llama"))


@contextmanager
def as_peft_has_it(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(adapters, "train_in_compute_type", lambda tuned: None)
        patch.setattr(adapters, "infer_in_compute_type", lambda tuned: None)
        yield


def trained(base: str, rate: float, dtype: str = "bfloat16") -> Trainer:
    model, tokenizer = models.load_base(base, quantisation="none", dtype=dtype)
    examples, _ = encode_rows(
        rows_of(demo_rows(count=12)), tokenizer, template="alpaca", max_length=128
    )
    recipe = Recipe(learning_rate=rate, epochs=2, effective_batch=6)
    tuned = lora.add_lora(model, **SETTINGS)
    trainer = Trainer(tuned, examples, examples[:2], recipe, pad=tokenizer.pad_token_id, budget=600)
    trainer.train()
    return trainer


def kept_bytes(model, tokens: int) -> int:
    """Bytes that one forward pass keeps for the way back, beside weights; shared storages once."""
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept: dict[int, int] = {}
    alive = []

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # so that no address is given again
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        ids = torch.zeros((1, tokens), dtype=torch.long)
        model.base_model.model.model(input_ids=ids, use_cache=False)
    return sum(kept.values())


LAYERS, WIDTH = 2, 512


def shaped_like_llama2():
    """Layers with the proportions of Llama-2-7B, in bfloat16, with LoRA."""
    config = LlamaConfig(
        hidden_size=WIDTH, intermediate_size=11008 * WIDTH // 4096, num_hidden_layers=LAYERS,
        num_attention_heads=WIDTH // 128, vocab_size=320,
    )  # fmt: skip
    model = LlamaForCausalLM(config).to(torch.bfloat16)
    model.requires_grad_(False)
    return lora.add_lora(model, **SETTINGS).train()


def test_a_pass_keeps_less(monkeypatch):
    """Bytes a token, per layer and unit of width: those that gpu_memory.py plans with."""
    ours = kept_bytes(shaped_like_llama2(), 512) / 512 / (LAYERS * WIDTH)
    with as_peft_has_it(monkeypatch):
        peft = kept_bytes(shaped_like_llama2(), 512) / 512 / (LAYERS * WIDTH)
    print(f"{ours:.1f} bytes here, {peft:.1f} with float32 layers")
    assert ours < 0.85 * peft


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1e-3, 1e-6])
def test_training_is_as_with_float32_layers(base, rate, monkeypatch):
    """Also at 1e-6, where steps of bfloat16 weights would round to nothing."""
    ours = trained(base, rate)
    with as_peft_has_it(monkeypatch):
        peft = trained(base, rate)
    assert {w.dtype for w in ours.weights.values()} == {torch.float32}
    moved = [
        (torch.cat([(w - s).flatten() for w, s in zip(t.weights.values(), start(base))]))
        for t in (ours, peft)
    ]
    assert torch.nn.functional.cosine_similarity(*moved, dim=0) > 0.9
    assert 0.9 < float(moved[0].norm() / moved[1].norm()) < 1.1
    assert ours.losses == pytest.approx(peft.losses, rel=5e-3)


def start(base: str) -> list[torch.Tensor]:
    """The fresh weights, which the seed decides."""
    model, _ = models.load_base(base, quantisation="none", dtype="bfloat16")
    return [w.detach() for w in lora.lora_weights(lora.add_lora(model, **SETTINGS)).values()]


def test_gradients_add_up_in_float32(base):
    model, _ = models.load_base(base, quantisation="none", dtype="bfloat16")
    tuned = lora.add_lora(model, **SETTINGS)
    ids = torch.randint(100, (2, 30))
    summed_loss(tuned, ids, ids.clone()).backward()
    grads = [w.grad for w in lora.lora_weights(tuned).values()]
    assert {g.dtype for g in grads} == {torch.float32}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_other_types_stay_as_peft_has_them(base, dtype):
    model, _ = models.load_base(base, quantisation="none", dtype=dtype)
    tuned = lora.add_lora(model, **SETTINGS)
    assert not any(isinstance(m, adapters.InTypeOfInput) for m in tuned.modules())


def test_a_loaded_adapter_computes_what_was_trained(base, tmp_path):
    trainer = trained(base, 1e-3)
    _, tokenizer = models.load_base(base, quantisation="none", dtype="bfloat16")
    expected = models.probe_logits(trainer.model, tokenizer)
    trainer.model.save_pretrained(tmp_path)
    fresh = models.attach_adapter(
        models.load_base(base, quantisation="none", dtype="bfloat16")[0], tmp_path
    )
    assert {m.weight.dtype for _, two in adapters._lora_layers(fresh) for m in two} == {
        torch.bfloat16
    }
    assert models.prove_adapter(fresh, tokenizer, expected)["max_error"] == 0
