"""Our training step by step beside TRL's SFTTrainer and transformers' Trainer: the same losses.

Both peers get the same rows in the same order as text or messages, build their own tokens, masks and
schedule, and train the same LoRA weights on the same base.
"""

import math
from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
import torch
from chat_tokenizers import tokenizers
from json_rows import rows_of
from mothertongue.finetune import train
from mothertongue.finetune.batches import IGNORED, collate, effective_batches, epoch_order
from mothertongue.finetune.encode import encode_rows
from mothertongue.finetune.lora import add_lora, lora_weights
from mothertongue.finetune.recipe import Lora, Recipe
from mothertongue.finetune.train import Trainer
from mothertongue.inference.models import load_base
from mothertongue.inference.templates import render_prompt
from tiny_models import demo_rows, model_config, texts_of, train_tokenizer
from transformers import AutoTokenizer

pytestmark = pytest.mark.slow
RECIPE = replace(
    Recipe(1e-3), epochs=1, effective_batch=4, clip_norm=1.0, lora=Lora(16, 0.0, 8),
    max_length=512, quantisation="none", token_budget=2000, seed=3,
)  # fmt: skip
ROWS = 22
LENGTH = 512  # tokens of a pack, and at most of a row
ROLES = ("user", "assistant")


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """A plain base, and one whose tokenizer has a chat template: name -> folder."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("bases")
    plain = train_tokenizer(texts_of(demo_rows()), 600)
    found = {}
    for name, tokenizer in (("alpaca", plain), ("chat", tokenizers(folder)["llama-3"])):
        torch.manual_seed(11)
        config = model_config("llama", len(tokenizer), tokenizer.eos_token_id)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
        found[name] = str(folder / name)
    return found


def rows():
    """Single exchanges, and every third row with a second turn."""
    made = demo_rows(count=2 * ROWS)
    found = []
    for n in range(ROWS):
        one, other = made[2 * n], made[2 * n + 1]
        texts = [one["instruction"], one["output"]]
        texts += [other["instruction"], other["output"]] if n % 3 == 0 else []
        turns = [{"role": ROLES[i % 2], "content": t.strip()} for i, t in enumerate(texts)]
        found.append({"id": str(n), "language": "en", "origin": {}, "turns": turns})
    return found


def ours(base, template, given, steps=None):
    """Our trainer after its epoch; `steps` gives the rows of every step, instead of our own order."""
    model, tokenizer = load_base(base, quantisation="none")
    tuned = add_lora(model, seed=RECIPE.seed, **RECIPE.lora.settings())
    start = {name: weight.detach().clone() for name, weight in lora_weights(tuned).items()}
    examples, counts = encode_rows(
        rows_of(given), tokenizer, template=template, max_length=RECIPE.max_length
    )
    assert counts.truncated_rows == counts.dropped_rows == 0
    trainer = Trainer(
        tuned, examples, examples[:2], RECIPE, pad=tokenizer.pad_token_id, budget=2000
    )
    trainer.first = first_gradients(trainer.optimizer, lora_weights(tuned))
    with pytest.MonkeyPatch.context() as patch:
        if steps is not None:
            trainer.steps_per_epoch = trainer.total = len(steps)
            patch.setattr(train, "effective_batches", lambda order, size: steps)
        trainer.train()
    return trainer, tokenizer, start, examples


def first_gradients(optimizer, weights):
    """Filled at the first step: the gradients by name, clipped as the optimiser gets them."""
    found = {}

    def keep(*_):
        if not found:
            found.update({name: weight.grad.clone() for name, weight in weights.items()})

    optimizer.register_step_pre_hook(keep)
    return found


def same_gradients(mine, theirs):
    """Each weight's gradient differs by at most a thousandth of the largest one."""
    assert mine.keys() == theirs.keys()
    scale = max(float(gradient.abs().max()) for gradient in theirs.values())
    assert scale > 0
    for name, gradient in theirs.items():
        assert torch.allclose(mine[name], gradient, rtol=0, atol=1e-3 * scale), name


def schedule_of(count):
    """The rows of an epoch in the order in which our training takes them."""
    order = epoch_order(count, seed=RECIPE.seed, epoch=0)
    return [row for batch in effective_batches(order, RECIPE.effective_batch) for row in batch]


