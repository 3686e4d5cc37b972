"""Scores that cannot be collected are named, with what to do."""

import json

import pytest
from collect_scores import key_of, missing_lines, read_evaluation, reason_of
from mothertongue.errors import InputError


def score_file(folder, lr, content):
    path = folder / "tiny" / "native" / "es" / lr / "seed1" / "mgsm" / "es.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_condition_is_read_from_the_path(tmp_path):
    path = score_file(tmp_path, "high", {"metrics": {"em": {"value": 4.0, "stderr": 1.0, "n": 9}}})
    rows, _ = read_evaluation(path, {"high": 1e-4})
    (row,) = rows
    assert (row["model"], row["data"], row["scope"], row["seed"]) == ("tiny", "native", "es", 1)
    assert (row["benchmark"], row["language"], row["learning_rate"]) == ("mgsm", "es", 1e-4)
    assert (row["metric"], row["score"], row["stderr"], row["n"]) == ("em", 4.0, 1.0, 9)


@pytest.mark.parametrize(
    ("lr", "content", "told"),
    [
        ("low", {"metrics": {"em": {}}}, "'low' is not in finetune.learning_rates"),
        ("high", {"metrics": {}}, "es.json: no metrics; delete the file and evaluate again"),
        ("high", [], "no metrics"),
    ],
)
def test_a_score_file_that_is_none_is_named(tmp_path, lr, content, told):
    with pytest.raises(InputError, match=told):
        read_evaluation(score_file(tmp_path, lr, content), {"high": 1e-4})


def test_what_is_missing_is_said_once_with_its_reason():
    row = {"benchmark": "qa-x", "judge": "overlap", "model": "ada", "scope": "es", "score": None}
    row |= {"learning_rate": 1e-4, "seed": 1}
    rows = [
        {**row, "metric": metric, "language": code, "data": data}
        for code in ("es", "zh")
        for data in ("native", "google", "opus")
        for metric in ("total", "rating")
    ]
    why = reason_of([{"unscored": "no reference answer"}] * 3 + [{"unscored": "refused"}])
    describe = {"benchmarks": {"qa-x": {"label": "Open questions: x"}}, "judges": {}}
    lines = missing_lines(rows, {key_of(row): why for row in rows}, describe)
    assert lines == [
        "Open questions: x, judge overlap (es, zh): no reference answer, 6 sets without a score"
    ]
    whole = [{**row, "metric": "acc", "language": "es", "data": "native", "score": 1.0}]
    assert missing_lines(whole, {}, describe) == []
