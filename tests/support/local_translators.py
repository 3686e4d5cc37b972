"""Tiny local translation models of every family that is supported."""

import json

import pytest
from tiny_models import demo_rows

TEXTS = [row["instruction"] for row in demo_rows("en", 12)]


STD, FACTOR = 1.0, 5.0  # wide: a narrow random model says the same to every text


def pieces(folder, marks=()):
    """A SentencePiece model trained on the demo rows, as Marian, M2M and T5 use them."""
    import sentencepiece

    folder.mkdir(exist_ok=True)
    (folder / "text").write_text("\n".join(row["output"] for row in demo_rows("en")))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "spm"), vocab_size=300,
        minloglevel=2, user_defined_symbols=list(marks), character_coverage=1.0,
    )  # fmt: skip
    spm = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    return [spm.id_to_piece(i) for i in range(spm.vocab_size())]


def nllb(folder):
    """NLLB: language codes as tokens, a forced first token, an M2M-100 model."""
    import transformers as t

    words = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>"])}
    for char in sorted({"▁", *"".join(TEXTS), *"áéíóúñ"}):
        words.setdefault(char, len(words))
    tokenizer = t.NllbTokenizer(vocab=words, merges=[])
    config = t.M2M100Config(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_position_embeddings=256, decoder_start_token_id=2,
        init_std=STD, tie_word_embeddings=False,
    )  # fmt: skip
    return tokenizer, t.M2M100ForConditionalGeneration(config)


def m2m(folder):
    """M2M-100: `__xx__` tokens."""
    import transformers as t

    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *pieces(folder)[3:]]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(vocabulary)}))
    tokenizer = t.M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "spm.model"))
    config = t.M2M100Config(
        vocab_size=max(tokenizer.get_vocab().values()) + 110, d_model=32, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_position_embeddings=256, decoder_start_token_id=2,
        init_std=STD, tie_word_embeddings=False,
    )  # fmt: skip
    return tokenizer, t.M2M100ForConditionalGeneration(config)


def marian(folder, marks=(">>es<<", ">>zho_Hans<<")):
    """Opus-MT: source and target vocabularies of SentencePiece, perhaps several targets."""
    import transformers as t

    vocabulary = ["</s>", "<unk>", *pieces(folder)[3:], *marks, "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(vocabulary)}))
    spm = str(folder / "spm.model")
    tokenizer = t.MarianTokenizer(spm, spm, str(folder / "vocab.json"))
    config = t.MarianConfig(
        vocab_size=len(vocabulary), d_model=32, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_position_embeddings=128, pad_token_id=len(vocabulary) - 1,
        decoder_start_token_id=len(vocabulary) - 1, eos_token_id=0, forced_eos_token_id=None,
        init_std=STD, tie_word_embeddings=False,
    )  # fmt: skip
    return tokenizer, t.MarianMTModel(config)


def madlad(folder):
    """MADLAD: a T5 whose target stands before the text."""
    import transformers as t

    words = [(piece, -float(i)) for i, piece in enumerate(pieces(folder, ("<2es>", "<2zh>")))]
    tokenizer = t.T5Tokenizer(vocab=[("<pad>", 0.0), ("</s>", 0.0), *words], extra_ids=0)
    tokenizer.add_tokens(["<2es>", "<2zh>"])
    config = t.T5Config(
        vocab_size=len(tokenizer) + 4, d_model=32, d_kv=16, d_ff=64, num_layers=1, num_heads=2,
        decoder_start_token_id=0, eos_token_id=1, pad_token_id=0, initializer_factor=FACTOR, tie_word_embeddings=False,
    )  # fmt: skip
    return tokenizer, t.T5ForConditionalGeneration(config)


FAMILIES = {"nllb": nllb, "m2m": m2m, "marian": marian, "madlad": madlad}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder per family, as a download from a hub would be."""
    import torch

    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("models")
    for name, build in FAMILIES.items():
        torch.manual_seed(1)
        tokenizer, model = build(root / f"{name}-parts")
        model.save_pretrained(root / name)
        tokenizer.save_pretrained(root / name)
    return root
