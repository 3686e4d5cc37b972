"""Our scores beside the published ones."""

import json
import re

import compare_published
import polars as pl
import pytest
from conftest import ROOT

PUBLISHED_REGISTER = ROOT / "resources" / "published" / "departures.yaml"


def beside(tmp_path, root, *, change=None, about=None):
    """Compare a changed copy of the published scores with the published scores."""
    published = root / "resources" / "published"
    scores = pl.read_csv(published / "scores.csv", schema_overrides={"seed": pl.Int64})
    scores = scores.with_columns(pl.lit("study").alias("source"))
    scores = scores if change is None else change(scores)
    scores.write_csv(tmp_path / "scores.csv")
    content = json.loads((published / "about.json").read_text(encoding="utf-8"))
    content |= {"source": "study", **(about or {})}
    (tmp_path / "about.json").write_text(json.dumps(content), encoding="utf-8")
    compare_published.main(
        scores=tmp_path / "scores.csv",
        about=tmp_path / "about.json",
        published=published / "scores.csv",
        published_about=published / "about.json",
        departures=PUBLISHED_REGISTER,
        folder=tmp_path / "beside",
    )
    return tmp_path / "beside"


def test_ours_beside_published(tmp_path, root):
    def more(scores):
        xquad = scores.filter((pl.col("benchmark") == "xquad") & (pl.col("data") == "native"))
        judged = scores.filter(pl.col("benchmark") == "qa-native").filter(
            pl.col("judge") == "gpt-4-turbo"
        )
        judged = judged.with_columns(pl.lit("new-judge").alias("judge"))
        return pl.concat([xquad, judged]).with_columns(pl.col("score") + 2)

    judges = {"new-judge": {"label": "New judge"}}
    made = beside(tmp_path, root, change=more, about={"judges": judges, "quantisation": "nf4"})
    table = pl.read_csv(made / "beside-published.cells.csv", infer_schema_length=None).to_dicts()
    own = [row for row in table if row["Benchmark"] == "XQuAD"]
    assert len(own) == 8 * 3 * 2 * 4  # models, languages, metrics, settings
    for row in own:
        assert row["score: difference"] == pytest.approx(2)
        reasons = row["known reasons to differ"]
        assert reasons.startswith("quantisation nf4, not int8; ")
        wanted = (
            "“include” is normalised" if row["metric"] == "answer contained" else "(exact_match"
        )
        assert wanted in reasons and "concern every score" in reasons
    others = {row["known reasons to differ"] for row in table if row["Benchmark"] != "XQuAD"}
    for name in ("GPT-4-Turbo", "Command R+"):
        start = f"other judge (New judge, not {name}); quantisation nf4, not int8; "
        assert any(reasons.startswith(start) for reasons in others)
    assert all("straight quotes" in reasons for reasons in others)
    look = (made / "beside.html").read_text(encoding="utf-8")
    assert "Scores in % are 2.0 points higher than the published ones on average." in look
    assert "can be set beside published ones" in look
    register = pl.read_csv(made / "beside-published.departures.csv").to_dicts()
    assert any("template" in row["Departure"] for row in register)
    assert not any("C-Eval" in row["Departure"] for row in register)  # this study has none


def test_the_papers_forms_of_a_metric_and_other_numbers_of_rows_are_compared(tmp_path, root):
    def strict(scores):
        own = scores.filter(pl.col("benchmark").is_in(["xquad", "mt-mmlu"]))
        own = own.filter(pl.col("metric").is_in(["em", "acc"]) & (pl.col("data") == "native"))
        name = pl.col("metric").replace({"em": "exact_match_strict"})
        other = own.filter(pl.col("metric") == "em").with_columns(name)
        rows = pl.when(pl.col("language") == "zh").then(13_000).otherwise(14_042)
        n = pl.when(pl.col("benchmark") == "mt-mmlu").then(rows).otherwise(1190)
        return pl.concat([own, other]).with_columns(n.alias("n"))

    made = beside(tmp_path, root, change=strict)
    table = pl.read_csv(made / "beside-published.cells.csv", infer_schema_length=None).to_dicts()
    forms = {row["metric"] for row in table if row["Benchmark"] == "XQuAD"}
    assert forms == {"exact match", "exact match of strings"}
    for row in table:
        reasons = row["known reasons to differ"]
        if row["metric"] == "exact match of strings":
            assert "exact match is normalised" not in reasons
        chinese = row["Benchmark"] == "MT-MMLU" and row["Language"] == "Chinese"
        assert ("13,000 items, not 14,042" in reasons) == chinese


def test_the_first_look_shows_our_gaps_and_the_published_ones(tmp_path, root):
    def half(scores):
        native = (pl.col("benchmark") == "xquad") & (pl.col("data") == "native")
        return scores.with_columns(
            pl.when(native).then(pl.col("score") - 30).otherwise(pl.col("score")).alias("score")
        )

    made = beside(tmp_path, root, change=half)
    look = (made / "beside.html").read_text(encoding="utf-8")
    assert look.count(">Ours</text>") == look.count(">Published</text>") >= 8
    assert "They are farthest apart on XQuAD" in look
    same, tests = re.search(r"published sign in (\d+) of (\d+) tests", look).groups()
    assert int(tests) - int(same) == 2  # both metrics of XQuAD, whose native scores were lowered


def test_nothing_shared_is_said_in_one_line(tmp_path, root):
    models = {"tiny": {"label": "Tiny"}}
    made = beside(
        tmp_path,
        root,
        change=lambda scores: scores.with_columns(pl.lit("tiny").alias("model")).unique(
            ["benchmark", "metric", "judge", "language", "data", "scope", "learning_rate"]
        ),
        about={"models": models},
    )
    page = (made / "beside-published.html").read_text(encoding="utf-8")
    assert "Nothing to compare: this study shares no model" in page
