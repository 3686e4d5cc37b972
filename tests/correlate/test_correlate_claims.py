"""Claims of whole studies with known truth, from results files to verdicts."""

import contextlib
import io
import math
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from made_up import Adapter, write_study
from mothertongue.correlate import claims as c
from mothertongue.correlate.averages import Setting, open_scores
from mothertongue.correlate.effects import Evidence
from mothertongue.correlate.facts import LANGUAGE_FIDELITY, BenchmarkFacts
from mothertongue.correlate.gap_correlation import Gap, correlate
from mothertongue.correlate.notes import HIDES
from mothertongue.correlate.statements import state
from mothertongue.report.verdicts import inside

sys.path.insert(0, str(ROOT / "bench"))
import calibration

MAIN = Setting("mono", 1e-4)
TERMS = ((("native", MAIN), 1.0), (("google", MAIN), -0.5), (("cohere", MAIN), -0.5))


def claims_of(folder, **options):
    evidence = Evidence(
        open_scores(folder / "scores.csv", folder / "about.json"), folder / "items.parquet"
    )
    settings = {"resamples": 50, "confidence": 0.95, "seed": 1, **options}
    return state(evidence, **settings)


def answers(rng, right, items=200):
    return {f"q{place}": 100.0 * (rng.random() < right) for place in range(items)}


def pick(claims, **where):
    return [x for x in claims if all(getattr(x, k) == value for k, value in where.items())]


def test_one_model_trained_once_says_nothing_of_the_method(tmp_path):
    rng = np.random.default_rng(7)
    found = {Adapter("a", "native"): answers(rng, 0.9), Adapter("a", "google"): answers(rng, 0.3)}
    (cell,) = pick(claims_of(write_study(tmp_path, found)), question=c.CELL)
    assert (cell.verdict, cell.basis) == (c.UNDECIDED, c.ADAPTERS)
    assert (cell.low, cell.high, cell.p) == (None, None, None)
    assert cell.items_low > 40  # these two adapters do differ
    assert "these adapters" in cell.note


def test_replicates_stand_in_for_models(tmp_path):
    rng = np.random.default_rng(8)
    found = {
        Adapter("a", data, seed=seed): answers(rng, right + 0.02 * rng.normal(), 500)
        for data, right in (("native", 0.8), ("google", 0.5))
        for seed in (1, 2, 3)
    }
    (cell,) = pick(claims_of(write_study(tmp_path, found)), question=c.CELL)
    assert (cell.verdict, cell.basis, cell.seeds) == (c.NATIVE_BETTER, c.REPLICATES, 3)
    assert cell.low < 30 < cell.high


def test_languages_that_go_opposite_ways_are_not_averaged(tmp_path):
    rng = np.random.default_rng(9)
    found = {}
    for model in "abcdefgh":
        for language, lead in (("es", 0.15), ("zh", -0.15)):
            found[Adapter(model, "native", language)] = answers(rng, 0.5 + lead, 500)
            found[Adapter(model, "google", language)] = answers(rng, 0.5, 500)
    claims = claims_of(write_study(tmp_path, found))
    cells = {claim.language: claim.verdict for claim in pick(claims, question=c.CELL)}
    assert cells == {"es": c.NATIVE_BETTER, "zh": c.TRANSLATED_BETTER}  # and no mean
    (differ,) = pick(claims, question=c.LANGUAGES)
    assert (differ.verdict, differ.first, differ.second) == (c.LANGUAGES_DIFFER, "es", "zh")


def test_guessing_is_at_chance_and_leaves_correlations(tmp_path):
    import json

    rng = np.random.default_rng(10)
    found = {
        Adapter(model, data): answers(rng, 0.25, 400)
        for model in "abcdef"
        for data in ("native", "google")
    }
    folder = write_study(tmp_path, found)
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    about["benchmarks"]["quiz"]["chance"] = 25.0
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    claims = claims_of(folder)
    assert [claim.verdict for claim in pick(claims, question=c.CELL)] == [c.AT_CHANCE]
    assert not [x for x in pick(claims, question=c.GROWTH) if x.estimate is not None]


def test_the_best_translator_is_corrected_for_the_choice(tmp_path):
    """Native beats one translator and is equalled by the other: the best is no worse."""
    rng = np.random.default_rng(11)
    found = {}
    for model in "abcdefgh":
        ease = rng.random(4000) < 0.5
        for data, flips in (("native", 0.0), ("good", 0.0), ("bad", 0.25)):
            right = ease & (rng.random(4000) >= flips) ^ (rng.random(4000) < 0.01)
            found[Adapter(model, data)] = {f"q{i}": 100.0 * r for i, r in enumerate(right)}
    claims = claims_of(write_study(tmp_path, found))
    by_translator = {x.second: x.verdict for x in pick(claims, question=c.TRANSLATOR)}
    assert by_translator == {"good": c.NO_WORSE, "bad": c.NATIVE_BETTER}
    (best,) = pick(claims, question=c.BEST)
    assert (best.verdict, best.best) == (c.NO_WORSE, "good")


