"""Cloze tests: items of free-text options, and scores by the text of the options."""

import pytest
from conftest import ROOT
from mothertongue.errors import InputError
from mothertongue.evaluate.items import make_items
from mothertongue.evaluate.metrics import score_cloze
from mothertongue.evaluate.pack import load_task
from mothertongue.evaluate.score import chance
from mothertongue.files import read_jsonl, write_jsonl

ROW = {"question": "A week has seven", "options": ["days", "months", "years"], "answer": 0}


def gold(**changes):
    (item,) = make_items([{**ROW, **changes}], "cloze", "t.jsonl")
    return item.gold


@pytest.mark.parametrize("answer", [1, 1.0, "1", "B", "months"])
def test_an_answer_is_a_number_a_letter_or_a_text(answer):
    assert gold(answer=answer) == 1


def test_a_text_among_the_options_goes_before_a_number():
    assert gold(options=["2", "3", "1"], answer="1") == 2
    assert gold(options=["2", "3", "1"], answer=1) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"answer": "weeks"}, "the answer is 'weeks'; wanted: the number of an option (0 to 2)"),
        ({"answer": 3}, "the answer is '3'; wanted"),
        ({"options": ["days"]}, "'options' is not a list of two or more texts"),
        ({"options": ["days", ""]}, "an option of 'choices' is empty"),
        ({"options": ["days", ["a"]]}, "holds list, not text"),
    ],
)
def test_what_is_wrong_names_the_row(changes, told):
    with pytest.raises(InputError) as error:
        gold(**changes)
    assert "t.jsonl, row 1" in str(error.value)
    assert told in str(error.value)


def test_columns_of_letters_are_options_too():
    row = {
        "question": "Snow is",
        "A": "white",
        "B": "black",
        "C": "red",
        "D": "blue",
        "answer": "A",
    }
    (item,) = make_items([row], "cloze", "t.csv")
    assert (item.options, item.gold) == (["white", "black", "red", "blue"], 0)


def test_equal_options_are_noted():
    report = {}
    make_items([{**ROW, "options": ["days", "Months", "months"]}], "cloze", "t", report=report)
    assert "B = C" in report["notes"][0]


def test_a_long_option_is_not_punished_per_character():
    doc = {"options": ["no", "a long way home"], "gold": 1}
    scored = score_cloze(doc, [(-6.0, False), (-9.0, False)])
    assert scored == {"acc": 0.0, "acc_norm": 1.0}


def test_chance_follows_the_number_of_options():
    docs = [{"doc": {"options": ["a"] * n, "gold": 0}} for n in (2, 4)]
    found = chance(docs, {"family": "cloze", "metrics": ["acc", "acc_norm"]})
    assert found["chance"] == 37.5
    assert found["chance_levels"]["acc_norm"] == {"options": 37.5, "majority": 100.0}


def test_a_place_that_is_right_often_is_no_chance_level_a_text_is():
    """Options are scored one by one: no model can know at which place one stands."""

    def majority(options):
        docs = [{"doc": {"options": own, "gold": 1}} for own in options]
        found = chance(docs, {"family": "cloze", "metrics": ["acc"]})
        return found["chance_levels"]["acc"]["majority"]

    assert majority([["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]) == 25.0
    assert majority([["no", "yes"], ["maybe", "yes"], ["no", "yes"], ["yes", "no"]]) == 75.0


@pytest.mark.parametrize(("language", "delimiter"), [("sw", " "), ("zh", "")])
def test_words_are_separated_as_the_language_does(tmp_path, language, delimiter):
    write_jsonl(tmp_path / "t.jsonl", [ROW])
    made = load_task("cloze", language, folder=ROOT / "tasks", files=[str(tmp_path / "t.jsonl")])
    task = made["tasks"]["cloze"]
    doc = task.eval_docs[0]
    assert task.fewshot_context(doc, 0) == "A week has seven"
    requests = task.construct_requests(doc, "A week has seven")
    assert [one.arguments[1] for one in requests] == [delimiter + text for text in ROW["options"]]


@pytest.mark.parametrize("language", ["en", "es"])
def test_our_items_are_sound(language):
    rows = read_jsonl(ROOT / f"resources/smollm/cloze_{language}.jsonl")
    assert len(rows) >= 40
    assert len({row["question"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)
    assert all(len(set(row["options"])) == 4 and row["answer"] in range(4) for row in rows)
    places = [row["answer"] for row in rows]
    assert max(places.count(place) for place in range(4)) <= len(rows) // 3


@pytest.mark.parametrize(
    ("choices", "share"),
    [
        ([["one", "two"], ["three", "four"], ["five", "six"], ["seven", "eight"]], 25.0),
        ([["A", "B"]] * 4, 100.0),  # letters stand for places, which a model sees
    ],
)
def test_the_same_holds_for_tasks_of_lm_eval(choices, share):
    from types import SimpleNamespace

    from mothertongue.evaluate.harness_score import _levels

    task = SimpleNamespace(
        OUTPUT_TYPE="multiple_choice",
        multiple_input=False,
        doc_to_choice=lambda doc: choices[doc["n"]],
        doc_to_target=lambda doc: 1,
    )
    samples = {"t": [{"doc": {"n": n}, "filter": "none"} for n in range(4)]}
    found = _levels({"t": task}, samples, {"acc": {}}, ["none"])
    assert found["acc"] == {"options": 50.0, "majority": share}
