"""Train a small causal language model from scratch: the demo's base."""

import logging
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..inference.encoding import Encoder
from ..process.progress import Progress
from ..sample.formats import read_records
from ..sample.rows import Row

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

END = "<|end|>"
log = logging.getLogger("mothertongue.finetune")


def texts_of(rows: Iterable[Row]) -> list[str]:
    """Every row as plain text, one line break between turns, each once, sorted (order decides)."""
    return sorted({"\n".join(text.strip() for text in row.content) for row in rows})


def read_texts(path: Path) -> list[str]:
    """The column `text` of a corpus, in any format of a data file; each text once, sorted."""
    texts = set()
    for record in read_records(path):
        text = record.values.get("text")
        if not isinstance(text, str) or not text.strip():
            raise InputError(
                f"{record.place}: 'text' is missing or empty; a corpus (models.*.build.corpus) has"
                " one text per row"
            )
        texts.add(text)
    if not texts:
        raise InputError(f"{path}: the corpus has no rows")
    return sorted(texts)


def train_tokenizer(texts: Sequence[str], vocabulary: int) -> "PreTrainedTokenizerBase":
    """A byte-level BPE tokenizer with one special token, which ends a text and pads."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # untyped in transformers
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        clean_up_tokenization_spaces=False,
    )


def blocks(
    documents: Sequence[list[int]], *, batch: int, length: int, seed: int
) -> Iterator[list[list[int]]]:
    """Endless batches of equally long pieces of the shuffled, joined documents."""
    stream: list[int] = []
    generator = random.Random(f"blocks {seed}")
    order: list[int] = []
    while True:
        while len(stream) < batch * length:
            if not order:
                order = list(range(len(documents)))
                generator.shuffle(order)
            stream += documents[order.pop()]
        yield [stream[i * length : (i + 1) * length] for i in range(batch)]
        stream = stream[batch * length :]


def whole(documents: Sequence[list[int]], *, batch: int, seed: int) -> Iterator[list[list[int]]]:
    """Endless batches of whole documents in random order, each once before any comes again."""
    generator = random.Random(f"whole {seed}")
    order: list[int] = []
    while True:
        if len(order) < batch:
            again = list(range(len(documents)))
            generator.shuffle(again)
            order = again + order
        yield [documents[order.pop()] for _ in range(batch)]


def train_base(
    texts: Sequence[str],
    *,
    joined: bool = True,
    hidden_size: int,
    layers: int,
    heads: int,
    vocabulary: int,
    context: int,
    steps: int,
    batch: int,
    length: int,
    learning_rate: float,
    seed: int,
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Train a Llama-shaped model for a fixed number of steps; a seed fixes every byte of it.

    `joined`: every step sees `batch` pieces of `length` tokens of the texts in a row; otherwise it
    sees `batch` whole texts, each from its own start, and the output layer has weights of its own:
    a model of short texts then learns much sooner that an answer takes up words of its question.
    """
    import math

    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer(texts, vocabulary)
    end = tokenizer.eos_token_id
    documents = [[*ids, end] for ids in Encoder(tokenizer).texts(texts)]
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden_size,
            intermediate_size=8 * hidden_size // 3 // 8 * 8,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            max_position_embeddings=context,
            tie_word_embeddings=joined,
            bos_token_id=None,
            eos_token_id=end,
            pad_token_id=end,
        )
    )
    weights = sum(weight.numel() for weight in model.parameters())
    tokens = sum(len(document) for document in documents)
    log.info("%d texts, %d tokens, %d weights", len(texts), tokens, weights)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.1)
    progress = Progress(steps)
    warmup = max(1, steps // 10)
    length = min(length, context)
    if joined:
        source = blocks(documents, batch=batch, length=length, seed=seed)
    else:
        source = whole([ids[:length] for ids in documents], batch=batch, seed=seed)
    model.train()
    for step, rows in zip(range(steps), source):
        done = (step - warmup) / max(1, steps - warmup)
        share = (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * share
        longest = max(map(len, rows))
        # Texts are padded by end tokens on the right, which no earlier token sees.
        ids = torch.tensor([[*row, *[end] * (longest - len(row))] for row in rows])
        labels = torch.tensor([[*row, *[-100] * (longest - len(row))] for row in rows])
        loss = model(input_ids=ids, labels=labels, use_cache=False).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        progress.step(step + 1, loss=loss.item(), tokens=ids.numel())
        if (step + 1) % 50 == 0 or step + 1 == steps:
            log.info("step %d of %d: loss %.4f", step + 1, steps, loss.item())
    model.train(False)
    return model, tokenizer