def with_control(folder, name):
    """The study with one of its conditions stated to be a control."""
    import json

    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    about["data"][name]["kind"] = "control"
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.9, c.NO_WORSE), (0.5, c.NATIVE_BETTER)], ids=["alike", "apart"]
)
def test_a_control_is_compared_by_itself_and_is_no_translation(tmp_path, share, verdict):
    rng = np.random.default_rng(14)
    shares = {"native": 0.9, "google": 0.5, "again": share}
    found = {
        Adapter(model, data, language): answers(rng, right, 4000)
        for model in "abcdefgh"
        for language in ("es", "zh")
        for data, right in shares.items()
    }
    claims = claims_of(with_control(write_study(tmp_path, found), "again"))
    (control,) = pick(claims, question=c.CONTROL)
    assert (control.verdict, control.second, control.language) == (verdict, "again", None)
    assert control.estimate == pytest.approx(100 * (0.9 - share), abs=2)
    cells = pick(claims, question=c.CELL)
    assert all(cell.estimate == pytest.approx(40, abs=3) for cell in cells)  # google alone
    assert {x.second for x in pick(claims, question=c.TRANSLATOR)} == {"google"}


def test_perplexity_is_compared_in_bits_with_its_sign_turned(tmp_path):
    rng = np.random.default_rng(12)
    tokens = {f"t{place}": float(rng.integers(20, 60)) for place in range(80)}
    found = {
        Adapter(model, data, metric="perplexity"): {
            k: (n * (rate + 0.02 * rng.normal()), n) for k, n in tokens.items()
        }
        for model in "abcd"
        for data, rate in (("native", 2.0), ("google", 2.2))
    }
    (cell,) = pick(claims_of(write_study(tmp_path, found)), question=c.CELL)
    assert cell.estimate == pytest.approx(0.2 / math.log(2), abs=0.01)
    assert (cell.verdict, cell.unit) == (c.NATIVE_BETTER, "bits per token")


def gap_of(model, language="es", *, native=0.0, gap, mean):
    """A gap of the model of a number, with a family of its own."""
    name = f"m{model}"
    return Gap("b", None, "acc", language, name, name, native, math.nan, gap, mean)


def test_few_models_are_drawn_not_claimed():
    """A gap that follows the score exactly: claimed from six models on."""

    def rows(models):
        return [gap_of(m, native=50.0 + 2 * m, gap=float(m), mean=50.0 + m) for m in range(models)]

    (row,) = correlate(rows(8), resamples=100, confidence=0.95, seed=1)
    assert row.decoupled_r == pytest.approx(1) and row.decoupled_p < 0.01


def test_languages_of_other_levels_are_no_relation():
    """Within each language nothing goes along with the score; between them everything does."""
    rng = np.random.default_rng(13)
    small = 0
    for _ in range(60):
        gaps = [
            gap_of(m, language, gap=level / 5 + rng.normal(), mean=level + rng.normal())
            for language, level in (("es", 60.0), ("ru", 40.0), ("zh", 20.0))
            for m in range(6)
        ]
        (row,) = correlate(gaps, resamples=40, confidence=0.95, seed=1)
        small += row.decoupled_p <= 0.05
    assert small <= 8


def describe(cells, benchmarks):
    """Describe benchmarks otherwise than about.json does."""
    cells.facts = replace(cells.facts, benchmarks={**cells.facts.benchmarks, **benchmarks})


def test_a_model_without_one_translator_is_named_and_no_perplexity_of_0_stops_the_page(tmp_path):
    rng = np.random.default_rng(22)
    found = {
        Adapter(model, data, "es"): {f"q{i}": 100.0 * (rng.random() < 0.5) for i in range(40)}
        for model in "abcd"
        for data in ("native", "google", "cohere")
        if (model, data) != ("b", "cohere")
    }
    folder = write_study(tmp_path, found)
    scores = (folder / "scores.csv").read_text().splitlines()
    keys = scores[0].split(",")
    for row in list(scores[1:]):
        values = dict(zip(keys, row.split(","), strict=True))
        values |= {"benchmark": "text", "metric": "perplexity"}
        values["score"] = "0" if values["model"] == "a" else "8.5"
        scores.append(",".join(values[key] for key in keys))
    (folder / "scores.csv").write_text("\n".join(scores) + "\n")
    cells = open_scores(folder / "scores.csv", folder / "about.json")
    text = BenchmarkFacts("text", metrics=("perplexity",), higher={"perplexity": False})
    describe(cells, {"text": text})
    stated = state(Evidence(cells, folder / "items.parquet"), resamples=50, confidence=0.95, seed=1)
    gaps = [claim for claim in stated if claim.question == c.CELL]
    assert {claim.models for claim in gaps} == {3, 2}  # the text: without a, too
    assert all("left out, as a score is missing: " in claim.note for claim in gaps)
    assert all("b" in claim.note.split("missing: ")[1] for claim in gaps)


