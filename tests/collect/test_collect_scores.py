"""Scores that cannot be collected are named, with what to do."""

import json
from dataclasses import replace

import pytest
from mothertongue.collect.describe import missing_lines
from mothertongue.collect.rows import Key, ScoreRow, evaluation_rows, rating_rows
from mothertongue.errors import InputError
from mothertongue.files import write_jsonl
from mothertongue.judge.records import Rating
from mothertongue.judge.totals import why_empty


def score_file(folder, lr, content):
    path = folder / "tiny" / "native" / "es" / lr / "seed1" / "mgsm" / "es.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_condition_is_read_from_the_path(tmp_path):
    path = score_file(tmp_path, "high", {"metrics": {"em": {"value": 4.0, "stderr": 1.0, "n": 9}}})
    rows, _ = evaluation_rows(path, {"high": 1e-4})
    (row,) = rows
    assert (row.key.model, row.key.data, row.key.scope, row.key.seed) == ("tiny", "native", "es", 1)
    assert (row.key.benchmark, row.key.language, row.key.learning_rate) == ("mgsm", "es", 1e-4)
    assert (row.metric, row.score, row.stderr, row.n) == ("em", 4.0, 1.0, 9)


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
        evaluation_rows(score_file(tmp_path, lr, content), {"high": 1e-4})


def test_what_is_missing_is_said_once_with_its_reason():
    key = Key("qa-x", "overlap", "es", "ada", "native", "es", 1e-4, 1)
    rows = [
        ScoreRow(replace(key, language=code, data=data), metric, None, None, 0)
        for code in ("es", "zh")
        for data in ("native", "google", "opus")
        for metric in ("total", "rating")
    ]
    silent = [{"rating": None, "unscored": "no reference answer"}] * 3
    silent.append({"rating": None, "unscored": "refused"})
    why = why_empty([Rating.from_json({"id": "a", **row}) for row in silent], 0.9)
    describe = {"benchmarks": {"qa-x": {"label": "Open questions: x"}}, "judges": {}}
    lines = missing_lines(rows, {row.key: why for row in rows}, describe)
    assert lines == [
        "Open questions: x, judge overlap (es, zh): no reference answer, 6 sets without a score"
    ]
    whole = [ScoreRow(key, "acc", 1.0, None, 1)]
    assert missing_lines(whole, {}, describe) == []


def rated(tmp_path, scored, asked=20, coverage=0.9):
    """A ratings file in which the judge leaves answers out, as read into scores."""
    path = tmp_path / "judge/j/m/native/es/high/seed1/open/es.jsonl"
    rows = [{"id": f"{i}", "rating": 2.0 + i % 2, "unscored": None} for i in range(scored)]
    rows += [
        {"id": f"{i}", "rating": None, "unscored": "the judge declines"}
        for i in range(scored, asked)
    ]
    write_jsonl(path, rows)
    return rating_rows(path, {"high": 1e-4}, coverage)


def test_a_total_stands_for_a_complete_set_only(tmp_path):
    (mean, total), values, reason = rated(tmp_path, 20)
    assert (mean.metric, mean.score, mean.n) == ("rating", 2.5, 20)
    assert (total.metric, total.score, total.n) == ("total", 50.0, 20)
    assert total.stderr == pytest.approx(20 * mean.stderr)
    assert (len(values), reason) == (20, None)
    (mean,), values, reason = rated(tmp_path, 18)
    assert (mean.metric, mean.score, mean.n) == ("rating", 2.5, 18)
    assert (len(values), reason) == (18, None)


@pytest.mark.parametrize(("scored", "coverage"), [(17, 0.9), (19, 1.0), (0, 0.0)])
def test_too_little_coverage_leaves_the_cell_empty_with_the_reason(tmp_path, scored, coverage):
    (mean,), values, reason = rated(tmp_path, scored, coverage=coverage)
    assert (mean.score, mean.stderr, mean.n) == (None, None, scored)
    assert len(values) == 0, "no comparison is made of it either"
    assert "the judge declines" in reason
    assert not scored or f"{scored} of 20 answers scored" in reason
