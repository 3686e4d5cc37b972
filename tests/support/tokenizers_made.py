"""A sentencepiece tokenizer trained on the spot."""

import json
from pathlib import Path

from tiny_models import demo_rows, texts_of


def sentence_piece(folder: Path, name: str, kind: str = "bpe", **settings):
    """A SentencePiece model alone, to be read as the tokenizer class `name`."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.txt").write_text("\n".join(texts_of(demo_rows())), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "corpus.txt"),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=600,
        model_type=kind,
        byte_fallback=True,
        minloglevel=2,
    )
    if name == "GPTSw3Tokenizer":
        (folder / "tokenizer.model").rename(folder / "spiece.model")
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": name, **names, **settings})
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": 600}))
    return folder
