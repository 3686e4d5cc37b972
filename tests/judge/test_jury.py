"""Several judges taken together; an answer that one of them leaves unscored has no rating of the jury."""

import join_jury
import pytest
from mothertongue.collect.rows import rating_rows
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl, write_jsonl

CELL = "tiny/native/es/high/seed1/asked"


def member(folder, name, ratings):
    """A judge's ratings file; None: a rating that could not be read."""
    rows = [
        {"id": f"q{n}", "rating": rating, "unscored": None if rating else "no rating in the reply"}
        | {"replies": [], "characters": 9, "flags": []}
        for n, rating in enumerate(ratings)
    ]
    path = folder / name / CELL / "es.jsonl"
    write_jsonl(path, rows)
    return path


def joined(folder, by="mean", **members):
    path = folder / "us" / CELL / "es.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {name: member(folder, name, ratings) for name, ratings in members.items()}
    join_jury.main(members=files, joined=path, by=by)
    return path


def test_an_answer_without_a_rating_of_one_judge_has_none_of_the_jury(tmp_path, capsys):
    path = joined(tmp_path, a=[5, 4, 1, 2], b=[3, None, 1, 2], c=[1, 4, 4, 2])
    rows = read_jsonl(path)
    assert [row["rating"] for row in rows] == [3.0, None, 2.0, 2.0]
    assert rows[1]["unscored"] == "no rating by b"
    assert [reply["text"] for reply in rows[1]["replies"]] == ["a: 4", "b: none", "c: 4"]
    assert "a, b, c: 3 of 4 judged by every member" in capsys.readouterr().out
    judged = rating_rows(path, {"high": 1e-4}, 0.9)  # too few for a score of the set
    assert "3 of 4 answers scored, fewer than judge.coverage (90%)" in judged.reason
    assert "no rating by b" in judged.reason
    assert rating_rows(path, {"high": 1e-4}, 0.7).rows[0].score == pytest.approx(7 / 3)


def test_a_majority_is_what_most_say_else_the_median(tmp_path):
    rows = read_jsonl(joined(tmp_path, "majority", a=[5, 5], b=[5, 3], c=[1, 2]))
    assert [row["rating"] for row in rows] == [5.0, 3.0]


def test_judges_of_different_questions_are_no_jury(tmp_path):
    with pytest.raises(InputError, match="judges a and b have judged different questions"):
        joined(tmp_path, a=[5, 4], b=[3])
