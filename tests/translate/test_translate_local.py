"""Local translation models: tiny ones of each family's own classes, loaded from a folder."""

from contextlib import suppress
from functools import cache

import pytest
from local_translators import FAMILIES, TEXTS, folder  # noqa: F401
from mothertongue.api import Stop, Store, Unanswerable, request_key
from mothertongue.errors import InputError
from mothertongue.files import read_json, write_jsonl
from mothertongue.translate import operating
from mothertongue.translate.seq2seq import Seq2Seq
from mothertongue.translate.settings import TranslatorSettings, languages_of
from translate_texts import main
from translating import LANGUAGES, english_rows, files_in

FACTS = {
    **LANGUAGES,
    "zh": {"name": "Chinese", "script": "Hans", "google": "zh-CN", "flores": "zho_Hans"},
}


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
    local = Seq2Seq(TranslatorSettings.of({"backend": "huggingface", **entry}), languages_of(FACTS))
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
    entry = {"backend": "huggingface", "model": str(folder), **entry}
    return Seq2Seq(TranslatorSettings.of(entry), languages_of(FACTS))


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
