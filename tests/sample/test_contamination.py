"""Test items in training sets: found where they are, also changed a little, and not where they are not."""

import random

import find_contamination
import list_contamination
import pytest
from json_rows import write_dataset
from mothertongue.files import read_json, write_json
from mothertongue.sample.contamination import FEWEST, GRAM, Overlap, TestItems, grams, plain

QUESTION = "¿Cuántas intercepciones tuvo la defensa de los Panthers durante la temporada 2015?"
OTHER = "¿En qué año se fundó la universidad más antigua del norte de Portugal, y quién lo pidió?"
CHINESE = "《红楼梦》是我国古代著名的长篇小说之一，它的别名是什么"


def held(item, row):
    return TestItems({"i": item}).overlaps([("r", row)])


def test_an_item_inside_a_row_is_found_whatever_case_space_and_marks():
    row = f"Responde:\n  {QUESTION.upper().replace('?', ' ?')} \nGracias."
    assert held(QUESTION, row) == [Overlap("r", "i", 1.0)]
    assert held(QUESTION, OTHER) == []


def test_scripts_without_spaces_are_searched_too():
    assert held(CHINESE, f"请问：{CHINESE}？《石头记》") == [Overlap("r", "i", 1.0)]


def test_an_item_changed_a_little_is_found_and_another_question_of_the_kind_is_not():
    (found,) = held(QUESTION, QUESTION.replace("2015", "2016"))
    assert 0.8 < found.share < 1
    kind = "¿Cuántas intercepciones tuvo la selección de fútbol de Uruguay en el mundial de 1930?"
    assert held(QUESTION, kind) == []


def test_short_phrases_are_not_judged_and_half_of_a_short_question_is_not_enough():
    short = "¿Qué hora es en Lima?"
    index = TestItems({"short": short, "long": QUESTION, "": ""})
    assert index.too_short == ["short", ""]
    assert index.overlaps([("r", short)]) == []
    question = "¿Quién es el presidente del IPCC?"
    assert FEWEST <= len(grams(question)) < 20
    assert held(question, "¿Quién es el presidente de Chile?") == []
    assert held(question, question) == [Overlap("r", "i", 1.0)]


def test_shares_are_those_of_sets_of_13_grams():
    draw = random.Random(4)
    for _ in range(50):
        one, two = ("".join(draw.choice("abc ") for _ in range(60)) for _ in range(2))
        two = one[10:50] + two
        sets = [
            {plain(text)[n : n + GRAM] for n in range(len(plain(text)) - GRAM + 1)}
            for text in (one, two)
        ]
        (share,) = TestItems({"i": one}).shares(two)
        assert share == pytest.approx(len(sets[0] & sets[1]) / len(sets[0]))


def rows(language, texts):
    return [
        {
            "id": f"{language}-{n}",
            "language": language,
            "instruction": text,
            "output": "Sí.",
            "origin": {"dataset": "x", "revision": "y", "source_id": str(n)},
        }
        for n, text in enumerate(texts)
    ]


def test_the_search_of_a_benchmark_names_items_rows_and_examples(tmp_path, root):
    passage = " ".join(["Los Panthers interceptaron veinticuatro pases durante el año."] * 2)
    lines = ["id,question,context,answers"]
    lines += [f'q{n},"{text}","{passage}",24' for n, text in enumerate((QUESTION, OTHER))]
    (tmp_path / "items.csv").write_text("\n".join(lines), encoding="utf-8")
    sets = {
        "native/es": rows("es", [f"Lee: {passage} ¿Qué hicieron?", OTHER, "Nada de esto."]),
        "google/es": rows("es", ["Una fila cualquiera, que no contiene nada de la prueba."]),
    }
    for name, content in sets.items():
        write_dataset(tmp_path / f"{name.split('/')[0]}.jsonl", content)
    find_contamination.main(
        task="extractive-qa",
        tasks=root / "tasks",
        language="es",
        files=[str(tmp_path / "items.csv")],
        hub=None,
        lock=tmp_path / "none",
        sets={name: tmp_path / f"{name.split('/')[0]}.jsonl" for name in sets},
        output=tmp_path / "found.json",
    )
    found = read_json(tmp_path / "found.json")
    assert (found["items"], found["judged"]) == (2, 2)
    assert len(found["sets"]["native/es"]["items_held"]) == 2
    assert found["sets"]["native/es"]["rows_that_hold"] == ["es-0", "es-1"]
    assert {e["field"] for e in found["sets"]["native/es"]["examples"]} <= {"question", "context"}
    assert found["sets"]["google/es"] == {
        "rows": 1,
        "items_held": [],
        "rows_that_hold": [],
        "examples": [],
    }


@pytest.mark.slow
@pytest.mark.data
def test_aya_s_spanish_rows_hold_passages_of_xquad(tmp_path, root, shared):
    """A fifth of XQuAD's Spanish items: people wrote Aya's rows from Wikipedia, or from SQuAD itself."""
    from mothertongue.sample.draw import dataset_rows
    from mothertongue.sample.rows import write_rows
    from mothertongue.sample.source import language_rows, read_aya

    table = read_aya({"path": [str(shared / "data/aya/aya_dataset.parquet")]})
    told = {}
    for language, code in (("es", "spa"), ("ru", "rus"), ("zh", "zho")):
        content, _ = dataset_rows(
            language_rows(table, {"code": code}, "x"),
            language,
            max_characters=None,
            empty="drop",
            duplicates="keep",
        )
        write_rows(tmp_path / f"{language}.jsonl", content)
        find_contamination.main(
            task="xquad",
            tasks=root / "tasks",
            language=language,
            files=[str(shared / f"data/xquad/xquad.{language}.json")],
            hub=None,
            lock=tmp_path / "none",
            sets={"native": tmp_path / f"{language}.jsonl"},
            output=tmp_path / f"{language}.json",
        )
        told[language] = read_json(tmp_path / f"{language}.json")["sets"]["native"]
    print({code: (len(t["items_held"]), len(t["rows_that_hold"])) for code, t in told.items()})
    assert 240 <= len(told["es"]["items_held"]) <= 290
    assert told["ru"]["items_held"] == told["zh"]["items_held"] == []


def test_the_page_names_the_sets_that_hold_items(tmp_path, root):
    found = {"rows": 100, "items_held": ["a", "b"], "rows_that_hold": ["x"], "examples": []}
    clean = {"rows": 90, "items_held": [], "rows_that_hold": [], "examples": []}
    content = {"language": "es", "judged": 40, "sets": {"native/es": found, "google/multi": clean}}
    write_json(tmp_path / "xquad" / "es.json", content)
    list_contamination.main(
        found=[tmp_path / "xquad" / "es.json"],
        about=read_json(root / "resources/published/about.json"),
        folder=tmp_path / "page",
    )
    page = (tmp_path / "page" / "contamination.html").read_text(encoding="utf-8")
    assert "holds 2 of 40 items of XQuAD in Spanish. A score on these items may be memory." in page
    assert "(multilingual)" in page
