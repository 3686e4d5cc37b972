"""`mothertongue.compare`: statistics against SciPy and statsmodels, pairing, verdicts, output."""

import io
import json
import subprocess
import sys

import mothertongue
import numpy as np
import polars as pl
import pytest
from mothertongue.compare import compare, compare_logs
from mothertongue.compare.__main__ import main
from mothertongue.compare.page import page
from mothertongue.compare.results import (
    ALL,
    AT_CHANCE,
    BETTER,
    EQUIVALENT,
    LANGUAGES,
    TASK,
    UNDECIDED,
    WORSE,
)
from mothertongue.compare.terminal import show
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar


def answers(rng, share, count):
    return (rng.random(count) < share).astype(float)


def table(run, scores, **columns):
    rows = {"run": run, "item": [f"i{n}" for n in range(len(scores))], "score": scores}
    return pl.DataFrame({**rows, **columns})


def two(first, second, **columns):
    return pl.concat([table("A", first, **columns), table("B", second, **columns)])


def one_of(comparison, level=TASK):
    return next(result for result in comparison.results if result.level == level)


# -- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_answers_without_clusters_are_tested_by_mcnemar(seed):
    rng = np.random.default_rng(seed)
    first, second = answers(rng, 0.5, 80), answers(rng, 0.65, 80)
    found = one_of(compare(two(first, second)))
    counts = [[((first == a) & (second == b)).sum() for b in (1, 0)] for a in (1, 0)]
    assert found.p == pytest.approx(mcnemar(counts, exact=True).pvalue)
    assert found.difference == pytest.approx(100 * (second.mean() - first.mean()))


def test_other_scores_are_tested_by_the_paired_t_test():
    rng = np.random.default_rng(1)
    first, second = rng.normal(3, 1, 60), rng.normal(3.3, 1, 60)
    found = one_of(compare(two(first, second)))
    wanted = stats.ttest_rel(second, first)
    assert found.p == pytest.approx(wanted.pvalue)
    interval = wanted.confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.df == 59


def test_clusters_are_those_of_statsmodels():
    """An intercept alone with standard errors clustered by passage."""
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(20), 5)
    luck = rng.normal(0, 0.5, 20)[groups]
    first, second = rng.random(100), rng.random(100) + luck
    found = one_of(compare(two(first, second, cluster=[f"p{g}" for g in groups])))
    differences = second - first
    fitted = sm.OLS(differences, np.ones(100)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, use_t=True
    )
    assert found.stderr == pytest.approx(fitted.bse[0] * np.sqrt(20 / 19))
    assert (found.items, found.clusters, found.df) == (100, 20, 19)


def test_several_trainings_widen_the_interval():
    rng = np.random.default_rng(3)
    frames = [
        table(run, answers(rng, share + luck, 300), seed=seed)
        for run, share in (("A", 0.5), ("B", 0.6))
        for seed, luck in enumerate((-0.1, 0.0, 0.1))
    ]
    found = one_of(compare(pl.concat(frames)))
    assert (found.basis, found.replicates) == ("replicates and items", 3)
    alone = one_of(compare(pl.concat(frames).filter(pl.col("seed") == 1)))
    assert found.stderr > alone.stderr


def test_three_models_are_paired_by_name():
    rng = np.random.default_rng(4)
    frames = [
        table(run, answers(rng, share, 200), model=model)
        for run, share in (("base", 0.5), ("tuned", 0.7))
        for model in ("m1", "m2", "m3")
    ]
    found = one_of(compare(pl.concat(frames)))
    assert (found.basis, found.models, found.verdict) == ("models and items", 3, BETTER)


def test_scores_that_are_better_when_lower():
    rng = np.random.default_rng(5)
    first = rng.normal(5, 0.1, 50)
    frame = two(first, first - 1 + rng.normal(0, 0.1, 50), metric="word_perplexity")
    found = one_of(compare(frame))
    assert found.verdict == BETTER and found.difference == pytest.approx(1, abs=0.1)
    assert found.second_score == pytest.approx(4, abs=0.1) and found.margin is None


