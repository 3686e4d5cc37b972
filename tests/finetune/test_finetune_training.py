"""Training itself: exact steps, four architectures in 8-bit, memory, bad numbers, the adapter."""

import json
import math
from dataclasses import replace
from pathlib import Path

import mix_training_set
import pytest
import torch
from json_rows import rows_of, write_dataset
from mothertongue.errors import InputError
from mothertongue.finetune.batches import effective_batches, plan_micro_batches
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.lora import add_lora, lora_weights
from mothertongue.finetune.recipe import Base, Job, Lora, Recipe
from mothertongue.finetune.run import finetune
from mothertongue.finetune.train import Trainer, TrainingError
from mothertongue.inference.models import (
    AdapterError,
    attach_adapter,
    load_base,
    probe_logits,
    prove_adapter,
)
from tiny_models import demo_rows, save_model

LORA = {"r": 8, "alpha": 16, "dropout": 0.05}
RECIPE = Recipe(
    learning_rate=5e-3, epochs=2, effective_batch=16, seed=3, lora=Lora(**LORA), max_length=256
)


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Folder of a tiny base by kind, made when first asked for."""
    made: dict[str, Path] = {}

    def base(kind: str) -> str:
        if kind not in made:
            made[kind] = save_model(tmp_path_factory.mktemp(kind), kind)
        return str(made[kind])

    return base


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Training and validation file of 48 English demo rows."""
    folder = tmp_path_factory.mktemp("sets")
    write_dataset(folder / "all.jsonl", demo_rows(count=48))
    mix_training_set.main(
        dataset=folder / "all.jsonl",
        training=folder / "train.jsonl",
        validation=folder / "validation.jsonl",
        share=0.1,
        seed=1,
    )
    return folder


def job(sets: Path, folder: Path, base: str, *, recipe: Recipe = RECIPE, **changes) -> Job:
    """A quick run, whose recipe has some changes."""
    return Job(
        training_set=sets / "train.jsonl",
        validation_set=sets / "validation.jsonl",
        adapter=folder / "adapter_model.safetensors",
        adapter_config=folder / "adapter_config.json",
        history=folder / "history.csv",
        provenance=folder / "provenance.json",
        folder=folder / "work",
        condition={"model": "tiny"},
        base=Base(base),
        recipe=replace(recipe, **changes),
    )


def trainer_on(base: str, *, plan, quantisation: str = "none", budget: int = 900, rows: int = 40):
    """A trainer without dropout; LoRA B is given values, so that all gradients are non-zero."""
    model, tokenizer = load_base(base, quantisation=quantisation)
    tuned = add_lora(model, r=8, alpha=16, dropout=0.0, seed=1)
    generator = torch.Generator().manual_seed(7)
    for name, weight in lora_weights(tuned).items():
        if "lora_B" in name:
            weight.data.copy_(0.02 * torch.randn(weight.shape, generator=generator))
    examples, _ = encode_rows(
        rows_of(demo_rows(count=rows)), tokenizer, template="alpaca", max_length=256
    )
    recipe = replace(RECIPE, learning_rate=1e-3)
    pad = tokenizer.pad_token_id
    return Trainer(tuned, examples, examples[:6], recipe, pad=pad, budget=budget, plan=plan)


def peer_plan(lengths, *, budget, overhead):
    """Unsorted micro-batches of four, as they come."""
    return effective_batches(range(len(lengths)), 4)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "quantisation"), [("llama", "none"), ("qwen2", "int8")])
def test_steps_equal_plain_unsorted_micro_batches(bases, kind, quantisation):
    ours = trainer_on(bases(kind), plan=plan_micro_batches, quantisation=quantisation)
    plain = trainer_on(bases(kind), plan=peer_plan, quantisation=quantisation)
    for trainer in (ours, plain):
        trainer.model.train()
        trainer.add_gradients(trainer.training[:16], 0)
    assert ours.micro_batches(ours.training[:16]) != plain.micro_batches(plain.training[:16])
    for name, weight in ours.weights.items():
        other = plain.weights[name].grad
        assert other.norm() > 0
        assert (weight.grad - other).norm() <= 1e-5 * other.norm(), name
    for trainer in (ours, plain):
        trainer.optimizer.zero_grad()
        trainer.train()
    assert len(ours.losses) == 6  # 40 examples: 16, 16 and 8 a step, twice
    assert ours.losses == pytest.approx(plain.losses, abs=1e-5)
    assert ours.run.computed < plain.run.computed