def peer_model(base, start):
    """The same base with the same LoRA weights, made by plain peft."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = LoraConfig(
        task_type="CAUSAL_LM", r=8, lora_alpha=16, lora_dropout=0.0,
        target_modules=["q_proj", "k_proj", "v_proj"],
    )  # fmt: skip
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    for name, weight in tuned.named_parameters():
        if name in start:
            weight.data.copy_(start[name])
    return tuned


def settings(folder, kind, rows=4, **more):
    return kind(
        per_device_train_batch_size=rows,
        output_dir=str(folder), num_train_epochs=1,
        learning_rate=1e-3, lr_scheduler_type="linear", warmup_steps=0, weight_decay=0.0,
        max_grad_norm=1.0, logging_steps=1, logging_nan_inf_filter=False, save_strategy="no",
        report_to="none", use_cpu=True, optim="adamw_torch", adam_epsilon=1e-8,
        remove_unused_columns=False, seed=3, **more,
    )  # fmt: skip


def losses_of(trainer, order=None):
    """Per-step losses and the first gradients, with the rows in our order or in another."""
    flat = schedule_of(ROWS) if order is None else order
    trainer._get_train_sampler = lambda *_: flat
    trainer.create_optimizer()
    gradients = first_gradients(trainer.optimizer, lora_weights(trainer.model))
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry], gradients


def beside_transformers_trainer(base, template, given, folder):
    """One epoch by us and by transformers: our trainer, their losses, gradients and model."""
    from transformers import Trainer as Theirs
    from transformers import TrainingArguments

    trainer, tokenizer, start, examples = ours(base, template, given)

    def batch(members):
        tokens, targets = collate(members, tokenizer.pad_token_id)
        labels = torch.full_like(targets, IGNORED)
        labels[:, 1:] = targets[:, :-1]  # the library shifts by itself
        mask = torch.zeros_like(tokens)
        for place, example in enumerate(members):
            mask[place, : len(example.tokens)] = 1
        return {"input_ids": tokens, "labels": labels, "attention_mask": mask}

    model = peer_model(base, start)
    peer = Theirs(
        model, settings(folder, TrainingArguments), train_dataset=examples, data_collator=batch
    )
    return trainer, *losses_of(peer, schedule_of(len(given))), model


@pytest.mark.parametrize("template", ["alpaca", "chat"])
def test_losses_and_weights_are_those_of_transformers_trainer(bases, template, tmp_path):
    """The same tokens and masks, another loop: losses within 1e-5, and weights at the end."""
    trainer, theirs, gradients, model = beside_transformers_trainer(
        bases[template], template, rows(), tmp_path
    )
    assert len(theirs) == len(trainer.losses) == math.ceil(ROWS / 4)
    assert trainer.losses == pytest.approx(theirs, rel=1e-5)
    same_gradients(trainer.first, gradients)
    for name, weight in model.named_parameters():
        if name in trainer.weights:
            assert torch.allclose(weight, trainer.weights[name], atol=2e-5), name


def rows_of_packs(packs, examples):
    """Which rows TRL has put into each pack: found by their tokens."""
    places = {tuple(example.tokens): place for place, example in enumerate(examples)}
    found = []
    for pack in packs:
        ends = list(accumulate(pack["seq_lengths"]))
        cut = pairwise([0, *ends])
        found.append([places[tuple(pack["input_ids"][start:end])] for start, end in cut])
    return found


@pytest.mark.parametrize("packing", [False, True], ids=["rows", "packs"])
@pytest.mark.parametrize("template", ["alpaca", "chat"])
def test_losses_are_those_of_trl(bases, template, packing, tmp_path):
    """TRL builds tokens and masks from text itself: per-step losses within 1e-4 over an epoch.

    With packing, TRL puts several rows into one sequence; we have none, and pad. A step of ours over
    the same rows has the same loss and gradients.
    """
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    given = [{**row, "turns": row["turns"][:2]} if template == "alpaca" else row for row in rows()]
    tokenizer = AutoTokenizer.from_pretrained(bases[template])
    if template == "alpaca":
        data = [
            {
                "prompt": render_prompt(row["turns"][0]["content"]),
                "completion": row["turns"][1]["content"],
            }
            for row in given
        ]
        more = {"completion_only_loss": True}
    else:
        data = [{"messages": row["turns"]} for row in given]
        more = {"assistant_only_loss": True}
        tokenizer.chat_template = tokenizer.chat_template.replace(  # TRL asks for this mark
            "{{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + (m.content | trim) + '<|eot_id|>' }}",
            "{{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' }}"
            "{%- if m.role == 'assistant' %}{% generation %}{{- (m.content | trim) + '<|eot_id|>' }}{% endgeneration %}"
            "{%- else %}{{- (m.content | trim) + '<|eot_id|>' }}{%- endif %}",
        )
        assert "{% generation %}" in tokenizer.chat_template
    more |= {"packing": packing, "rows": 1 if packing else 4}
    untrained = peer_model(bases[template], {})
    peer = SFTTrainer(
        model=untrained,
        args=settings(tmp_path, SFTConfig, max_length=LENGTH, bf16=False, **more),
        train_dataset=Dataset.from_list(data),
        processing_class=tokenizer,
    )
    steps = None
    if packing:
        examples, _ = encode_rows(rows_of(given), tokenizer, template=template, max_length=LENGTH)
        steps = rows_of_packs(peer.train_dataset, examples)
        assert sorted(row for pack in steps for row in pack) == list(range(ROWS))
        assert max(len(pack) for pack in steps) > 2
    trainer, _, start, _ = ours(bases[template], template, given, steps)
    for name, weight in untrained.named_parameters():
        if name in start:
            weight.data.copy_(start[name])
    theirs, gradients = losses_of(peer, list(range(len(steps))) if packing else None)
    assert len(theirs) == len(trainer.losses) == (len(steps) if packing else math.ceil(ROWS / 4))
    assert trainer.losses == pytest.approx(theirs, rel=1e-4)
    same_gradients(trainer.first, gradients)
