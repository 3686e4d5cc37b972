"""Several turns and a system message stay what they are: sampled, translated there and back, split."""

import json
from collections import Counter

import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake
from json_rows import read_dataset
from mothertongue.errors import InputError
from mothertongue.files import read_json
from mothertongue.sample.rows import Row

ROLES = ("user", "assistant")
ENGLISH = [  # the first of a list is a system message where its length is odd
    ["Name a fruit that grows in Spain.", "Oranges grow in Spain."],
    ["You are a patient cook.", "How do I boil an egg?", "Boil it for ten minutes in hot water.",
     "And if I like it soft?", "Then take it out after six minutes."],
    ["What colour is the sky at noon?", "The sky is blue at noon.", "And in the evening?",
     "In the evening it turns red and golden."],
    ["You answer in one sentence.", "Why do we sleep?", "We sleep so that our body can rest."],
    ["Tell me a short story about a cat.", "A cat found a warm house and stayed there for ever."],
    ["How many days does a week have?", "A week has seven days."],
    ["Which month follows March?", "April follows March.", "And then?", "After April comes May."],
    ["Give me advice for a long journey.", "Take water, a good book and comfortable shoes."],
]  # fmt: skip
SPANISH = [
    ["Nombra una fruta que crece en España.", "Las naranjas crecen en España."],
    ["Eres un cocinero paciente.", "¿Cómo hago un huevo duro?", "Cuécelo diez minutos en agua caliente.",
     "¿Y si me gusta blando?", "Entonces sácalo después de seis minutos."],
    ["¿De qué color es el cielo al mediodía?", "El cielo es azul al mediodía.", "¿Y por la tarde?",
     "Por la tarde se vuelve rojo y dorado."],
    ["Respondes con una sola frase.", "¿Por qué dormimos?", "Dormimos para que nuestro cuerpo descanse."],
    ["Cuéntame un cuento corto sobre un gato.", "Un gato encontró una casa cálida y se quedó para siempre."],
    ["¿Cuántos días tiene una semana?", "Una semana tiene siete días."],
    ["¿Qué mes sigue a marzo?", "Abril sigue a marzo.", "¿Y luego?", "Después de abril viene mayo."],
    ["Dame un consejo para un viaje largo.", "Lleva agua, un buen libro y zapatos cómodos."],
]  # fmt: skip


def messages(texts):
    system, turns = ([], texts) if len(texts) % 2 == 0 else (texts[:1], texts[1:])
    found = [{"role": "system", "content": text} for text in system]
    return found + [{"role": ROLES[place % 2], "content": text} for place, text in enumerate(turns)]


def memory():
    """What a translator would say, in both directions."""
    for english, spanish in zip(ENGLISH, SPANISH, strict=True):
        for one, other in zip(english, spanish, strict=True):
            for source, target, text, made in (("en", "es", one, other), ("es", "en", other, one)):
                yield {"source_language": source, "target_language": target, "source": text,
                       "target": made, "engine": "people"}  # fmt: skip


