"""The recorded translator: exact texts only, and what is missing is listed before anything is made."""

import pytest
from mothertongue.errors import InputError
from mothertongue.files import write_jsonl
from test_translate import english_rows, files_in


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
    languages = {
        "en": {"name": "English", "script": "Latn", "google": "en"},
        "es": {"name": "Spanish", "script": "Latn", "google": "es"},
    }
    with pytest.raises(InputError, match="no recorded translation of") as caught:
        translate_texts.main(
            name="fluent",
            translator=entry,
            operating={"api": {}, "batch": None, "replay": None, "price": {}},
            languages=languages,
            target="target_language",
            max_quarantined=0.1,
            **files_in(tmp_path),
        )
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "es.jsonl").exists()
