"""Answers looked at without a judge: what each fault is, and how often a good answer is blamed."""

import json
from collections import Counter

import check_answers
import polars as pl
import pytest
from conftest import ROOT
from mothertongue.answer.fidelity import METRICS, fidelity
from mothertongue.files import read_jsonl, write_jsonl

ENGLISH = "The family meets in the kitchen and prepares the food for the whole week."
SPANISH = "La familia se reúne en la cocina y prepara la comida para toda la semana."
RUSSIAN = "Семья собирается на кухне и готовит еду на всю неделю."
CHINESE = "一家人聚在厨房里，为整个星期准备食物，大家都很高兴。"


def faults(text, language, prompt="", **how):
    found = fidelity(prompt, text, language, **how).scores()
    return {name for name, value in found.items() if value and name != "language_fidelity"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Sí.", "es"), ("42", "es"), ("是。", "zh"), ("好的。", "en"), ("Microsoft Windows", "zh"),
        ("Python, Java, JavaScript, Rust y SQL", "zh"), ("Juan Carlos Fernández de la Vega", "en"),
        ("Microsoft Windows, Adobe Photoshop, Linus Torvalds, Google", "es"),
        ("```python\nprint('hello world, this is a test of the code')\n```", "es"),
        ("https://example.org/this/is/the/page/of/the/house", "zh"), ("x² + y² = z²", "ru"),
        ("The capital of France is Paris.", "es"),
    ],
)  # fmt: skip
def test_a_short_answer_a_name_and_code_cannot_be_told(text, language):
    assert faults(text, language) == {"untold"}
    assert fidelity("", text, language).faithful


@pytest.mark.parametrize("language", ["es", "zh", "ru", "en"])
def test_another_language_is_named(language):
    texts = {"en": ENGLISH, "es": SPANISH, "ru": RUSSIAN, "zh": CHINESE}
    for other, text in texts.items():
        found = fidelity("", text, language)
        assert found.language == (None if other == language else other)
        assert (found.faithful, found.mixed_script) == (other == language, False)


@pytest.mark.parametrize(
    ("text", "language", "prompt", "found"),
    [
        ("La casa es grande 非常好的房子在那里 y bonita.", "es", "", {"mixed_script"}),
        ("这个房子 is very big and beautiful 非常大。", "zh", "", {"mixed_script"}),
        ("Se escribe 非常好的房子在那里 en chino.", "es", "¿Qué es 非常好?", {"untold"}),
        ("我喜欢用 Microsoft Windows 和 Adobe Photoshop 工作。", "zh", "", set()),
        ("La casa. " * 8, "es", "", {"loop"}),
        ("我很好" * 9, "zh", "", {"loop"}),
        ("Uno dos tres.\nLa casa de mi madre es azul.\n" * 6, "es", "", {"loop"}),
        ("| uno | dos |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |", "es", "", {"untold"}),
        ("Lo siento, pero no puedo ayudar con esa solicitud.", "es", "", {"refusal"}),
        ("抱歉，我无法回答这个问题。", "zh", "", {"refusal"}),
        ("Извините, я не могу помочь с этим.", "ru", "", {"refusal"}),
        ("", "es", "", {"empty", "untold"}),
        (" ...\n", "zh", "", {"empty", "untold"}),
    ],
)  # fmt: skip
def test_what_else_is_wrong(text, language, prompt, found):
    assert faults(text, language, prompt) == found


def test_an_answer_cut_off_is_told_by_its_stop(tmp_path):
    """The score file is like a benchmark's: percentages of all answers, with items beside it."""
    rows = [
        {"id": "a", "prompt": "¿Qué?", "answer": SPANISH, "stop": "eos"},
        {"id": "b", "prompt": "¿Qué?", "answer": ENGLISH, "stop": "length"},
        {"id": "c", "prompt": "¿Qué?", "answer": "Sí.", "stop": "eos"},
        {"id": "d", "prompt": "¿Qué?", "answer": "", "stop": "eos"},
    ]
    write_jsonl(tmp_path / "es.jsonl", rows)
    score, items = tmp_path / "fidelity-asked/es.json", tmp_path / "es.items.parquet"
    score.parent.mkdir()
    check_answers.main(
        answers=tmp_path / "es.jsonl", score=score, items=items, language="es", condition={}
    )
    found = json.loads(score.read_text(encoding="utf-8"))
    values = {name: one["value"] for name, one in found["metrics"].items()}
    assert values == {
        "language_fidelity": 50.0,
        "wrong_language": 25.0,
        "mixed_script": 0.0,
        "loop": 0.0,
        "cut_off": 25.0,
        "refusal": 0.0,
        "empty": 25.0,
        "untold": 50.0,
    }
    assert found["metrics"]["wrong_language"]["stderr"] == pytest.approx(25.0)
    table = pl.read_parquet(items)
    assert table["language"].to_list() == [None, "en", None, None]
    assert set(METRICS) < set(table.columns)


@pytest.mark.parametrize("language", ["en", "es", "zh"])
def test_no_text_of_the_demo_is_blamed(language):
    """0 of 366 outputs in another language, in mixed scripts, in a loop, empty or refused."""
    rows = read_jsonl(ROOT / f"resources/demo/aya/{language}.jsonl")
    blamed = Counter()
    for row in rows:
        blamed.update(faults(row["targets"], language, row["inputs"]) - {"untold"})
    assert len(rows) > 100 and not blamed


@pytest.mark.data
@pytest.mark.parametrize(
    ("language", "code", "other"), [("es", "spa", 3), ("zh", "zho", 0)]
)  # fmt: skip
def test_few_of_the_real_answers_are_blamed(shared, language, code, other):
    """Answers that people wrote (Aya), the first 100: nearly all blamed ones are labelled wrongly.

    Of all rows (bench/fidelity.py): docs/answers.md.
    """
    table = pl.read_parquet(shared / "data/aya/aya_dataset.parquet")
    rows = table.filter(pl.col("language_code") == code).select("inputs", "targets").head(100)
    blamed = Counter()
    for prompt, text in rows.iter_rows():
        blamed.update(faults(text, language, prompt) - {"untold"})
    assert blamed["wrong_language"] <= other
    assert max(blamed[name] for name in ("mixed_script", "loop", "refusal", "empty")) <= 1
