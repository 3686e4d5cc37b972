"""The page on training sets: counted from the sets themselves, and no more said than was counted."""

import describe_data
import measure_data
from conftest import SMALL
from json_rows import write_dataset
from mothertongue.correlate.describe import describe_study
from mothertongue.files import load_yaml, read_json, write_json
from mothertongue.study import read_study

STRAY = "Give me three reasons to learn how to swim in the sea."


def rows():
    one = {"language": "es", "origin": {}}
    made = [
        {**one, "id": str(n), "instruction": f"Explica qué es la palabra número {n} del diccionario.",
         "output": "Es una palabra que se usa para hablar de las cosas de la casa."}
        for n in range(30)
    ]  # fmt: skip
    made[1] |= {key: made[0][key] for key in ("instruction", "output")}
    turns = [
        {
            "role": ("user", "assistant")[i % 2],
            "content": f"Esta es la parte número {i} de la charla.",
        }
        for i in range(4)
    ]
    made.append(
        {**one, "id": "turns", "system": "Responde siempre con amabilidad y calma.", "turns": turns}
    )
    made.append(
        {
            **one,
            "id": "stray",
            "instruction": STRAY,
            "output": "It is healthy, it is fun, and it may save your life one day.",
        }
    )
    return made


def page(tmp_path, root, made):
    write_dataset(tmp_path / "es.jsonl", made)
    measure_data.main(dataset=tmp_path / "es.jsonl", measured=tmp_path / "es.json")
    about = describe_study(read_study(load_yaml(SMALL / "config.yaml"), root))
    sets = [{"data": "native", "scope": "es", "licence": None}]
    held = {"rows": 32, "items_held": ["a", "b"], "rows_that_hold": ["x"], "examples": []}
    searched = {"language": "es", "judged": 40, "sets": {"native/es": held, "native/multi": held}}
    write_json(tmp_path / "choice-native" / "es.json", searched)
    describe_data.main(
        measured=[tmp_path / "es.json"],
        found=[tmp_path / "choice-native" / "es.json"],
        sets=sets,
        about=about,
        folder=tmp_path / "page",
    )
    return read_json(tmp_path / "es.json"), (tmp_path / "page" / "data.html").read_text(
        encoding="utf-8"
    )


def test_a_set_is_counted_and_strays_are_named(tmp_path, root, monkeypatch):
    monkeypatch.chdir(root)
    (found,), text = page(tmp_path, root, rows())
    assert (found["rows"], found["several_turns"], found["system"], found["duplicates"]) == (
        32,
        1,
        1,
        1,
    )
    assert found["other"] == {"en": 1}
    assert found["looked_at"] == 32
    assert "3.1 % of the rows of" in text
    assert "en 1" in text
    assert "not stated" in text  # the licence
    assert ">2<" in text and "multiple choice (native): 2 of 40" in text  # of this set alone


def test_a_clean_set_says_so_and_has_no_empty_columns(tmp_path, root, monkeypatch):
    monkeypatch.chdir(root)
    (found,), text = page(tmp_path, root, rows()[2:30])
    assert found["other"] == {}
    assert "No set has 1 % or more of its rows in another language." in text
    assert "several turns" not in text