def test_a_mean_of_two_tests_that_cancel_is_not_called_no_worse(tmp_path):
    """Two judges, one far above the margin and one below 0: their mean says nothing."""
    rng = np.random.default_rng(23)
    found = {}
    for model in "abcdef":
        for data in ("native", "google", "cohere"):
            for test, lead in (("quiz", 12.0), ("exam", -12.0)):
                level = 50.0 + lead * (data == "native") + rng.normal(0, 0.3)
                found[Adapter(model, data, "es", benchmark=test)] = {
                    f"q{i}": level + rng.normal(0, 3) for i in range(60)
                }
    folder = write_study(tmp_path, found)
    cells = open_scores(folder / "scores.csv", folder / "about.json")
    described = cells.facts.benchmarks.items()
    describe(cells, {n: replace(b, group="knowledge", label="a test") for n, b in described})
    stated = state(Evidence(cells, folder / "items.parquet"), resamples=50, confidence=0.95, seed=1)
    means = [x for x in stated if x.question in (c.CELL, c.TRANSLATOR, c.BEST)]
    assert len(means) == 4 and all(x.low > -2 and x.high < 2 for x in means)
    assert {x.verdict for x in means} == {c.UNDECIDED}
    assert all(HIDES in x.note and x.needed is None for x in means)
    assert not any(inside(x) for x in means)  # the page's other tests are not the reason


def test_what_answers_look_like_without_a_judge_changes_no_p_of_the_page(tmp_path):
    """The same claims with and without such scores, which are a family of their own."""
    rng = np.random.default_rng(29)
    found = {}
    for model in "abcdef":
        for data, right in (("native", 0.62), ("google", 0.55)):
            for test, share in (("quiz", right), ("fidelity-asked", 0.9)):
                found[Adapter(model, data, benchmark=test)] = answers(rng, share, 60)

    def stated(tests, kind):
        folder = tmp_path / f"{len(tests)}-{kind}"
        folder.mkdir()
        write_study(folder, {key: own for key, own in found.items() if key.benchmark in tests})
        cells = open_scores(folder / "scores.csv", folder / "about.json")
        known = cells.facts.benchmarks.items()
        described = {n: b if n == "quiz" else replace(b, kind=kind, group=n) for n, b in known}
        describe(cells, described)
        evidence = Evidence(cells, folder / "items.parquet")
        return state(evidence, resamples=50, confidence=0.95, seed=1)

    alone = stated(("quiz",), None)
    beside = stated(("quiz", "fidelity-asked"), LANGUAGE_FIDELITY)
    own = pick(beside, group="fidelity-asked")
    assert [claim for claim in beside if claim not in own] == alone
    assert [claim.row for claim in beside] == list(range(len(beside)))
    assert {claim.question for claim in own} >= {c.CELL, c.BENCHMARK}
    together = stated(("quiz", "fidelity-asked"), "generative")  # as another test of the page
    (before,) = pick(alone, question=c.CELL)
    (after,) = pick(together, question=c.CELL, group=before.group)
    assert (before.verdict, after.verdict) == (c.NATIVE_BETTER, c.UNDECIDED)
    assert before.p == after.p and before.p_adjusted < before.level < after.p_adjusted


# -- the bench's short form ----------------------------------------------------------------------


@pytest.mark.slow
def test_simulated_studies_are_rarely_wrong():
    """A few designs of bench/calibration.py, as results files through the real code."""
    base = replace(calibration.BASE, items=100)
    quiet = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for design in (
            replace(base, name="null", models=4, families=2, replicates=1, training=2.0),
            replace(base, name="one model", models=1, families=1, replicates=3, languages=1),
            replace(base, name="margin", gaps=(2.0,), training=1.0, models=4),
        ):
            quiet[design.name] = calibration.run(design, 6)
    assert sum(total["wrong"] for total in quiet.values()) <= 3  # of 18
    inside = sum((total["inside"] for total in quiet.values()), Counter())
    hits = sum(n for (_, good), n in inside.items() if good)
    assert hits / sum(inside.values()) >= 0.88


@pytest.mark.slow
def test_a_true_difference_makes_no_false_part(tmp_path):
    """Every cell differs, as one of two translators is worse: the other is not called so."""
    design = replace(calibration.BASE, name="two translators", apart=4.0, gaps=(4.0,), items=400)
    with contextlib.redirect_stdout(io.StringIO()):
        total = calibration.run(design, 40)
    assert total["wrong"] <= 2  # 4 of 40 while parts were adjusted within their group alone
    assert (
        total["verdicts"]["pooled", c.NATIVE_BETTER] >= 100
    )  # of 120 means, so there was a chance
