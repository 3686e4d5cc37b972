"""LoRA on a bfloat16 base: computes in bfloat16, keeps less, and trains and scores as in float32."""

from contextlib import contextmanager, nullcontext

import pytest
import torch
from json_rows import rows_of
from mothertongue.finetune import lora
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.loss import summed_loss
from mothertongue.finetune.recipe import Recipe
from mothertongue.finetune.train import Trainer
from mothertongue.finetune.whole import computing_in
from mothertongue.inference import adapters, models
from mothertongue.study import gpu_memory
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
        inner = model.base_model.model.model if hasattr(model, "peft_config") else model.model
        inner(input_ids=ids, use_cache=False)
    return sum(kept.values())


LAYERS, WIDTH, TOKENS = 2, 512, 640


def shaped_like_llama2(dtype=torch.bfloat16, targets="qkv"):
    """Layers with the proportions of Llama-2-7B, with LoRA; no targets: all weights are trained."""
    config = LlamaConfig(
        hidden_size=WIDTH, intermediate_size=11008 * WIDTH // 4096, num_hidden_layers=LAYERS,
        num_attention_heads=WIDTH // 128, vocab_size=320,
    )  # fmt: skip
    model = LlamaForCausalLM(config).to(dtype)
    if not targets:
        return model.train()
    model.requires_grad_(False)
    return lora.add_lora(model, **SETTINGS, targets=targets).train()


def per_token(model) -> float:
    """Bytes a token, per layer and unit of width."""
    return kept_bytes(model, TOKENS) / TOKENS / (LAYERS * WIDTH)


def test_a_pass_keeps_less(monkeypatch):
    ours = per_token(shaped_like_llama2())
    with as_peft_has_it(monkeypatch):
        peft = per_token(shaped_like_llama2())
    print(f"{ours:.1f} bytes here, {peft:.1f} with float32 layers")
    assert ours < 0.85 * peft


@pytest.mark.parametrize("targets", ["qkv", "attention", "all-linear", None])
@pytest.mark.parametrize("word", [2, 4])
def test_a_pass_keeps_what_the_plan_counts(targets, word):
    """The bytes that gpu_memory.py plans with, by what is trained and the size of a number."""
    whole = targets is None
    base = torch.bfloat16 if word == 2 and not whole else torch.float32
    model = shaped_like_llama2(base, targets)
    with computing_in("bfloat16" if word == 2 else "float32", "cpu") if whole else nullcontext():
        kept = per_token(model)
    shape = gpu_memory.Shape(model.num_parameters(), LAYERS, WIDTH, 0, 4, WIDTH)
    planned = gpu_memory.passing(
        shape, TOKENS, TOKENS, checkpointing=False, word=word, whole=whole,
        carriers=gpu_memory.carriers_of(targets),
    )  # fmt: skip
    planned /= TOKENS * LAYERS * WIDTH
    print(f"{targets or 'all weights'}, {word} bytes: {kept:.1f} kept, {planned:.1f} planned")
    assert kept < planned < 1.3 * kept


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