def study(folder):
    for name, rows in (("english", ENGLISH), ("spanish", SPANISH)):
        lines = [json.dumps({"messages": messages(texts)}) for texts in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    lines = [json.dumps(entry) for entry in memory()]
    (folder / "memory.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config |= {
        "study": "turns",
        "languages": {"es": {"native": {"path": "spanish.jsonl"}}},
        "sample": {"english": {"path": "english.jsonl"}},
        "translate": {
            "translators": {
                "people": {"backend": "recorded", "engine": "people", "memory": ["memory.jsonl"]}
            }
        },
        "conditions": [
            {"data": ["native", "people", "people-rtt"], "scope": ["es"], "lr": ["high"]}
        ],
        "answer": {},
        "judge": {},
    }
    benchmarks = config["evaluate"]["benchmarks"]
    config["evaluate"]["benchmarks"] = {
        "choice": {**benchmarks["choice-native"], "languages": ["es"]}
    }
    config["models"]["tiny"]["build"].pop("languages")
    (folder / "turns.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return folder


def texts(row):
    """A row's texts as they were written down: the system message first."""
    found = Row.from_json(row, "row")
    return tuple(text.text for text in found.texts())


@pytest.mark.slow
def test_turns_and_system_go_there_and_back_by_the_rules(tmp_path):
    folder = study(checkout(tmp_path / "clone"))
    sets = [
        f"results/finetune/sets/{data}/es/train.jsonl"
        for data in ("native", "people", "people-rtt")
    ]
    asked = (*sets, "results/translate/quality.csv", "--cores", "2", "--configfile", "turns.yaml")
    done = run_snakemake(*asked, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    native = read_dataset(folder / "results/sample/native/es.jsonl")
    assert Counter(map(texts, native)) == Counter(map(tuple, SPANISH))
    english = read_dataset(folder / "results/sample/english/es.jsonl")
    assert Counter(map(texts, english)) == Counter(map(tuple, ENGLISH))
    cook = next(row for row in english if row.get("system") == "You are a patient cook.")
    assert set(cook) == {"id", "language", "system", "turns", "origin"}
    assert [turn["role"] for turn in cook["turns"]] == ["user", "assistant"] * 2
    single = next(row for row in english if "story" in row.get("instruction", ""))
    assert set(single) == {"id", "language", "instruction", "output", "origin"}

    translated = {
        row["id"]: row for row in read_dataset(folder / "results/translate/people/es.jsonl")
    }
    assert Counter(map(texts, translated.values())) == Counter(map(tuple, SPANISH))
    made = translated[cook["id"]]
    assert made["system"] == "Eres un cocinero paciente."
    assert [turn["role"] for turn in made["turns"]] == ["user", "assistant"] * 2
    back = read_dataset(folder / "results/roundtrip/people/es.jsonl")
    assert {row["id"]: texts(row) for row in back} == {row["id"]: texts(row) for row in native}
    report = read_json(folder / "results/translate/people/es.report.json")
    assert report["segments"] == sum(map(len, ENGLISH))
    assert set(report["length_ratio"]) == {"instruction", "output"}
    table = (folder / "results/translate/quality.csv").read_text(encoding="utf-8")
    assert table.count(",100.0,100.0,") == 2, table
    ids = [
        {row["id"] for row in read_dataset(path) + read_dataset(path.with_name("validation.jsonl"))}
        for path in (folder / name for name in sets)
    ]
    assert ids[0] == ids[2] == {row["id"] for row in native}


def translate(tmp_path, broken):
    """Translate one conversation whose text `broken` has a translation that is none."""
    import translate_texts
    from translating import LANGUAGES, files_in

    entries = [
        {**entry, "target": "我不知道你在说什么。"} if entry["source"] == broken else entry
        for entry in memory()
    ]
    lines = [json.dumps(entry) for entry in entries]
    (tmp_path / "memory.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = [
        Row.from_json(
            {"id": str(number), "language": "en", "origin": {"target_language": "es"},
             **({"system": one[0]} if len(one) % 2 else {}),
             "turns": [turn for turn in messages(one) if turn["role"] != "system"]}, "row"
        )
        for number, one in enumerate(ENGLISH)
    ]  # fmt: skip
    lines = [json.dumps(row.as_json()) for row in rows]
    files = files_in(tmp_path)
    files["source_file"].write_text("\n".join(lines), encoding="utf-8")
    translate_texts.main(
        name="people",
        translator={"backend": "recorded", "memory": [str(tmp_path / "memory.jsonl")]},
        operating={"api": {}, "batch": None, "replay": None, "price": {}},
        languages=LANGUAGES,
        target="target_language",
        max_quarantined=0.5,
        **files,
    )
    return files


def test_a_fault_in_one_turn_leaves_the_row_out_and_names_the_turn(tmp_path):
    files = translate(tmp_path, "And if I like it soft?")
    (gone,) = read_json(files["report_file"])["missing"]
    assert (gone["id"], gone["field"]) == ("1", "turns.2")
    made = read_dataset(files["translated_file"])
    assert [row["id"] for row in made] == [str(n) for n in range(len(ENGLISH)) if n != 1]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"turns": []}, "'turns' must be a list that ends with an answer of the assistant"),
        ({"turns": [{"role": "user", "content": "a"}]}, "ends with an answer"),
        (
            {"turns": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]},
            "'turns.0' has the role 'assistant' where 'user' should be",
        ),
        (
            {"turns": [{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}]},
            "'turns.1' is empty or not text",
        ),
        ({"instruction": "a", "output": "b", "system": ""}, "'system' is empty or not text"),
        ({"instruction": "a"}, "no column output"),
    ],
)
def test_a_row_that_breaks_the_contract_is_named(row, told):
    with pytest.raises(InputError, match=f"data, row 3: .*{told}"):
        Row.from_json({"id": "1", "language": "en", "origin": {}, **row}, "data, row 3")
