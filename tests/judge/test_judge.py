"""Ratings files and totals, with the offline overlap judge."""

import judge_answers
import pytest
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.judge import open_judge
from mothertongue.judge.overlap import overlap_rating
from mothertongue.judge.records import Rating
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.judge.totals import summarise

ANSWERS = [
    {
        "id": "a",
        "prompt": "¿Qué?",
        "answer": "Un plato de huevos.",
        "reference": "Un plato de huevos.",
    },
    {"id": "b", "prompt": "¿Qué?", "answer": "zzz", "reference": "Un plato de huevos."},
    {"id": "c", "prompt": "¿Qué?", "answer": "Un plato", "reference": "Un plato de huevos."},
]


def judged(tmp_path, answers):
    write_jsonl(tmp_path / "answers.jsonl", answers)
    judge_answers.main(
        answers=tmp_path / "answers.jsonl",
        ratings=tmp_path / "ratings.jsonl",
        judge="overlap",
        spec={"backend": "overlap"},
        operating={"store": ""},
    )
    return read_jsonl(tmp_path / "ratings.jsonl")


def test_overlap_rates_by_likeness(tmp_path):
    rows = judged(tmp_path, ANSWERS)
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["rating"] == 5.0
    assert rows[1]["rating"] == 1.0
    assert 1.0 < rows[2]["rating"] < 5.0
    assert rows[2]["replies"][0]["text"].startswith("chrF ")
    total = summarise(map(Rating.from_json, rows))
    assert total.complete
    assert total.total == pytest.approx(sum(row["rating"] for row in rows))


def test_no_reference_is_unscored_not_a_number(tmp_path):
    rows = judged(tmp_path, [ANSWERS[0], {"id": "d", "prompt": "x", "answer": "y"}])
    assert rows[1]["rating"] is None
    assert "reference" in rows[1]["unscored"]
    total = summarise(map(Rating.from_json, rows))
    assert (total.asked, total.scored, total.total, total.mean) == (2, 1, None, 5.0)
    assert not total.complete


def test_nothing_scored_has_no_mean():
    assert summarise([Rating("a", None, None, (), 0, ())]) == (1, 0, None, None)


def test_overlap_rating_stays_on_the_scale():
    assert [overlap_rating(chrf) for chrf in (-1, 0, 50, 100, 101)] == [1, 1, 3, 5, 5]


def test_unknown_backend_is_one_line(tmp_path):
    with pytest.raises(InputError, match="did you mean 'overlap'"):
        open_judge("mine", JudgeSpec.of({"backend": "overlop"}), JudgeCalls.of({"store": ""}))


def test_malformed_answers_file(tmp_path):
    with pytest.raises(InputError, match="row 1: needs id, prompt and answer"):
        judged(tmp_path, [{"id": "a", "prompt": "x"}])
    assert not (tmp_path / "ratings.jsonl").exists()


def test_a_set_without_a_single_rating_is_an_error_that_says_why(tmp_path):
    without = [{"id": name, "prompt": "x", "answer": "y"} for name in "ab"]
    with pytest.raises(InputError, match=r"none of the 2 answers .* no reference answer"):
        judged(tmp_path, without)
    assert not (tmp_path / "ratings.jsonl").exists()
