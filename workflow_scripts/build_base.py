"""Build a model's base from scratch: on the study's native text, or on a corpus of its own.

Reads sampled native and English rows (held-out rows are not among them) or the corpus, writes a
model folder that transformers loads like any other. One thread, fixed steps: the same seed, the
same bytes.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mothertongue.files import atomic
from mothertongue.preload import run_preloaded
from mothertongue.process.log import log_to
from mothertongue.sample.rows import read_rows

LENGTH = 128  # tokens of one training piece


def main(
    *,
    datasets: Sequence[Path],
    corpus: Sequence[Path],
    folder: Path,
    files: Sequence[str],
    hidden_size: int,
    layers: int,
    heads: int,
    vocabulary: int,
    context: int,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
) -> None:
    """Train tokenizer and model on `corpus`, or on the rows of `datasets`; write `files` into `folder`."""
    import torch
    from mothertongue.finetune.base import read_texts, texts_of, train_base

    torch.set_num_threads(1)
    if corpus:
        texts = [text for path in corpus for text in read_texts(path)]
    else:
        texts = texts_of(row for path in datasets for row in read_rows(path))
    model, tokenizer = train_base(
        texts,
        joined=not corpus,
        hidden_size=hidden_size,
        layers=layers,
        heads=heads,
        vocabulary=vocabulary,
        context=context,
        steps=steps,
        batch=batch,
        length=LENGTH,
        learning_rate=learning_rate,
        seed=seed,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as written:
        model.save_pretrained(written)
        tokenizer.save_pretrained(written)
        for name in files:
            with atomic(folder / name) as temporary:
                shutil.move(Path(written) / name, temporary)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        run_preloaded(
            "build_base",
            dict(
                datasets=[Path(path) for path in snakemake.input.datasets],
                corpus=[Path(path) for path in snakemake.input.corpus],
                folder=Path(snakemake.output[0]).parent,
                files=[Path(path).name for path in snakemake.output],
                **snakemake.params.build,
            ),
        )