def test_micro_batch_means_would_be_another_loss(bases):
    """The token mean over the effective batch is not the mean of micro-batch means."""
    trainer = trainer_on(bases("llama"), plan=peer_plan)
    from mothertongue.finetune.batches import collate
    from mothertongue.finetune.loss import summed_loss

    groups = trainer.micro_batches(trainer.training[:16])
    with torch.no_grad():
        sums = [summed_loss(trainer.model, *collate(group, trainer.pad)) for group in groups]
    counts = [sum(example.supervised for example in group) for group in groups]
    means = sum(float(s) / n for s, n in zip(sums, counts)) / len(groups)
    assert abs(means - float(sum(sums)) / sum(counts)) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["llama", "gemma", "qwen2", "gpt-neox"])
def test_architectures_in_eight_bit(bases, sets, tmp_path, kind):
    """Loss falls, the proof holds, exactly the expected modules carry LoRA."""
    import bitsandbytes

    report = finetune(job(sets, tmp_path, bases(kind)))
    rows = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()
    columns = rows[0].split(",")
    history = [dict(zip(columns, row.split(","))) for row in rows[1:]]
    assert [row["epoch"] for row in history] == ["0", "1", "2"]
    perplexity = [float(row["validation_perplexity"]) for row in history]
    assert perplexity[2] < perplexity[1] < perplexity[0]
    assert float(history[2]["train_loss"]) < float(history[1]["train_loss"])
    assert history[report["best_epoch"]]["best"] == "1"
    proof = report["proof"]
    assert proof["applied"]
    assert proof["equal"]
    assert proof["max_error"] == 0
    assert proof["max_change"] > 1e-3
    expected = {"gpt-neox": ["query_key_value"]}.get(kind, ["k_proj", "q_proj", "v_proj"])
    assert sorted({name.rpartition(".")[2] for name in report["lora"]["on"]}) == expected
    assert report["lora"]["modules"] == 2 * len(expected)
    assert not (tmp_path / "work").exists()  # no checkpoint is left
    # a reader gets the same model from the two files
    fresh, tokenizer = load_base(bases(kind))
    kinds = {type(module) for module in fresh.modules()}
    assert bitsandbytes.nn.Linear8bitLt in kinds
    tuned = attach_adapter(fresh, tmp_path)
    assert prove_adapter(tuned, tokenizer)["max_change"] == proof["max_change"]
    saved = json.loads((tmp_path / "adapter_config.json").read_text(encoding="utf-8"))
    assert saved["target_modules"] == expected
    assert (saved["r"], saved["lora_alpha"], saved["lora_dropout"]) == (8, 16, 0.05)


@pytest.mark.slow
def test_four_bit_trains_too(bases, sets, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    report = finetune(
        job(sets, tmp_path, bases("llama"), recipe=recipe, quantisation="nf4", max_length=160)
    )
    assert report["proof"]["equal"]


@pytest.mark.slow
def test_provenance_tells_what_readers_must_see(bases, sets, tmp_path):
    report = finetune(job(sets, tmp_path, bases("llama"), recipe=replace(RECIPE, epochs=1)))
    written = json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(report))
    counts = report["training"]
    assert counts["rows"] == counts["kept_rows"] + counts["dropped_rows"] == 43
    assert counts["supervised_tokens"] == report["supervised_tokens"]  # one epoch
    assert report["tokens"] == counts["tokens"]
    assert 0 <= report["padding_share"] < 0.3
    assert report["steps"] == 3
    assert set(report["versions"]) >= {"torch", "transformers", "peft", "bitsandbytes"}
    assert len(report["adapter_sha256"]) == 64


