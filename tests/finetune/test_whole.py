"""Full fine-tuning: transformers' losses and weights, through the rules, resumed, evaluated as a base."""

import csv
import math
from dataclasses import replace

import pytest
import torch
import yaml
from chat_tokenizers import tokenizers
from conftest import SMALL, checkout, run_snakemake
from json_rows import rows_of, write_dataset
from mothertongue.files import file_hash, read_json, read_jsonl
from mothertongue.finetune.batches import IGNORED, collate, effective_batches, epoch_order
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.recipe import Base, Job, Recipe
from mothertongue.finetune.run import finetune
from mothertongue.finetune.scale import FIRST
from mothertongue.finetune.train import Trainer
from mothertongue.finetune.whole import unfreeze
from mothertongue.inference.inputs import HASHES
from mothertongue.inference.models import AdapterError, load_base
from mothertongue.process.stop import Interrupted
from tiny_models import demo_rows, model_config

pytestmark = pytest.mark.slow
RECIPE = replace(
    Recipe(1e-3), method="full", epochs=2, effective_batch=8, quantisation="none", max_length=256,
    token_budget=900, template="chat",
)  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A random model whose tokenizer has a chat template."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("whole")
    tokenizer = tokenizers(folder)["llama-3"]
    torch.manual_seed(3)
    config = model_config(
        "llama", len(tokenizer), tokenizer.eos_token_id, tie_word_embeddings=False
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    return folder / "base"


def test_losses_and_all_weights_are_those_of_transformers_trainer(base, tmp_path):
    from transformers import AutoModelForCausalLM, TrainingArguments
    from transformers import Trainer as Theirs

    model, tokenizer = load_base(str(base), quantisation="none", dtype="float32")
    examples, _ = encode_rows(
        rows_of(demo_rows(count=20)), tokenizer, template="chat", max_length=256
    )
    ours = Trainer(
        unfreeze(model), examples, examples[:2], RECIPE, pad=tokenizer.pad_token_id, budget=900
    )
    ours.train()

    def batch(members):
        tokens, targets = collate(members, tokenizer.pad_token_id)
        labels = torch.full_like(targets, IGNORED)
        labels[:, 1:] = targets[:, :-1]
        mask = torch.stack(
            [(torch.arange(tokens.shape[1]) < len(e.tokens)).long() for e in members]
        )
        return {"input_ids": tokens, "labels": labels, "attention_mask": mask}

    args = TrainingArguments(
        output_dir=str(tmp_path), per_device_train_batch_size=8, num_train_epochs=2,
        learning_rate=1e-3, lr_scheduler_type="linear", warmup_steps=0, weight_decay=0.0,
        max_grad_norm=1.0, logging_steps=1, save_strategy="no", report_to="none", use_cpu=True,
        optim="adamw_torch", remove_unused_columns=False,
    )  # fmt: skip
    peer_model = AutoModelForCausalLM.from_pretrained(base)
    peer = Theirs(peer_model, args, train_dataset=examples, data_collator=batch)
    orders = iter(range(2))
    peer._get_train_sampler = lambda *_: Order(orders)
    peer.train()
    theirs = [entry["loss"] for entry in peer.state.log_history if "loss" in entry]
    assert len(theirs) == 2 * math.ceil(20 / 8)
    assert ours.losses == pytest.approx(theirs, rel=1e-5)
    trained = dict(peer_model.named_parameters())
    assert ours.weights.keys() == trained.keys()
    for name, weight in trained.items():
        assert torch.allclose(ours.weights[name], weight, rtol=0, atol=1e-4), name


class Order:
    """The rows of each epoch, in the order of our training."""

    def __init__(self, epochs):
        self.epochs = epochs

    def __len__(self):
        return 20

    def __iter__(self):
        order = epoch_order(20, seed=RECIPE.seed, epoch=next(self.epochs))
        return iter([row for batch in effective_batches(order, 8) for row in batch])


def job(folder, base, **changes):
    write_dataset(folder / "train.jsonl", demo_rows(count=20))
    write_dataset(folder / "validation.jsonl", demo_rows(count=24)[20:])
    return Job(
        training_set=folder / "train.jsonl", validation_set=folder / "validation.jsonl",
        adapter=folder / "out" / "model", adapter_config=None, history=folder / "out/history.csv",
        provenance=folder / "out/provenance.json", folder=folder / "work",
        condition={"model": "tiny"}, base=Base(str(base)), recipe=replace(RECIPE, **changes),
        checkpoint_minutes=0, last=folder / "out" / "last",
    )  # fmt: skip


def validation_losses(work):
    """Those of each epoch, from the untuned base on."""
    with work.history.open(encoding="utf-8") as file:
        return [float(row["validation_loss"]) for row in csv.DictReader(file)]


def held_out(folder, rows):
    """The validation loss of a saved model, by the loop that trained it."""
    model, tokenizer = load_base(str(folder), quantisation="none", dtype="float32")
    examples, _ = encode_rows(rows_of(read_jsonl(rows)), tokenizer, template="chat", max_length=256)
    peer = Trainer(
        model.requires_grad_(True), examples, examples, RECIPE, pad=tokenizer.pad_token_id
    )
    return peer.validation_loss()


def test_the_best_and_the_last_weights_are_kept_in_shards(base, tmp_path, monkeypatch):
    monkeypatch.setattr("mothertongue.finetune.whole.SHARD", "100KB")  # 4GB of a larger model
    work = job(tmp_path, base, learning_rate=3e-2, epochs=3)
    made = finetune(work)
    losses = validation_losses(work)
    assert 0 < made["best_epoch"] < 3, losses
    for folder, loss in ((work.adapter, losses[made["best_epoch"]]), (work.last, losses[-1])):
        shards = {path.name for path in folder.glob("*.safetensors")}
        index = read_json(folder / "model.safetensors.index.json")
        assert len(shards) > 3 and set(index["weight_map"].values()) == shards
        assert read_json(folder / HASHES).keys() == shards
        assert held_out(folder, work.validation_set) == pytest.approx(loss, rel=1e-6)
    assert made["adapter_sha256"] == file_hash(work.adapter / HASHES)
    assert made["last_sha256"] == file_hash(work.last / HASHES) != made["adapter_sha256"]


@pytest.fixture(scope="module")
def whole(base, tmp_path_factory):
    """A finished job in float32, and its provenance."""
    work = job(tmp_path_factory.mktemp("run"), base)
    return work, finetune(work)


def test_the_last_weights_take_no_room_where_they_are_the_best(whole):
    work, made = whole
    assert made["best_epoch"] == 2 and made["last_sha256"] == made["adapter_sha256"]
    assert work.last.joinpath("model.safetensors").samefile(work.adapter / "model.safetensors")
    load_base(str(work.last), quantisation="none")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_training_in_16_bits_follows_that_in_float32(base, whole, tmp_path, dtype):
    """As on a GPU: each pass sees the weights as the last step left them; float16 scales its loss."""
    work = job(tmp_path, base, dtype=dtype)
    made = finetune(work)
    wanted, found = (validation_losses(one) for one in (whole[0], work))
    assert found == pytest.approx(wanted, rel=2e-3)
    assert wanted[-1] < 0.99 * wanted[0]
    assert made["dtype"] == f"torch.{dtype}"
    assert made["loss_scale"] == (FIRST if dtype == "float16" else 1)


def test_rounding_to_16_bits_is_not_taken_for_training(base, tmp_path):
    work = job(tmp_path, base, learning_rate=1e-30, dtype="bfloat16", epochs=1)
    with pytest.raises(AdapterError, match="nothing was trained"):
        finetune(work)
    assert not work.adapter.exists() and not work.provenance.exists()


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(base, whole, tmp_path, monkeypatch):
    _, whole = whole
    steps = iter([False, False, True])
    monkeypatch.setattr(
        "mothertongue.process.stop.StopRequest.check", lambda *_: next(steps, False)
    )
    with pytest.raises(Interrupted):
        finetune(job(tmp_path / "stopped", base))
    monkeypatch.undo()
    taken = (tmp_path / "stopped/work/checkpoint.pt").stat().st_size
    assert taken == pytest.approx(
        16 * whole["trained_weights"], rel=0.05
    )  # as docs/templates.md says
    resumed = finetune(job(tmp_path / "stopped", base))
    assert resumed["resumed"] == 1
    assert resumed["adapter_sha256"] == whole["adapter_sha256"]
    assert whole["proof"]["applied"] and whole["proof"]["equal"]
    assert whole["method"] == "full" and "lora" not in whole
    model, _ = load_base(str(base), quantisation="none")
    assert whole["trained_weights"] == sum(p.numel() for p in model.parameters())


def test_a_study_trains_all_weights_of_one_model_and_evaluates_them(base, tmp_path):
    folder = checkout(tmp_path / "clone")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    known = config["evaluate"]["benchmarks"]
    entry = {"base": str(base), "parameters": 1e5, "template": "chat"}
    config |= {
        "study": "whole",
        "models": {"part": entry, "whole": {**entry, "finetune": {"method": "full"}}},
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high"]}],
    }
    config["finetune"] |= {"epochs": 1, "quantisation": "none"}
    config["answer"] = {
        "max_new_tokens": 8, "questions": {"native": config["answer"]["questions"]["native"]},
    }  # fmt: skip
    config["evaluate"] = {
        "limit": 4, "benchmarks": {"perplexity": {**known["native-perplexity"], "languages": ["es"]}},
    }  # fmt: skip
    (folder / "whole.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    targets = ("finetune", "evaluate", "answer", "--configfile", "whole.yaml")
    done = run_snakemake(*targets, "--cores", "2", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    cell = folder / "results/finetune/whole/native/es/high/seed1"
    assert {path.name for path in cell.iterdir()} == {
        "model", "last", "history.csv", "provenance.json",
    }  # fmt: skip
    assert (cell / "model" / "model.safetensors").is_file()
    assert (
        folder / "results/finetune/part/native/es/high/seed1/adapter_model.safetensors"
    ).is_file()

    def score(model, data):
        place = f"results/evaluate/{model}/{data}/perplexity/es.json"
        return read_json(folder / place)["metrics"]["perplexity"]["value"]

    untuned = score("whole", "base/none/none/seed0")
    assert score("part", "base/none/none/seed0") == untuned
    assert score("whole", "native/es/high/seed1") < untuned
    told = read_json(folder / "results/evaluate/whole/native/es/high/seed1/perplexity/es.json")
    assert (
        told["provenance"]["base_weights"] == read_json(cell / "provenance.json")["adapter_sha256"]
    )
    assert read_jsonl(folder / "results/answer/whole/native/es/high/seed1/native/es.jsonl")
    again = run_snakemake(*targets, "--cores", "1", "-n", cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr
    log = (folder / "logs/finetune/part/native/es/high/seed1.log").read_text(encoding="utf-8")
    assert "the tokenizer has a chat template" not in log
