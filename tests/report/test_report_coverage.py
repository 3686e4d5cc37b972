"""Cells that not every language has: no mean or mark vanishes, and what is left out is said once."""

import json
import math

import plot_scores
import polars as pl
from made_up import Adapter, analyse, write_study
from mothertongue.correlate import averages as analysis
from mothertongue.correlate.averages import Setting, open_scores
from mothertongue.correlate.coverage import (
    mean_with_range,
    means_by_setting,
    shared_languages,
    shared_mean,
)
from mothertongue.correlate.facts import LANGUAGE_FIDELITY
from mothertongue.report.coverage import left_out

RIGHT = {f"q{i}": float(i % 2) for i in range(20)}
WRONG = {f"q{i}": 0.0 for i in range(20)}
MAIN = Setting("mono", 1e-4)


def study(folder, *, low=False):
    """Spanish and Chinese with every condition, Irish with native data alone."""
    made = {
        Adapter("ada", data, language=code): RIGHT if data == "native" else WRONG
        for data in ("native", "google", "opus")
        for code in ("es", "zh")
    }
    made[Adapter("ada", "native", language="ga")] = RIGHT
    if low:
        for data in ("native", "google"):
            made[Adapter("ada", data, language="es", learning_rate=1e-6)] = RIGHT
    write_study(folder, made)
    return open_scores(folder / "scores.csv", folder / "about.json")


def test_a_language_that_only_native_has_hides_no_translator(tmp_path):
    cells = study(tmp_path)
    test = analysis.Test("quiz")
    assert shared_languages(cells, test, "acc", "ada", MAIN) == ["es", "zh"]
    for name, mean in (("native", 0.5), ("google", 0.0), ("opus", 0.0)):
        assert shared_mean(cells, test, "acc", "ada", name, MAIN) == mean
        assert mean_with_range(cells, test, "acc", "ada", name, MAIN)[0] == mean
    (line,) = left_out(cells, [test], MAIN)
    assert line == "ga has no scores with google and opus, so means leave it out."
    analyse(tmp_path)
    table = pl.read_csv(tmp_path / "tables" / "scores" / "quiz.csv").to_dicts()
    assert {row["Data"]: row["Average: mono"] for row in table} == {
        "native": 0.5, "google": 0.0, "opus": 0.0,
    }  # fmt: skip
    page = (tmp_path / "tables" / "scores" / "quiz.html").read_text(encoding="utf-8")
    assert page.count("has no scores with") == 2  # below the table and in its LaTeX


def test_the_score_figure_names_what_it_leaves_out(tmp_path):
    study(tmp_path)
    source = {"scores": tmp_path / "scores.csv", "about": tmp_path / "about.json"}
    plot_scores.main(**source, folder=tmp_path / "figures")
    index = json.loads((tmp_path / "figures" / "index.json").read_text(encoding="utf-8"))
    for entry in index.values():
        assert entry["caption"].count("ga has no scores with google and opus") == 1


def test_a_check_that_finds_the_same_everywhere_is_named_and_not_drawn(tmp_path):
    """Fourteen panels of zeros said nothing, on axes that ran below 0 % and beyond 100 %."""
    whole = {name: 1.0 for name in RIGHT}
    write_study(tmp_path, {
        Adapter("ada", data, language=code, benchmark=benchmark, metric="acc"): answers
        for data in ("native", "google")
        for code in ("es", "zh")
        for benchmark, answers in (
            ("alike", whole), ("apart", RIGHT if data == "native" else whole),
        )
    })  # fmt: skip
    about = json.loads((tmp_path / "about.json").read_text(encoding="utf-8"))
    for entry in about["benchmarks"].values():
        entry["kind"] = LANGUAGE_FIDELITY
    source = {"scores": tmp_path / "scores.csv", "about": tmp_path / "about.json"}

    def drawn(benchmarks, name):
        about["benchmarks"] = benchmarks
        source["about"].write_text(json.dumps(about), encoding="utf-8")
        folder = tmp_path / name
        plot_scores.main(**source, folder=folder)
        return json.loads((folder / "index.json").read_text(encoding="utf-8"))

    both = dict(about["benchmarks"])
    for entry in drawn(both, "both").values():
        assert "Not drawn, as all answer sets are alike: Alike, accuracy." in entry["caption"]
    for entry in drawn({"apart": both["apart"]}, "apart").values():
        assert "Not drawn" not in entry["caption"]
    # a benchmark that is no check is drawn, whatever its scores are
    test = both["alike"] | {"kind": "structured"}
    assert "scores-native.svg" in drawn({"apart": both["apart"], "alike": test}, "test")


def test_settings_are_compared_over_the_same_languages(tmp_path):
    cells = study(tmp_path, low=True)
    settings = [MAIN, Setting("mono", 1e-6)]
    means = means_by_setting(
        cells, analysis.Test("quiz"), "acc", "ada", ["native", "google"], settings
    )
    assert means[MAIN] == {"native": 0.5, "google": 0.0}  # Spanish alone, as at the low rate
    assert means[settings[1]] == {"native": 0.5, "google": 0.5}


def test_conditions_that_share_no_language_have_no_mean(tmp_path):
    made = {Adapter("ada", "native", language="es"): RIGHT}
    made[Adapter("ada", "google", language="zh")] = RIGHT
    write_study(tmp_path, made)
    cells = open_scores(tmp_path / "scores.csv", tmp_path / "about.json")
    assert math.isnan(shared_mean(cells, analysis.Test("quiz"), "acc", "ada", "native", MAIN))
    assert len(left_out(cells, [analysis.Test("quiz")], MAIN)) == 2
