"""Verdicts of pairwise judges as scores, claims and sentences; how often they are right: bench/win_rate_claims.py."""

import csv

import pytest
from judge_biases import one_study, truth
from mothertongue.correlate import claims as c
from mothertongue.correlate.averages import open_scores
from mothertongue.report.sentences import Names, word
from win_rate_claims import stated, write_study


def scores_of(folder):
    with (folder / "scores.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))


def test_a_condition_has_its_wins_against_native_data_and_native_has_half(tmp_path):
    write_study(tmp_path, {"models": 1, "questions": 12, "against": ("google", "cohere")}, 3)
    rows = {row["data"]: row for row in scores_of(tmp_path)}
    assert len(scores_of(tmp_path)) == 3 and {row["metric"] for row in rows.values()} == {
        "win_rate"
    }
    assert float(rows["native"]["score"]) == 50.0 and float(rows["native"]["stderr"]) == 0.0
    assert 0 < float(rows["google"]["score"]) < 100 and int(rows["google"]["n"]) == 12


def test_a_clear_lead_is_said_as_a_win_rate(tmp_path):
    design = {"models": 8, "effect": 1.2, "between": 0.1, "against": ("google", "cohere")}
    write_study(tmp_path, design, 1)
    found = stated(tmp_path)
    names = Names(open_scores(tmp_path / "scores.csv", tmp_path / "about.json"))
    (cell,) = (one for one in found if one.question == c.CELL)
    assert cell.verdict == c.NATIVE_BETTER and 15 < cell.estimate < 40
    said = word(cell, names)
    assert f"native data win {50 + cell.estimate:.1f} % [" in said
    assert "against those after translated data" in said
    google = next(one for one in found if (one.question, one.second) == (c.TRANSLATOR, "google"))
    assert "against those after data translated by google" in word(google, names)
    assert not any(one.question == c.GROWTH for one in found)  # native has 50 by definition


def test_luck_of_the_native_adapter_is_in_every_comparison_with_it(tmp_path):
    """With one model, the mean over two translators has nearly the interval of one of them."""
    widths = {}
    for against in (("google",), ("google", "cohere")):
        folder = tmp_path / str(len(against))
        folder.mkdir()
        own = {"models": 1, "seeds": 4, "between": 0.0, "against": against}
        write_study(folder, own, 5)
        (cell,) = (one for one in stated(folder) if one.question == c.CELL)
        assert cell.basis == c.REPLICATES and cell.seeds == 4
        widths[len(against)] = cell.high - cell.low
    assert 0.4 < widths[2] / widths[1] < 1.6


def test_too_few_verdicts_make_no_score(tmp_path):
    write_study(tmp_path, {"models": 1, "questions": 10}, 3)
    from mothertongue.collect.rows import win_rows
    from mothertongue.files import read_jsonl, write_jsonl

    (path,) = tmp_path.rglob("es.against-google.jsonl")
    rows = read_jsonl(path)
    for row in rows[:3]:
        row |= {"first": None, "verdict": None, "unscored": "no reply"}
    write_jsonl(path, rows)
    (found,) = win_rows(path, {"high": 1e-4}, 0.9)
    assert found.rows[0].score is None
    assert found.reason.startswith("7 of 10 pairs have a verdict in both orders, fewer than judge")


@pytest.mark.slow
def test_planted_biases_are_found_and_people_correct_the_gap():
    """Coverage in 1,000 studies: docs/answers.md."""
    real = truth(20_000)
    studies = [one_study(seed) for seed in range(40)]
    for name in ("first", "people"):
        held = sum(one[name][0] <= real[name] <= one[name][1] for one in studies)
        assert held >= 34, name
    raw = sum(one["judge"][2] for one in studies) / 40
    corrected = sum(one["people"][2] for one in studies) / 40
    assert abs(raw - real["people"]) > 15 and abs(corrected - real["people"]) < 4
