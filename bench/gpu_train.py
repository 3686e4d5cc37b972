"""The part `train` of bench/gpu.py: the peer recipe, our loop and TRL's, tokens per second."""

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from finetune_speed import LORA, Peer
from gpu_device import (
    NEEDS,
    ON_GPU,
    SHAPES,
    Figure,
    Skipped,
    clean,
    needed_by,
    peak_gigabytes,
    wait_for,
)
from mothertongue.errors import is_out_of_memory
from mothertongue.finetune.encode import Example
from mothertongue.finetune.lora import add_lora
from mothertongue.finetune.run import choose_budget
from mothertongue.finetune.train import Recipe, Trainer
from mothertongue.inference.models import load_base, pick_device

DECILES = (62, 78, 84, 91, 101, 115, 131, 153, 188, 262, 512)  # tokens of a row, prompt included
PROMPT_SHARE = 0.63
TRAIN_ARMS = (
    "peer", "ours", "ours+checkpointing", "ours+flash", "ours+liger", "trl", "trl+padding-free",
    "trl+packing",
)  # fmt: skip


def rows_like_spanish(count: int, vocabulary: int, longest: int) -> list[Example]:
    """Rows of random tokens whose lengths follow the deciles of native Spanish."""
    generator = random.Random("rows")
    rows = []
    for number in range(count):
        place = generator.random() * (len(DECILES) - 1)
        low, high = DECILES[int(place)], DECILES[int(place) + 1]
        length = min(longest, round(low + (place - int(place)) * (high - low)))
        tokens = [generator.randrange(vocabulary) for _ in range(length)]
        rows.append(Example(str(number), tokens, round(PROMPT_SHARE * length)))
    return rows


def train_ours(arm: str, base: Any, tokenizer: Any, rows: list[Example], steps: int) -> dict:
    """The peer recipe or our loop: one step to warm up, then `steps` over the same rows."""
    name, _, option = arm.partition("+")
    if option == "liger":
        from liger_kernel.transformers import _apply_liger_kernel_to_instance

        _apply_liger_kernel_to_instance(base, fused_linear_cross_entropy=False, cross_entropy=False)
    model = add_lora(base, seed=1, **LORA)
    budget, _ = choose_budget(
        model, "auto", option == "checkpointing", max_length=max(len(row.tokens) for row in rows),
        device=pick_device(),
    )  # fmt: skip
    recipe = Recipe(learning_rate=1e-4, epochs=1000, effective_batch=len(rows))
    trainer = Trainer(
        model, rows, rows[:4], recipe, pad=tokenizer.pad_token_id, device=pick_device(),
        budget=budget.tokens, overhead=budget.overhead,
    )  # fmt: skip
    runner = Peer(model, trainer) if name == "peer" else trainer
    loss = runner.do_step()
    wait_for()
    started = time.perf_counter()
    for _ in range(steps):
        runner.do_step()
    wait_for()
    seconds = time.perf_counter() - started
    whole = sum(len(row.tokens) for row in rows)
    computed = runner.computed if name == "peer" else runner.run.computed
    return {
        "tokens_per_second": whole * steps / seconds,
        "padding": 1 - whole * (steps + 1) / computed,
        "loss": loss,
    }


def train_trl(arm: str, base: Any, tokenizer: Any, rows: list[Example], steps: int) -> dict:
    """TRL's SFTTrainer on the same rows: `steps` epochs of one step each after one to warm up."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    option = arm.partition("+")[2]
    model = add_lora(base, seed=1, **LORA)
    part = min(8, len(rows))
    table = Dataset.from_list(
        [
            {"input_ids": row.tokens,
             "completion_mask": [0] * row.prompt + [1] * (len(row.tokens) - row.prompt)}
            for row in rows
        ]
    )  # fmt: skip
    whole = sum(len(row.tokens) for row in rows)

    def run(epochs: int, folder: str) -> tuple[float, float]:
        settings = SFTConfig(
            folder, num_train_epochs=epochs, per_device_train_batch_size=part,
            gradient_accumulation_steps=max(1, len(rows) // part), learning_rate=1e-4,
            max_length=max(len(row.tokens) for row in rows), completion_only_loss=True,
            packing=option == "packing", padding_free=option != "", report_to=[],
            save_strategy="no", logging_steps=1, gradient_checkpointing=False, bf16=ON_GPU,
            use_cpu=not ON_GPU, disable_tqdm=True, dataloader_pin_memory=ON_GPU,
        )  # fmt: skip
        trainer = SFTTrainer(model, settings, train_dataset=table, processing_class=tokenizer)
        wait_for()
        started = time.perf_counter()
        result = trainer.train()
        wait_for()
        return time.perf_counter() - started, result.training_loss

    with TemporaryDirectory() as folder:
        first, loss = run(1, folder)
        longer, _ = run(1 + steps, folder)
    return {"tokens_per_second": whole * steps / max(longer - first, 1e-9), "loss": loss}


def train(folder: Path, peak: float, options: argparse.Namespace) -> Iterator[Figure]:
    """Every arm on the same rows, with weights in 8 bits and in bf16."""
    rows = rows_like_spanish(options.batch, SHAPES[options.shape]["vocab_size"], DECILES[-1])
    for quantisation in options.weights:
        for arm in options.arms:
            clean()
            figure = Figure("train", f"{quantisation} {arm}", unit="tokens/s")
            started = time.perf_counter()
            base = None
            try:
                needed_by(arm)
                attention = "flash_attention_2" if "flash_attn" in map(NEEDS.get, arm.split("+")) else None  # fmt: skip
                base, tokenizer = load_base(str(folder), quantisation=quantisation, attention=attention)  # fmt: skip
                weights = sum(p.numel() for p in base.parameters())
                weights -= base.get_input_embeddings().weight.numel()
                clean()
                runner = train_trl if arm.startswith("trl") else train_ours
                found = runner(arm, base, tokenizer, rows, options.steps)
                figure.value = found.pop("tokens_per_second")
                figure.more = found | {
                    "of_peak": figure.value * 4 * weights / peak,
                    "peak_gb": peak_gigabytes(),
                }
            except Skipped as reason:
                figure.said = f"left out: {reason}"
            except Exception as error:
                if is_out_of_memory(error):
                    figure.said = "out of memory"
                else:
                    figure.ok, figure.said = False, f"{type(error).__name__}: {error}"
            finally:
                del base
                clean()
            figure.seconds = time.perf_counter() - started
            yield figure