def test_answers_that_are_all_the_same_are_equivalent_only_if_many():
    same = np.tile([0.0, 1.0], 50)
    assert one_of(compare(two(same, same))).verdict == UNDECIDED
    found = one_of(compare(two(np.tile(same, 10), np.tile(same, 10))))
    assert (found.verdict, found.p, found.difference) == (EQUIVALENT, 1.0, 0.0)


def test_groups_have_one_metric_per_task():
    rng = np.random.default_rng(6)
    frames = [
        two(answers(rng, 0.5, 100), answers(rng, 0.5, 100), task=task, metric=metric)
        for task in ("a", "b")
        for metric in ("acc", "acc_norm")
    ]
    whole = one_of(compare(pl.concat(frames)), ALL)
    assert (whole.metric, whole.items) == ("acc", 200)


def test_languages_share_their_items():
    rng = np.random.default_rng(7)
    first, second = answers(rng, 0.5, 100), answers(rng, 0.6, 100)
    frames = [two(first, second, language=code) for code in ("es", "ru")]
    found = compare(pl.concat(frames))
    single, mean = one_of(found), one_of(found, LANGUAGES)
    assert mean.clusters == 100 and mean.stderr == pytest.approx(single.stderr, rel=0.05)


def test_needed_items_would_decide():
    first = np.tile([0.0, 1.0, 1.0, 0.0], 25)
    second = first.copy()
    second[[0, 4, 8]], second[1] = 1.0, 0.0
    found = one_of(compare(two(first, second)))
    assert found.verdict == UNDECIDED and 100 < found.needed_items < 10_000
    times = -(-found.needed_items // 100)
    more = one_of(compare(two(np.tile(first, times), np.tile(second, times))))
    assert more.verdict != UNDECIDED


# -- false verdicts ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("per_cluster", [1, 5])
def test_false_verdicts_are_rare(per_cluster):
    """No difference: seldom one; a difference of the margin: seldom equivalent."""
    rng = np.random.default_rng(9)
    pages, differ, alike = 120, 0, 0
    for _ in range(pages):
        frames = []
        for task, gap in (("same", 0.0), ("margin", 0.02)):
            ease = np.repeat(rng.random(400 // per_cluster), per_cluster)
            drawn = [(rng.random(400) < 0.2 + 0.6 * ease + g).astype(float) for g in (0.0, gap)]
            names = [f"c{n // per_cluster}" for n in range(400)]
            frames.append(two(*drawn, task=task, cluster=names))
        for result in compare(pl.concat(frames)).results:
            differ += result.name == "same" and result.verdict in (BETTER, WORSE)
            alike += result.name == "margin" and result.verdict == EQUIVALENT
    assert differ <= 0.1 * pages and alike <= 0.1 * pages


@pytest.mark.slow
def test_the_best_of_several_is_seldom_called_worse():
    rng = np.random.default_rng(10)
    wrong = 0
    for _ in range(60):
        ease = rng.random(200)
        frames = [table(r, (rng.random(200) < ease).astype(float)) for r in "ABCD"]
        (ranking,) = compare(pl.concat(frames)).rankings
        wrong += any(row.worst_rank < 4 or row.best_rank > 1 for row in ranking.rows)
    assert wrong <= 0.12 * 60


def test_a_clear_winner_is_ranked_first():
    rng = np.random.default_rng(11)
    frames = [table(r, answers(rng, p, 400)) for r, p in (("A", 0.3), ("B", 0.32), ("C", 0.8))]
    (ranking,) = compare(pl.concat(frames)).rankings
    assert ranking.best == ["C"] and {row.worst_rank for row in ranking.rows} == {1, 3}


# -- frames and files ----------------------------------------------------------------------------


def test_the_package_can_be_called_and_takes_pandas():
    frame = two(np.tile([0.0, 1.0], 30), np.tile([1.0, 1.0], 30))
    own = mothertongue.compare(frame.to_pandas())
    assert own == compare(frame) and own.frame().height == 1


def test_a_pandas_frame_says_what_a_polars_frame_says():
    """Whatever its index, its order of columns and its kinds of text and number."""
    rng = np.random.default_rng(15)
    frames = [
        two(answers(rng, 0.5, 40), answers(rng, 0.7, 40), task=task, seed=seed, language="es")
        for task in ("a", "b")
        for seed in (1, 2)
    ]
    frame = pl.concat(frames).with_columns(cluster=pl.format("c{}", pl.col("item").str.len_chars()))
    theirs = frame.to_pandas().astype({"task": "category", "run": "category", "score": "float32"})
    theirs = theirs[sorted(theirs.columns)].set_index(theirs.index[::-1] + 7)
    assert compare(theirs) == compare(frame)


def test_items_of_one_side_are_counted(tmp_path):
    for name, rows in (("a", range(20)), ("b", range(5, 30))):
        lines = [json.dumps({"item": n, "score": n % 2}) for n in rows]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    found = compare_logs([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    assert found.results[0].items == 15
    assert "left out: 5 of a and 10 of b" in found.notes[0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("item,score\n1,1\n1,0\n", "item 1 stands twice"),
        ("item,score\n1,1\n2,NaN\n", "1 items is no finite number (first: item 2, nan)"),
        ("item,score\n7,1\n8,0\n", "no item in common"),
        ("item,score\n1,x\n2,0\n", "no number where one is wanted"),
        ("name,points\n1,1\n", "no columns item and score; found name, points"),
    ],
)
def test_broken_tables_give_one_line(tmp_path, capsys, rows, said):
    (tmp_path / "a.csv").write_text("item,score\n1,1\n2,0\n")
    (tmp_path / "b.csv").write_text(rows)
    assert main([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--margin", "much"], "--margin much: give a number"),
        (["--margin", "0"], "give a number above 0"),
        (["--out", "x.pdf"], "ends in .html, .json or .csv"),
        (["--confidence", "2"], "between 0.5 and 1"),
        (["--tasks", "none"], "no task, metric and language is in every run"),
    ],
)
def test_mistakes_of_the_command_line(tmp_path, capsys, words, said):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("task,item,score\nt,1,1\nt,2,0\n")
    assert main([str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), *words]) == 2
    assert said in capsys.readouterr().err


def test_command_prints_writes_and_names(tmp_path, capsys):
    rng = np.random.default_rng(12)
    for name, share in (("a", 0.3), ("b", 0.6)):
        table(name, answers(rng, share, 200)).drop("run").write_csv(tmp_path / f"{name}.csv")
    runs = [f"small={tmp_path / 'a.csv'}", f"large={tmp_path / 'b.csv'}"]
    out = tmp_path / "page.html"
    assert main([*runs, "--out", str(out)]) == 0
    assert "large better" in capsys.readouterr().out
    text = out.read_text(encoding="utf-8")
    assert "large better" in text and "<svg" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert main([*runs, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["verdict"] == BETTER


def test_a_terminal_gets_a_table_with_colours(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "100")
    rng = np.random.default_rng(13)
    frames = [table(r, answers(rng, p, 100)) for r, p in (("A", 0.2), ("B", 0.8), ("C", 0.5))]
    found = compare(pl.concat(frames))
    out = Terminal()
    show(found, out)
    assert "B better" in out.getvalue() and "┃" in out.getvalue()
    assert "B is best" in page(found)


def test_chance_is_shown_and_hides_equivalence():
    rng = np.random.default_rng(14)
    both = answers(rng, 0.25, 4000)
    found = one_of(compare(two(both, both, chance=0.25)))
    assert (found.chance, found.verdict) == (25.0, AT_CHANCE)


def test_importing_takes_less_than_a_second_and_no_torch():
    heavy = ("torch", "transformers", "datasets", "peft", "snakemake")
    code = "import sys, time; import mothertongue; from mothertongue.compare import compare;"
    code += f"print(time.process_time(), *(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *loaded = done.stdout.split()
    assert float(seconds) < 1 and loaded == []
