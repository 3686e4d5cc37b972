"""Judges compared: agreement against worked examples, gaps, and the figure."""

import compare_judges
import numpy as np
import plot_judges
import polars as pl
import pytest
import tabulate_judges
import yaml
from conftest import SMALL
from mothertongue.errors import InputError
from mothertongue.files import write_jsonl
from mothertongue.judge.agreement import kappa_of
from mothertongue.judge.gaps import GAPS
from mothertongue.judge.labels import rating_facts
from mothertongue.judge.ratings import table
from mothertongue.study import read_study

LABELS = {
    "judges": {"strict": "Strict judge", "kind": "Kind judge"},
    "questions": {"native": "native questions"},
    "languages": {"es": "Spanish", "zh": "Chinese"},
    "models": {"tiny": "Tiny-1M"},
}


def kappa_by_table(a, b, categories):
    """The textbook computation over a confusion table."""
    size = len(categories)
    observed = np.zeros((size, size))
    for one, two in zip(a, b):
        observed[categories.index(one), categories.index(two)] += 1
    weights = np.array([[(x - y) ** 2 for y in categories] for x in categories])
    expected = np.outer(observed.sum(1), observed.sum(0)) / len(a)
    return 1 - (weights * observed).sum() / (weights * expected).sum()


def test_kappa_is_the_textbooks():
    generator = np.random.default_rng(3)
    categories = [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    a = generator.choice(categories, 200)
    b = np.clip(a + generator.choice([-1, -0.5, 0, 0, 0.5], 200), 1, 5)
    sums = (len(a), a.sum(), b.sum(), (a * a).sum(), (b * b).sum(), ((a - b) ** 2).sum())
    expected = kappa_by_table(list(a), list(b), categories)
    assert float(kappa_of(*sums)) == pytest.approx(expected, abs=1e-12)


def test_kappa_without_spread_has_no_value():
    assert np.isnan(kappa_of(3, 12, 12, 48, 48, 0))
    assert kappa_of(3.0, 6.0, 6.0, 14.0, 14.0, 0.0) == 1


def study(folder, *, answers=20):
    """Two judges, two languages: `strict` sees a native advantage in es, `kind` sees none."""
    generator = np.random.default_rng(1)
    paths = []
    for language in ("es", "zh"):
        for data in ("native", "google", "cohere", "google-rtt"):
            quality = generator.integers(2, 5, answers)
            for judge in ("strict", "kind"):
                rows = []
                for i in range(answers):
                    rating = float(quality[i])
                    if judge == "strict" and data == "native" and language == "es":
                        rating = min(5.0, rating + 1)
                    if judge == "strict" and data != "native" and language == "es":
                        rating = max(1.0, rating - 1)
                    if judge == "kind" and i == 0 and data == "google":
                        rating = None
                    rows.append(
                        {"id": f"q{i:02}", "rating": rating, "characters": 10 * int(quality[i])}
                    )
                path = folder / judge / "tiny" / data / language / "high" / "seed1" / "native"
                write_jsonl(path / f"{language}.jsonl", rows)
                paths.append(path / f"{language}.jsonl")
    return paths


def run(folder, paths, judges=("strict", "kind")):
    names = ("coverage", "agreement", "lengths", "gaps", "dependence")
    files = {name: folder / f"{name}.csv" for name in names}
    compare_judges.main(
        ratings=paths, judges=list(judges), resamples=300, confidence=0.95, seed=1, **files
    )
    return {name: pl.read_csv(path) for name, path in files.items()}


def test_two_judges(tmp_path):
    found = run(tmp_path, study(tmp_path / "judge"))
    everything = found["agreement"].filter(
        pl.all_horizontal(pl.col("language", "questions", "model", "data", "scope").is_null())
    )
    assert everything["answers"].to_list() == [160]
    assert everything["both_scored"].to_list() == [158]
    row = found["agreement"].filter((pl.col("language") == "zh") & pl.col("data").is_null())
    assert row["kappa"].to_list() == [1.0, 1.0]  # over all question sets, and for the one there is
    assert row["mean_difference"].to_list() == [0.0, 0.0]
    condition = found["agreement"].filter(
        (pl.col("language") == "es") & (pl.col("data") == "native") & pl.col("model").is_not_null()
    )
    assert condition.height == 1
    assert 0.5 < condition["mean_difference"][0] <= 1
    assert condition["difference_low"][0] > 0
    lengths = found["lengths"].filter(
        (pl.col("judge") == "kind") & (pl.col("language") == "zh") & pl.col("questions").is_null()
    )
    assert lengths["spearman"][0] == pytest.approx(1.0)
    assert lengths["scored"][0] == 79
    gaps = found["gaps"].filter((pl.col("judge") == "strict") & (pl.col("language") == "es"))
    assert gaps["translators"].to_list() == ["cohere+google"]
    assert gaps["low"][0] > 0
    kind = found["gaps"].filter((pl.col("judge") == "kind") & (pl.col("language") == "es"))
    assert (kind["n"][0], kind["asked"][0]) == (19, 20)
    depends = dict(found["dependence"].select("language", "depends").iter_rows())
    assert depends == {"es": True, "zh": False}


def test_one_judge_has_gaps_and_empty_comparisons(tmp_path):
    paths = [p for p in study(tmp_path / "judge") if "strict" in str(p)]
    found = run(tmp_path, paths, judges=["strict"])
    assert found["agreement"].height == 0
    assert found["dependence"].height == 0
    assert found["gaps"].height == 2


def test_same_files_in_another_order_give_the_same_tables(tmp_path):
    paths = study(tmp_path / "judge")
    run(tmp_path / "a", paths)
    run(tmp_path / "b", paths[::-1])
    for name in ("coverage", "agreement", "lengths", "gaps", "dependence"):
        assert (tmp_path / "a" / f"{name}.csv").read_bytes() == (
            tmp_path / "b" / f"{name}.csv"
        ).read_bytes()


def test_unscored_everything_is_no_crash(tmp_path):
    for path in (paths := study(tmp_path / "judge")):
        write_jsonl(path, [{"id": "q0", "rating": None, "characters": 3}])
    found = run(tmp_path, paths)
    assert found["gaps"]["n"].to_list() == [0, 0, 0, 0]
    assert found["gaps"]["gap"].null_count() == 4


def test_no_ratings_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no ratings"):
        run(tmp_path, [])


@pytest.mark.slow
def test_figure(tmp_path):
    run(tmp_path, study(tmp_path / "judge"))
    figure = tmp_path / "gaps.svg"
    plot_judges.main(gaps=tmp_path / "gaps.csv", figure=figure, labels=LABELS)
    first = figure.read_bytes()
    assert b"<svg" in first
    plot_judges.main(gaps=tmp_path / "gaps.csv", figure=figure, labels=LABELS)
    assert figure.read_bytes() == first


def test_figure_without_gaps(tmp_path):
    table([], GAPS).write_csv(tmp_path / "gaps.csv")
    plot_judges.main(gaps=tmp_path / "gaps.csv", figure=tmp_path / "gaps.svg", labels=LABELS)
    assert (tmp_path / "gaps.svg").stat().st_size > 500


def tabulated(folder):
    """The page of tables made of a comparison."""
    names = ("coverage", "agreement", "lengths", "gaps", "dependence")
    tables = {name: folder / f"{name}.csv" for name in names}
    tabulate_judges.main(tables=tables, page=folder / "judges.html", labels=LABELS)
    return (folder / "judges.html").read_text(encoding="utf-8")


def test_captions_quote_n_metric_and_seeds(root):
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["answer"]["base"] = True
    facts = rating_facts(read_study(config, root), lambda questions, language: 10)
    # two sets in two languages; 3 data x 2 monolingual and 2 multilingual cells, and the base
    assert "n: 40 questions, 28 answer sets of them, 280 answers." in facts
    assert "Metric: rating from 1 to 5, by 1 judge(s). Seeds: 1." in facts


def test_tables_as_a_page(tmp_path):
    run(tmp_path, study(tmp_path / "judge"))
    page = tabulated(tmp_path)
    assert page.count('<table class="sortable"') == 5
    assert "nothing to show" not in page


def test_a_page_without_gaps_says_so(tmp_path):
    for name in ("coverage", "agreement", "lengths", "gaps", "dependence"):
        (tmp_path / f"{name}.csv").write_text("judge,n\n", encoding="utf-8")
    assert "Gap by judge: nothing to show." in tabulated(tmp_path)


def write_ratings(folder, adapters):
    """Ratings of one judge; adapters: (model, data) -> (ratings, lengths)."""
    paths = []
    for (model, data), (ratings, characters) in adapters.items():
        path = folder / "ann" / model / data / "es" / "high" / "seed1" / "qa" / "es.jsonl"
        rows = [
            {"id": f"q{i:03}", "rating": None if np.isnan(r) else float(r), "characters": int(c)}
            for i, (r, c) in enumerate(zip(ratings, characters))
        ]
        write_jsonl(path, rows)
        paths.append(path)
    return paths


def test_length_is_measured_within_an_adapter(tmp_path):
    generator = np.random.default_rng(2)
    long, short = generator.integers(500, 600, 80), generator.integers(50, 150, 80)
    within = [(3 + 0.01 * (c - c.mean()) + shift) for c, shift in ((long, -1), (short, 1))]
    paths = write_ratings(
        tmp_path / "judge",
        {("ada", "native"): (within[0], long), ("bea", "native"): (within[1], short)},
    )
    row = run(tmp_path, paths, judges=["ann"])["lengths"].row(0, named=True)
    # over both adapters longer answers are rated lower; within each of them, higher
    assert row["spearman"] == pytest.approx(1.0)
    assert row["per_100_characters"] == pytest.approx(1.0)
    assert row["adapters"] == 2


def test_a_gap_that_length_explains_is_gone_at_equal_length(tmp_path):
    generator = np.random.default_rng(3)
    native, other = generator.integers(200, 400, 120), generator.integers(100, 300, 120)
    noise = generator.normal(0, 0.2, (2, 120))
    adapters = {
        ("ada", "native"): (2 + 0.004 * native + noise[0], native),
        ("ada", "google"): (2 + 0.004 * other + noise[1], other),
    }
    adapters["ada", "google"][0][:3] = np.nan
    paths = write_ratings(tmp_path / "judge", adapters)
    row = run(tmp_path, paths, judges=["ann"])["gaps"].row(0, named=True)
    assert row["low"] > 0.2 and row["n"] == 117
    assert row["length_adjusted_low"] < 0 < row["length_adjusted_high"]
    assert abs(row["length_adjusted"]) < 0.1
    assert (row["native_unscored"], row["translated_unscored"]) == (0, 3)
    assert row["native_characters"] > row["translated_characters"] + 50


@pytest.mark.slow
def test_gaps_of_opposite_sign_are_no_opposite_sides_by_chance(tmp_path):
    generator = np.random.default_rng(4)
    told = []
    for trial in range(40):
        paths = []
        for judge in ("strict", "kind"):
            for data in ("native", "google"):
                path = tmp_path / str(trial) / judge / "ada" / data / "es" / "high" / "seed1" / "qa"
                ratings = generator.integers(1, 6, 30)
                rows = [
                    {"id": f"q{i}", "rating": float(r), "characters": 9}
                    for i, r in enumerate(ratings)
                ]
                write_jsonl(path / "es.jsonl", rows)
                paths.append(path / "es.jsonl")
        row = run(tmp_path / str(trial), paths)["dependence"].row(0, named=True)
        told.append((row["gap_a"] * row["gap_b"] < 0, row["opposite"]))
    assert sum(sign for sign, _ in told) >= 10  # half of all pairs differ in sign by chance
    assert sum(opposite for _, opposite in told) <= 4


def test_what_a_judge_left_out_is_counted_by_condition(tmp_path):
    paths = study(tmp_path / "judge")
    reasons = (
        "the judge declines (“I cannot rate”)",
        "[[7]] is not a rating from 1 to 5 in halves",
    )
    for path in paths:
        if path.parts[-6] == "cohere" and "kind" in path.parts:
            rows = [
                {"id": f"q{i:02}", "rating": None if i < 5 else 3.0, "characters": 9}
                | {"unscored": reasons[i == 4] if i < 5 else None, "flags": ["rating"] * (i == 0)}
                for i in range(20)
            ]
            write_jsonl(path, rows)
    found = run(tmp_path, paths)["coverage"]
    whole = found.filter((pl.col("data") == "cohere") & pl.col("model").is_null())
    assert whole.select("judge", "language", "answers", "scored").rows() == [
        ("strict", "es", 20, 20),
        ("strict", "zh", 20, 20),
        ("kind", "es", 20, 15),
        ("kind", "zh", 20, 15),
    ]
    assert whole["declined"].to_list() == [0, 0, 4, 4]
    assert whole["unreadable"].to_list() == [0, 0, 1, 1]
    assert whole["addresses_judge"].to_list() == [0, 0, 1, 1]
    assert whole["most_often"].to_list()[2] == reasons[0]
    sets = found.filter(pl.col("model").is_not_null())
    assert set(sets["data"]) == {"cohere", "google"}, "sets that are whole have no row of their own"
    page = tabulated(tmp_path)
    assert "declined" in page


def test_a_gap_of_too_few_scored_answers_is_empty_with_the_reason(tmp_path):
    paths = study(tmp_path / "judge")
    for path in paths:
        if path.parts[-6] == "cohere" and "kind" in path.parts and path.stem == "es":
            rows = [
                {"id": f"q{i:02}", "rating": 3.0 if i < 17 else None, "characters": 9}
                for i in range(20)
            ]
            write_jsonl(path, rows)
    found = run(tmp_path, paths)
    empty = found["gaps"].filter(pl.col("gap").is_null())
    assert empty.select("judge", "language").rows() == [("kind", "es")]
    assert empty["note"][0] == "cohere: 17 of 20 answers scored (judge.coverage 90%)"
    assert found["dependence"]["language"].to_list() == ["zh"]
    assert "17 of 20 answers scored" in tabulated(tmp_path)


def simulated(folder, trial, *, models=4, questions=40, gap=0.0, other=0.0, length=0.0):
    """Two judges, models of one recipe: gaps of both judges, and what an answer's length is worth.

    Questions differ, models differ by condition (training noise), native answers are longer.
    """
    generator = np.random.default_rng(1000 + trial)
    hard = generator.normal(0, 0.7, questions)
    paths = []
    for model in range(models):
        luck = {data: generator.normal(0, 0.15) for data in ("native", "google")}
        for data in ("native", "google"):
            longer = 150 if data == "native" else 0
            size = np.maximum(1, generator.normal(400 + 200 * model + longer, 120, questions))
            for judge, own in (("strict", gap), ("kind", other)):
                mean = 3 + hard + luck[data] + own * (data == "native") - 0.5 * model
                mean = mean + length * (size - size.mean()) / 100 + length * longer / 100
                rated = mean + generator.normal(0, 0.6, questions)
                rows = [
                    {"id": f"q{i}", "rating": float(r), "characters": int(c)}
                    for i, (r, c) in enumerate(zip(rated, size))
                ]
                path = folder / f"{trial}" / judge / f"m{model}" / data / "es" / "high" / "seed1"
                write_jsonl(path / "qa" / "es.jsonl", rows)
                paths.append(path / "qa" / "es.jsonl")
    return run(folder / f"{trial}", paths)


def pooled(table):
    """The row of all models."""
    return table.filter(pl.col("model").is_null()).row(0, named=True)


@pytest.mark.slow
def test_sentences_about_judges_that_are_false_are_rarely_said(tmp_path):
    """No gap and no difference of judges; length is worth something: 60 simulated studies."""
    said = {"depends": 0, "opposite": 0, "gap": 0, "adjusted": 0, "length": 0}
    trials = 60
    for trial in range(trials):
        found = simulated(tmp_path, trial, length=0.2)
        said["depends"] += bool(found["dependence"]["depends"].any())
        said["opposite"] += bool(found["dependence"]["opposite"].any())
        row = pooled(found["gaps"])
        assert row["basis"] == "models and questions"
        said["gap"] += not row["low"] < 0.3 < row["high"]  # 150 characters at 0.2 per 100
        said["adjusted"] += not row["length_adjusted_low"] < 0 < row["length_adjusted_high"]
        slope = found["lengths"].row(0, named=True)
        said["length"] += not slope["low"] < 0.2 < slope["high"]
    # 60 draws of a 5 % chance: more than 8 would be one in 1,000 studies like this one
    assert max(said.values()) <= 8, said


@pytest.mark.slow
def test_judges_that_differ_are_told_apart(tmp_path):
    found = [simulated(tmp_path, trial, gap=0.5, other=-0.5) for trial in range(10)]
    assert sum(pooled(f["dependence"])["opposite"] for f in found) >= 9
    assert all(pooled(f["gaps"])["n"] == 160 for f in found)


def test_models_that_write_more_and_worse_do_not_turn_the_association(tmp_path):
    """Longer answers are rated higher within every model; the longest model is the worst."""
    found = simulated(tmp_path, 0, length=0.2)["lengths"].row(0, named=True)
    assert found["spearman"] > 0
    assert found["low"] > 0
