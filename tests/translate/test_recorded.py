"""The recorded translator: exact texts only, and what is missing is listed before anything is made."""

import pytest
from mothertongue.errors import InputError
from mothertongue.files import write_jsonl
from mothertongue.translate.recorded import Recorded
from mothertongue.translate.settings import TranslatorSettings
from translating import LANGUAGES, english_rows, files_in


def test_missing_texts_are_listed(tmp_path):
    import translate_texts

    rows = english_rows(3)
    write_jsonl(tmp_path / "source.jsonl", rows)
    memory = [
        {
            "engine": "fluent",
            "source_language": "en",
            "target_language": "es",
            "field": "instruction",
            "source": rows[0]["instruction"],
            "target": "Una traducción.",
        }
    ]
    write_jsonl(tmp_path / "memory.jsonl", memory)
    entry = {
        "backend": "recorded",
        "engine": "fluent",
        "memory": [str(tmp_path / "memory.jsonl")],
    }
    with pytest.raises(InputError, match="no recorded translation of") as caught:
        translate_texts.main(
            name="fluent",
            translator=entry,
            operating={"api": {}, "batch": None, "replay": None, "price": {}},
            languages=LANGUAGES,
            target="target_language",
            max_quarantined=0.1,
            **files_in(tmp_path),
        )
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "es.jsonl").exists()


def test_a_pivot_that_was_mended_comes_back_as_recorded(tmp_path):
    """Google writes zero-width spaces, Cohere an announcement; the memory holds them, no row does."""
    pivots = {
        "¿Qué lenguas se hablan en Guinea?": "What languages \u200b\u200bare spoken in Guinea?",
        "Completa la frase: el río pasa por": (
            'Here is the translation:\n\n"Complete the sentence: the river runs through"'
        ),
    }
    back = ["¿Qué idiomas se hablan en Guinea?", "Completa la oración: el río corre por"]
    memory = [("es", "en", native, pivot) for native, pivot in pivots.items()]
    memory += [("en", "es", pivot, text) for pivot, text in zip(pivots.values(), back, strict=True)]
    columns = ("source_language", "target_language", "source", "target")
    write_jsonl(tmp_path / "memory.jsonl", [dict(zip(columns, row, strict=True)) for row in memory])
    files = [str(tmp_path / "memory.jsonl")]
    recorded = Recorded(TranslatorSettings.of({"backend": "recorded", "memory": files}), {})
    mended = [
        "What languages are spoken in Guinea?",
        "Complete the sentence: the river runs through",
    ]
    assert [recorded.look_up(text, "en", "es") for text in mended] == back
    assert recorded.look_up("Another question?", "en", "es") is None
