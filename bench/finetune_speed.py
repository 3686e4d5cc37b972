"""Our training loop and the peer recipe on the same steps of real Spanish rows, side by side.

Run: python bench/finetune_speed.py ../shared/data [--steps 9] [--hidden 128] [--quantisation int8]

The peer recipe is that of the public LoRA script which the study's authors used earlier
(`loraft/finetune.py` of hplt-project/monolingual-multilingual-instruction-tuning): the examples of
a step in random order, micro-batches of 4, each padded to its longest, logits at every position.
Both arms train a copy of one model on the same 64 examples a step, without dropout, so that their
losses can be compared; they take turns on one thread, and CPU seconds are counted. The peer
averages micro-batches; here it gets the token mean of ours, or the losses would differ.
"""

import argparse
import copy
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts")]

import torch  # noqa: E402
from mothertongue.finetune.base import train_tokenizer  # noqa: E402
from mothertongue.finetune.batches import (  # noqa: E402
    IGNORED,
    effective_batches,
    epoch_order,
    padding_share,
    plan_micro_batches,
)
from mothertongue.finetune.budget import CPU_TOKENS  # noqa: E402
from mothertongue.finetune.encode import encode_rows  # noqa: E402
from mothertongue.finetune.lora import add_lora, lora_weights  # noqa: E402
from mothertongue.finetune.train import Recipe, Trainer, learning_rate_at  # noqa: E402
from mothertongue.sample.rows import Row  # noqa: E402

LORA = {"r": 8, "alpha": 16, "dropout": 0.0}
PEER_BATCH = 4
LANGUAGES = {"es": "spa", "ru": "rus", "zh": "zho"}


def native_rows(data: Path, language: str) -> list[Row]:
    """Native rows of a language of the study, in the dataset contract."""
    import polars as pl

    table = pl.read_parquet(data / "aya" / "aya_dataset.parquet")
    table = table.filter(pl.col("language_code") == LANGUAGES[language])
    pairs = zip(table["inputs"], table["targets"])
    return [Row.pair(str(n), language, i, o, {}) for n, (i, o) in enumerate(pairs)]


def google_rows(data: Path, count: int = 3854) -> list[Row]:
    """English rows that Google translated into Spanish in the study, as many as native ones."""
    import polars as pl

    table = pl.read_parquet(data / "translations" / "translation_memory.parquet")
    table = table.filter(
        (pl.col("engine") == "google")
        & (pl.col("source_language") == "en")
        & (pl.col("target_language") == "es")
    )
    both = table.pivot(on="field", index="source_id", values="target").drop_nulls()
    return [
        Row.pair(row["source_id"], "es", row["instruction"], row["output"], {})
        for row in both.head(count).iter_rows(named=True)
    ]


def paddings(lengths: list[int]) -> list[float]:
    """Padding shares of an epoch: peer micro-batches of 4, 8, 16, 64; ours, as the trainer cuts."""
    batches = effective_batches(epoch_order(len(lengths), seed=1, epoch=0), 64)
    shares = []
    for size in (4, 8, 16, 64):
        cut = [piece for batch in batches for piece in effective_batches(batch, size)]
        shares.append(padding_share(cut, lengths))
    ours = [
        [batch[i] for i in group]
        for batch in batches
        for group in plan_micro_batches([lengths[i] for i in batch], budget=CPU_TOKENS)
    ]
    return [*shares, padding_share(ours, lengths)]


class Peer:
    """The peer recipe: as the examples come, in fours, padded, all logits, the model's own loss."""

    def __init__(self, model, trainer: Trainer) -> None:
        self.model, self.trainer = model, trainer
        self.weights = lora_weights(model)
        self.optimizer = torch.optim.AdamW(
            list(self.weights.values()), lr=trainer.recipe.learning_rate, weight_decay=0.0
        )
        self.step = 0
        self.computed = 0

    def micro_batch(self, examples) -> dict[str, torch.Tensor]:
        """Tokens, mask and labels, padded on the right to the longest."""
        width = max(len(example.tokens) for example in examples)
        ids = torch.full((len(examples), width), self.trainer.pad)
        mask = torch.zeros((len(examples), width), dtype=torch.long)
        labels = torch.full((len(examples), width), IGNORED)
        for row, example in enumerate(examples):
            length = len(example.tokens)
            ids[row, :length] = torch.tensor(example.tokens)
            mask[row, :length] = 1
            labels[row, example.prompt : length] = ids[row, example.prompt : length]
        self.computed += ids.numel()
        device = self.trainer.device
        tensors = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        return {name: tensor.to(device) for name, tensor in tensors.items()}

    def do_step(self) -> float:
        """One optimiser step on the examples that the trainer takes in the same step."""
        trainer, recipe = self.trainer, self.trainer.recipe
        epoch, place = divmod(self.step, trainer.steps_per_epoch)
        order = epoch_order(len(trainer.training), seed=recipe.seed, epoch=epoch)
        chosen = effective_batches(order, recipe.effective_batch)[place]
        examples = [trainer.training[i] for i in chosen]
        supervised = sum(example.supervised for example in examples)
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for four in effective_batches(range(len(examples)), PEER_BATCH):
            batch = self.micro_batch([examples[i] for i in four])
            loss = self.model(**batch, num_items_in_batch=supervised, use_cache=False).loss
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(list(self.weights.values()), recipe.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, trainer.total, recipe)
        self.optimizer.step()
        self.step += 1
        return total


