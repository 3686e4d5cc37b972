"""Local translation models: tiny ones of each family's own classes, loaded from a folder."""

import json
from contextlib import suppress
from functools import cache

import pytest
from mothertongue.api import Stop, Store, Unanswerable, request_key
from mothertongue.errors import InputError
from mothertongue.files import read_json, write_jsonl
from mothertongue.translate import operating
from mothertongue.translate.seq2seq import Seq2Seq
from test_translate import LANGUAGES, english_rows, files_in
from tiny_models import demo_rows
from translate_texts import main

TEXTS = [row["instruction"] for row in demo_rows("en", 12)]
STD, FACTOR = 1.0, 5.0  # wide: a narrow random model says the same to every text
FACTS = {
    **LANGUAGES,
    "zh": {"name": "Chinese", "script": "Hans", "google": "zh-CN", "flores": "zho_Hans"},
}


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


@cache
def loaded(folder):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    return AutoTokenizer.from_pretrained(folder), model


def alone(folder, text, source, target):
    """The reference: one text, the library's own documented calls, no batch."""
    import torch

    tokenizer, model = loaded(folder)
    given = {}
    if folder.name == "nllb":
        tokenizer.src_lang = FACTS[source]["flores"]
        given["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids(FACTS[target]["flores"])
    elif folder.name == "m2m":
        tokenizer.src_lang = source
        given["forced_bos_token_id"] = tokenizer.get_lang_id(target)
    elif folder.name == "marian":
        text = {"es": ">>es<< ", "zh": ">>zho_Hans<< "}[target] + text
    else:
        text = f"<2{target}> {text}"
    encoded = tokenizer(text, return_tensors="pt")
    encoded.pop("token_type_ids", None)
    with torch.inference_mode():
        made = model.generate(**encoded, **given, do_sample=False, num_beams=1, max_new_tokens=24)
    return tokenizer.decode(made[0], skip_special_tokens=True).strip()


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_set_through_a_local_model_equals_one_text_at_a_time(tmp_path, folder, family):
    """Batches of unequal lengths, both directions' codes, offline from a folder."""
    rows = [
        {**row, "instruction": TEXTS[i], "output": TEXTS[-1 - i]}
        for i, row in enumerate(english_rows(6))
    ]
    rows = [
        {**row, "origin": {**row["origin"], "target_language": "zh" if i % 3 == 2 else "es"}}
        for i, row in enumerate(rows)
    ]
    entry = {"backend": "huggingface", "model": str(folder / family), "max_tokens": 24, "batch": 5}
    api = {"concurrency": 1, "check_retries": 3, "timeout": 60}
    write_jsonl(tmp_path / "source.jsonl", rows)
    with suppress(InputError):  # no row is left: a random model says nothing of use
        main(
            name="local",
            translator=entry,
            operating=operating({**entry, "api": api}, {}, {}),
            languages=FACTS,
            target="target_language",
            max_quarantined=1.0,
            **files_in(tmp_path),
        )
    local = Seq2Seq(entry, FACTS)
    told = set()
    with Store(files_in(tmp_path)["store_file"]) as store:
        for row in rows:
            goal = row["origin"]["target_language"]
            for field in ("instruction", "output"):
                key = request_key(local.request(row[field], "en", goal))
                expected = alone(folder / family, row[field], "en", goal)
                assert store.lookup([key])[key].reply.text == expected
                told.add(expected)
    assert len(told) > 3  # the models do say different things
    # the same model says the same again: what failed a check is not asked twice
    calls = read_json(files_in(tmp_path)["report_file"])["calls"]
    assert calls["sent"] == len({(r[f], r["origin"]["target_language"]) for r in rows
                                 for f in ("instruction", "output")})  # fmt: skip


def backend(folder, **entry):
    return Seq2Seq({"model": str(folder), **entry}, FACTS)


def test_a_language_without_a_code_is_one_line(folder):
    local = backend(folder / "marian")
    with pytest.raises(InputError, match=r"no code for 'ru'; set translate\.translators") as caught:
        local.send(local.request("Hello there.", "en", "ru"), 9)
    assert "\n" not in str(caught.value)
    own = backend(folder / "nllb", codes={"es": "spa_Nope"})
    with pytest.raises(InputError, match="no code for 'spa_Nope'"):
        own.send(own.request("Hello there.", "en", "es"), 9)


def test_one_model_per_direction(folder):
    local = backend(folder / "marian-{source}-{target}", codes={"zh": "zho"})
    assert local.request("a", "en", "zh")["model"].endswith("marian-en-zho")
    assert local.request("a", "es", "en")["model"].endswith("marian-es-en")
    with pytest.raises(Stop, match="cannot load model"):
        local.send(local.request("a", "en", "zh"), 9)


def test_other_braces_in_a_models_name_are_one_line():
    with pytest.raises(InputError, match=r"'a/\{lang\}' may hold \{source\} and \{target\}"):
        backend("a/{lang}")


def test_what_the_model_cannot_hold_is_declined_and_not_cut(folder):
    local = backend(folder / "marian")
    with pytest.raises(Unanswerable, match="tokens are more than the model's 128"):
        local.send(local.request("word and more " * 80, "en", "es"), 9)


def test_a_batch_that_memory_does_not_hold_is_halved(folder, monkeypatch):
    """The same translations, in smaller batches; later batches begin small, other errors stay."""
    import torch
    from mothertongue.translate import seq2seq

    real, tried = seq2seq.generated, []

    def crowded(model, tokenizer, encoded, **arguments):
        tried.append(len(encoded))
        if len(encoded) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(model, tokenizer, encoded, **arguments)

    def texts(local):
        return [reply.text for reply in local._run(asked)]

    local = backend(folder / "nllb", max_tokens=12)
    asked = [local.request(text, "en", "es") for text in TEXTS[:6]]
    expected = texts(local)
    monkeypatch.setattr(seq2seq, "generated", crowded)
    assert texts(local) == expected
    assert max(tried) == 6
    tried.clear()
    assert texts(local) == expected
    assert max(tried) <= 2

    def broken(*_, **__):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(seq2seq, "generated", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        texts(local)