@pytest.mark.slow
def test_same_seed_same_adapter_other_seed_another(bases, sets, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    hashes = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        (tmp_path / name).mkdir()
        one = job(sets, tmp_path / name, bases("llama"), recipe=recipe, seed=seed)
        hashes.append(finetune(one)["adapter_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]


def spoilt_after_two_epochs(base: str, patience: int | None = None) -> Trainer:
    """A run whose weights are thrown far off when the third of four epochs begins."""
    trainer = trainer_on(base, plan=plan_micro_batches)
    trainer.recipe = replace(trainer.recipe, epochs=4, early_stopping=patience)
    trainer.total = 4 * trainer.steps_per_epoch
    real = trainer.do_step

    def step() -> float:
        if trainer.run.step == 2 * trainer.steps_per_epoch:
            for weight in trainer.weights.values():
                weight.data.mul_(50)
        return real()

    trainer.do_step = step
    return trainer


@pytest.mark.slow
def test_best_epoch_is_kept_not_the_last(bases):
    trainer = spoilt_after_two_epochs(bases("llama"))
    run = trainer.train()
    losses = [row["validation_loss"] for row in run.history]
    assert losses[3] > losses[2] < losses[4]
    assert (run.best_epoch, run.step) == (2, 12)
    assert trainer.validation_loss() == pytest.approx(losses[2], abs=1e-6)


@pytest.mark.slow
def test_early_stopping_is_off_unless_asked_for(bases):
    assert spoilt_after_two_epochs(bases("llama")).train().step == 12
    assert spoilt_after_two_epochs(bases("llama"), patience=1).train().step == 9


@pytest.mark.slow
def test_out_of_memory_halves_the_budget_and_repeats_the_step(bases, monkeypatch):
    """The step that did not fit is done again in smaller pieces; nothing is lost or doubled."""
    from mothertongue.finetune import train

    real = train.summed_loss
    room = {"tokens": 10**9}

    def small_device(model, tokens, targets, device):
        loss = real(model, tokens, targets, device)  # fails late, as a real device does
        if tokens.numel() > room["tokens"]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return loss

    monkeypatch.setattr(train, "summed_loss", small_device)
    wide = trainer_on(bases("llama"), plan=plan_micro_batches, budget=4000)
    wide.train()
    tight = trainer_on(bases("llama"), plan=plan_micro_batches, budget=4000)
    room["tokens"] = 1100
    tight.train()
    assert tight.run.budget <= 1100 < 4000
    assert tight.losses == pytest.approx(wide.losses, abs=1e-5)
    for name, weight in wide.weights.items():
        assert torch.allclose(weight, tight.weights[name], atol=1e-5)
    room["tokens"] = 10
    with pytest.raises(TrainingError, match=r"out of memory with one example .* lower"):
        trainer_on(bases("llama"), plan=plan_micro_batches).train()


def test_a_loss_that_is_no_number_stops_and_says_where(bases, sets, tmp_path):
    """A weight blows up in the second epoch: the run ends there and the checkpoint stays."""
    from mothertongue.finetune.checkpoint import NAME

    trainer = trainer_on(bases("llama"), plan=plan_micro_batches)
    trainer.folder = tmp_path / "work"
    real = trainer.do_step

    def poisoned() -> float:
        if trainer.run.step == 4:
            next(iter(trainer.weights.values())).data.fill_(float("inf"))
        return real()

    trainer.do_step = poisoned
    with pytest.raises(TrainingError, match=r"the loss is nan at step 5 of 6 \(epoch 2\), .* rows"):
        trainer.train()
    kept = torch.load(tmp_path / "work" / NAME, weights_only=True)
    assert kept["run"]["step"] == 3
    assert all(torch.isfinite(weight).all() for weight in kept["weights"].values())


def test_an_adapter_that_does_nothing_is_refused(bases, tmp_path):
    model, tokenizer = load_base(bases("llama"))
    untrained = add_lora(model, **LORA, seed=1).eval()  # B is zero: no effect
    with pytest.raises(AdapterError, match="the same with and without"):
        prove_adapter(untrained, tokenizer)
    expected = probe_logits(untrained, tokenizer)
    for name, weight in lora_weights(untrained).items():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=1e-6)  # as little as a small learning rate leaves
    assert prove_adapter(untrained, tokenizer)["applied"]
    with pytest.raises(AdapterError, match="does not compute what the trained one did"):
        prove_adapter(untrained, tokenizer, expected + 1)
    for weight in lora_weights(untrained).values():
        weight.data.fill_(float("nan"))
    with pytest.raises(AdapterError, match="not finite"):
        prove_adapter(untrained, tokenizer)


@pytest.mark.slow
def test_an_adapter_that_fails_its_proof_is_not_left_behind(bases, sets, tmp_path, monkeypatch):
    from mothertongue.finetune import finish

    def attached_to_another(model, folder):
        with torch.no_grad():
            model.get_input_embeddings().weight.add_(1.0)
        return attach_adapter(model, folder)

    monkeypatch.setattr(finish, "attach_adapter", attached_to_another)
    with pytest.raises(AdapterError):
        finetune(job(sets, tmp_path, bases("llama"), recipe=replace(RECIPE, epochs=1)))
    assert not (tmp_path / "adapter_model.safetensors").exists()
    assert not (tmp_path / "provenance.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("touched", [False, True])
def test_a_base_is_loaded_once_unless_the_training_changed_it(
    bases, sets, tmp_path, monkeypatch, touched
):
    from mothertongue.finetune import run

    real, loads = run.strip_adapters, []

    def strip(model):
        real(model)
        if touched:
            model.get_input_embeddings().weight.data.add_(1.0)

    monkeypatch.setattr(run, "strip_adapters", strip)
    monkeypatch.setattr(run, "load_base", lambda *a, **k: (loads.append(1), load_base(*a, **k))[1])
    report = finetune(job(sets, tmp_path, bases("llama"), recipe=replace(RECIPE, epochs=1)))
    assert len(loads) == 1 + touched
    assert report["proof"]["equal"]


@pytest.mark.slow
def test_a_number_of_steps_takes_the_place_of_epochs(bases, sets, tmp_path):
    recipe = replace(RECIPE, epochs=1, steps=7)
    report = finetune(job(sets, tmp_path, bases("llama"), recipe=recipe, max_length=160))
    of_an_epoch = math.ceil(report["training"]["kept_rows"] / recipe.effective_batch)
    assert report["steps"] == report["recipe"]["steps"] == 7
    assert report["epochs"] == math.ceil(7 / of_an_epoch) > 1


def test_unusable_input_is_one_clear_line(bases, sets, tmp_path):
    base = Path(bases("llama"))
    with pytest.raises(InputError, match="prompts of all 43 rows fill the window of 20 tokens"):
        finetune(job(sets, tmp_path, str(base), max_length=20))
    with pytest.raises(InputError, match=r"max_length is 1024, but .* has 512 positions"):
        finetune(job(sets, tmp_path, str(base), max_length=1024))
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("config.json", "model.safetensors"):
        (bare / name).write_bytes((base / name).read_bytes())
    with pytest.raises(InputError, match="no tokenizer in the folder"):
        finetune(job(sets, tmp_path, str(bare)))
    with pytest.raises(InputError, match="no such folder"):
        finetune(job(sets, tmp_path, str(tmp_path / "nothing")))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare"]


def test_a_missing_padding_token_is_replaced(bases, tmp_path):
    base = Path(bases("llama"))
    copy = tmp_path / "nopad"
    copy.mkdir()
    for path in base.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    settings = json.loads((copy / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings.pop("pad_token")
    (copy / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    _, tokenizer = load_base(str(copy))
    assert tokenizer.pad_token == tokenizer.eos_token
    settings.pop("eos_token")
    (copy / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(InputError, match="no end-of-sequence token"):
        load_base(str(copy))


def test_hub_messages_say_what_to_do(monkeypatch):
    import httpx
    from mothertongue.inference.models import _explained

    gated = _explained(
        OSError("401 Client Error: gated repo"), "meta-llama/Llama-2-7b-hf", None, ""
    )
    assert "accept its licence at https://huggingface.co/meta-llama/Llama-2-7b-hf" in str(gated)
    assert "HF_TOKEN" in str(gated)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match=r"google/gemma-2b@abc: .* HF_HUB_OFFLINE .*prefetch"):
        load_base("google/gemma-2b", revision="abc")
    code = _explained(ValueError("set `trust_remote_code=True`"), "x/y", None, "model")
    assert "trust_remote_code: true" in str(code)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    for error in (httpx.ConnectError("Name or service not known"), httpx.ConnectTimeout("")):
        line = str(_explained(error, "x/y", None, "model"))
        assert "the hub cannot be reached; run `snakemake --cores 1 prefetch" in line