def compare(ours: Trainer, peer: Peer, steps: int) -> None:
    """Take turns for some steps; print speeds, their ratio and spread, and the losses."""
    arms = {"peer": peer, "ours": ours}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    losses: dict[str, list[float]] = {name: [] for name in arms}
    tokens = []
    for step in range(steps + 1):
        before = ours.run.tokens
        for name in list(arms)[:: 1 if step % 2 else -1]:
            started = time.process_time()
            losses[name].append(arms[name].do_step())
            seconds[name].append(time.process_time() - started)
        tokens.append(ours.run.tokens - before)
    for values in (tokens, *seconds.values()):
        del values[0]  # the first step warms up
    for name, values in seconds.items():
        speed = sum(tokens) / sum(values)
        computed = arms[name].computed if name == "peer" else ours.run.computed
        print(
            f"{name}: {speed:,.0f} real tokens per CPU second, padding {1 - ours.run.tokens / computed:.2f}"
        )
    ratios = [theirs / mine for theirs, mine in zip(seconds["peer"], seconds["ours"])]
    difference = max(abs(a - b) for a, b in zip(losses["peer"], losses["ours"]))
    print(
        f"speed-up: {sum(seconds['peer']) / sum(seconds['ours']):.2f} x"
        f" (median of {steps} steps {statistics.median(ratios):.2f},"
        f" {min(ratios):.2f} to {max(ratios):.2f})"
    )
    print(
        f"loss: {losses['ours'][0]:.4f} to {losses['ours'][-1]:.4f};"
        f" largest difference between the arms {difference:.1e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--vocabulary", type=int, default=32000)
    parser.add_argument("--quantisation", choices=("none", "int8"), default="none")
    options = parser.parse_args()
    torch.set_num_threads(1)
    from tempfile import TemporaryDirectory

    from mothertongue.inference.models import load_base
    from transformers import Qwen2Config, Qwen2ForCausalLM

    sets = {f"native {language}": native_rows(options.data, language) for language in LANGUAGES}
    sets["google es"] = google_rows(options.data)
    texts = ["\n".join(r.content) for rows in sets.values() for r in rows]
    tokenizer = train_tokenizer(texts, options.vocabulary)
    print("share of computed tokens that is padding (peer micro-batches of 4/8/16/64; ours)")
    encoded = {}
    for name, rows in sets.items():
        encoded[name], _ = encode_rows(rows, tokenizer, template="alpaca", max_length=512)
        shares = paddings([len(example.tokens) for example in encoded[name]])
        print(f"  {name} ({len(rows)}): {' '.join(f'{share:.2f}' for share in shares)}")
    training = encoded["native es"]
    for name, sizes in (
        ("all", [len(example.tokens) for example in training]),
        ("supervised", [example.supervised for example in training]),
    ):
        deciles = statistics.quantiles(sizes, n=10, method="inclusive")
        print(
            f"native es, {name} tokens of a row: mean {statistics.mean(sizes):.0f}, deciles",
            end=" ",
        )
        print(*(round(size) for size in (min(sizes), *deciles, max(sizes))))
    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=len(tokenizer) + 8,  # some tokenizer classes add tokens of their own
        hidden_size=options.hidden,
        intermediate_size=4 * options.hidden,
        num_hidden_layers=options.layers,
        num_attention_heads=options.hidden // 32,
        num_key_value_heads=options.hidden // 32,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
    )
    with TemporaryDirectory() as folder:
        Qwen2ForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        model = add_lora(load_base(folder, quantisation=options.quantisation)[0], seed=1, **LORA)
    ours = Trainer(
        model,
        training,
        training[:8],
        Recipe(learning_rate=1e-3),
        pad=tokenizer.pad_token_id,
        budget=CPU_TOKENS,
    )
    peer = Peer(copy.deepcopy(model), ours)
    print(f"native es, Qwen2 hidden {options.hidden}, {options.quantisation}, one thread")
    compare(ours, peer, options.steps)


if __name__ == "__main__":
    main()
