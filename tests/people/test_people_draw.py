"""The sample of people's labels: whole questions, every condition alike, blind, overlap in both orders."""

import json
from collections import Counter

import draw_people
import pytest
from labelling import DATA, answer_files, arguments
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl
from mothertongue.people.guidelines import words_of
from mothertongue.people.records import Item, Label, Unit, read_key


def exported(tmp_path, **changes):
    settings = arguments(tmp_path, **changes)
    draw_people.main(answers=answer_files(tmp_path), **settings)
    return list(read_key([settings["key"]]).values()), settings["folder"]


def test_every_condition_is_labelled_on_the_same_questions(tmp_path):
    items, folder = exported(tmp_path, items=20)
    by_question = Counter(item.unit.question for item in items)
    assert set(by_question.values()) == {3} and len(by_question) == 6  # 18 fit into 20
    assert Counter(item.a for item in items) == dict.fromkeys(DATA, 6)
    assert len({item.id for item in items}) == len(items)
    twice = [item for item in items if len(item.annotators) == 2]
    assert len(twice) == 2 * 3  # a quarter of six questions, rounded
    shown = [row["item"] for row in read_jsonl(folder / "ana.jsonl")]
    assert shown != [item.id for item in items if "ana" in item.annotators]  # an order of their own
    assert set(shown) == {item.id for item in items if "ana" in item.annotators}


def test_no_file_of_an_annotator_names_a_condition(tmp_path):
    _, folder = exported(tmp_path)
    texts = [path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()]
    assert (
        len(texts) == 2 * (4 + 3) + 2
    )  # CSV, JSON Lines, tasks, page; three of Argilla; two shared
    for text in texts:
        for word in ("native", "fluent", "literal", "seed1", "tiny"):
            assert word not in text


def test_a_pair_of_the_overlap_is_seen_in_both_orders_by_two_people(tmp_path):
    items, folder = exported(tmp_path, mode="pairwise", items=24, overlap=0.5)
    by_pair = {}
    for item in items:
        by_pair.setdefault((item.unit, item.a, item.b), []).append(item)
    twice = [own for own in by_pair.values() if len(own) > 1]
    assert len(twice) == 2 * 6 and {item.a for item in items} == {"native"}
    for one, other in twice:
        assert {one.order, other.order} == {0, 1} and one.annotators != other.annotators
    alone = Counter(own[0].order for own in by_pair.values() if len(own) == 1)
    assert alone == {0: 6, 1: 6}
    texts = {row["item"]: row for row in read_jsonl(folder / "ana.jsonl") + read_jsonl(folder / "luis.jsonl")}  # fmt: skip
    for one, other in twice:
        first, second = texts[one.id], texts[other.id]
        assert first["answer_a"] == second["answer_b"] and first["answer_b"] == second["answer_a"]


def test_the_order_is_undone():
    unit = Unit("es", "asked", "q1", "tiny", "es", "high", 1)
    for order, choice, value in (
        (0, "A", 1),
        (0, "B", 0),
        (1, "A", 0),
        (1, "B", 1),
        (1, "tie", 0.5),
    ):
        item = Item(unit, "native", "fluent", order, ("ana",), "")
        assert Label.of(item, "ana", choice).value == value


def test_a_changed_answer_is_another_item(tmp_path):
    before, _ = exported(tmp_path / "one")
    settings = arguments(tmp_path / "two")
    draw_people.main(answers=answer_files(tmp_path / "two", words="Otra"), **settings)
    after = read_key([settings["key"]])
    assert not {item.id for item in before} & set(after)


def test_the_same_study_gives_the_same_files(tmp_path):
    one, first = exported(tmp_path / "one")
    two, second = exported(tmp_path / "two")
    assert one == two
    for path in first.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


@pytest.mark.parametrize(
    ("data", "changes", "line"),
    [
        (("native",), {}, "no question is answered by native and by translated data"),
        (DATA, {"items": 2}, "judge.people.items: 2 items are fewer than one question has"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_one_line(tmp_path, data, changes, line):
    with pytest.raises(InputError, match=line):
        draw_people.main(
            answers=answer_files(tmp_path, data=data), **arguments(tmp_path, **changes)
        )


def test_guidelines_are_in_the_language_or_english_or_the_studys_own(tmp_path):
    for mode in ("rating", "pairwise"):
        texts = {code: words_of(code, mode).guidelines(mode) for code in ("en", "es", "zh")}
        assert len(set(texts.values())) == 3
        assert words_of("fi", mode).guidelines(mode) == texts["en"]
    own = tmp_path / "mine.txt"
    own.write_text("Mire bien.\n", encoding="utf-8")
    _, folder = exported(tmp_path, guidelines=own)
    assert (folder / "guidelines.txt").read_text("utf-8") == "Mire bien.\n"
    assert "Mire bien." in (folder / "ana.html").read_text("utf-8")
    settings = json.loads((folder / "ana.argilla/.argilla/settings.json").read_text("utf-8"))
    assert settings["guidelines"] == "Mire bien."
