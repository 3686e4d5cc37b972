"""Claims are calibrated: variances in closed form, the page's family of tests, whole studies."""

import contextlib
import io
import itertools
import math
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from conftest import ROOT
from made_up import Adapter, write_study
from mothertongue.correlate import claims as c
from mothertongue.correlate import variance as v
from mothertongue.correlate.averages import Setting, open_scores
from mothertongue.correlate.decisions import Adjusted, Closed, adjust_cells, nested
from mothertongue.correlate.effects import Evidence, Sample, Share, over_replicates
from mothertongue.correlate.facts import BenchmarkFacts
from mothertongue.correlate.gap_correlation import Gap, correlate
from mothertongue.correlate.groups import Group, cells_of, correlations_of
from mothertongue.correlate.notes import HIDES
from mothertongue.correlate.planning import Luck, Planned, smallest_gap
from mothertongue.correlate.power import needed
from mothertongue.correlate.statements import state
from mothertongue.correlate.variance import Spread
from mothertongue.report.verdicts import inside

sys.path.insert(0, str(ROOT / "bench"))
import calibration

MAIN = Setting("mono", 1e-4)
TERMS = ((("native", MAIN), 1.0), (("google", MAIN), -0.5), (("cohere", MAIN), -0.5))


# -- variances -----------------------------------------------------------------------------------


def test_units_of_one_each_are_student_s_t():
    values = np.random.default_rng(1).normal(1, 2, 7)
    spread = v.over_units(values, range(7))
    assert spread.variance == pytest.approx(values.var(ddof=1) / 7)
    assert spread.df == pytest.approx(6)
    theirs = scipy.stats.ttest_1samp(values, 0)
    assert v.two_sided(values.mean(), spread) == pytest.approx(theirs.pvalue)
    half = v.half_width(spread, 0.95)
    assert values.mean() - half == pytest.approx(theirs.confidence_interval(0.95).low)


def test_families_of_equal_size_are_a_t_test_of_their_means():
    values = np.random.default_rng(2).normal(0, 1, 8)
    families = ["a", "b", "c", "d"] * 2
    means = [values[place::4].mean() for place in range(4)]
    spread = v.over_units(values, families)
    assert spread.df == pytest.approx(3)
    p = scipy.stats.ttest_1samp(means, 0).pvalue
    assert v.two_sided(values.mean(), spread) == pytest.approx(p)


def test_replicates_pool_what_may_be_alike():
    scores = ([1.0, 2.0, 3.5], [4.0, 6.0, 5.5], [0.0, 1.5, 2.0])
    adapters = [(w, np.array(own)) for w, own in zip((1.0, -0.5, -0.5), scores, strict=True)]
    spread = over_replicates(adapters)
    pooled = np.mean([scores.var(ddof=1) for _, scores in adapters])
    assert spread.df == 6
    assert spread.variance == pytest.approx(pooled * 1.5 / 3)
    unlike = [(1.0, np.array([0.0, 100.0, 200.0])), (-1.0, np.array([0.0, 0.1, 0.2]))]
    assert over_replicates(unlike).df < 2.1  # Satterthwaite's


def test_passages_widen_an_interval_by_their_likeness():
    """Items of a passage that all agree are one observation."""
    values = np.repeat(np.random.default_rng(4).normal(0, 1, 50), 5) / 250
    values -= values.mean()
    by_item = v.over_clusters(values)
    by_passage = v.over_clusters(values.reshape(50, 5).sum(axis=1))
    assert by_passage / by_item == pytest.approx(5, rel=0.05)


def test_nothing_that_varies_is_no_evidence():
    assert math.isnan(v.two_sided(0.0, Spread(0.0, 7)))
    assert math.isnan(v.two_sided(3.0, v.NOTHING))


# -- the page's family of tests ------------------------------------------------------------------


def test_the_closed_procedure_tries_the_hardest_sets():
    """The shortcut is the largest p over all sets, tried one by one, for equal correlations."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        t, df = rng.normal(1, 1.5, 6), np.full(6, 14.0)
        closed = Closed(t, df, np.eye(6), 0.5)
        for member in range(6):
            sets = [
                [member, *others]
                for size in range(6)
                for others in itertools.combinations([i for i in range(6) if i != member], size)
            ]
            assert closed.p([member]) == pytest.approx(max(closed._of_set(s) for s in sets))


def synthetic(rng, *, gap, models=8, groups=3, languages=3, noise=2.0):
    """Cells of a page whose models differ by luck alone."""
    found = []
    for name in range(groups):
        samples = {}
        for place in range(languages):
            luck = rng.normal(0, noise * math.sqrt(1.5), models)
            sample = Sample(
                [f"m{m}" for m in range(models)], [f"f{m}" for m in range(models)],
                gap + luck, None, [], math.nan, 1, None, None, 0.0, 0.0,
            )  # fmt: skip
            samples[str(place)] = ([Share(None, 1.0, TERMS)], sample)
        found.append(Group(str(name), "%", [], 2.0, cells_of(samples, 2.0)))
    return found


def verdicts(groups):
    """(p of a difference, p of equivalence) of every cell of a page."""
    tests = [([cell.tested for cell in group.cells.values()], None) for group in groups]
    found = adjust_cells(tests, correlations_of([group.cells for group in groups]), 0.05)
    return [(one.difference, one.alike) for cells, _ in found for one in cells]


def test_a_page_without_a_difference_is_rarely_wrong_and_power_is_high():
    rng = np.random.default_rng(6)
    wrong = sum(min(d for d, _ in verdicts(synthetic(rng, gap=0.0))) <= 0.05 for _ in range(120))
    assert wrong / 120 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 120)
    pages = [verdicts(synthetic(rng, gap=3.0, noise=1.3)) for _ in range(25)]
    assert np.mean([d <= 0.05 for page in pages for d, _ in page]) >= 0.8
    pages = [verdicts(synthetic(rng, gap=0.0, noise=1.0)) for _ in range(25)]
    assert np.mean([alike <= 0.05 for page in pages for _, alike in page]) >= 0.7
    pages = [verdicts(synthetic(rng, gap=2.0, noise=1.0)) for _ in range(30)]
    assert np.mean([alike <= 0.05 for page in pages for _, alike in page]) <= 0.05


def test_parts_are_never_surer_than_their_cell():
    parent = Adjusted(0.3, 0.9, 0.96)
    one = nested((0.001, 0.999), parent, 0.5)
    assert (one.difference, one.alike) == (0.3, 1.0)


# -- claims of whole studies ---------------------------------------------------------------------


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
    assert "these two adapters" in cell.note


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


def test_an_interval_over_models_and_items_is_never_wider_than_without_their_interaction():
    """Nearly equal variances have a difference without degrees of freedom: ±1,279 points once."""
    for units, df, shared, interaction in ((0.01, 2, 5.0, 4.9), (1e-9, 1, 3.0, 2.99), (2, 7, 1, 0)):
        own = v.with_items(Spread(units, df), shared, interaction, 60)
        sure = v.with_items(Spread(units, df), shared, 0.0, 60)
        assert 0 < v.half_width(own, 0.95) <= v.half_width(sure, 0.95) + 1e-12
        assert own.df >= min(df, 59)
    assert v.with_items(Spread(4.0, 2), 1.0, 1.5, 60) == Spread(4.0, 2)


def test_coverage_over_few_models_and_few_items():
    """Three models on 60 items: items shared by models, models' own luck, and nothing else."""
    rng = np.random.default_rng(21)
    covered = 0
    for _ in range(600):
        table = rng.normal(0, 1, 60) + rng.normal(0, 3, (3, 60)) + rng.normal(0, 0.1, (3, 1))
        pulls = (table - table.mean(axis=1, keepdims=True)) / 60
        sample = Sample(
            list("abc"), list("abc"), table.mean(axis=1), pulls, [], 0.0, 1, 60, 60, 0.0, 0.0
        )
        covered += abs(sample.estimate) <= v.half_width(sample.spread(), 0.95)
    assert 0.93 <= covered / 600 <= 0.995


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


# -- planning ------------------------------------------------------------------------------------


def test_what_is_needed_would_decide():
    rng = np.random.default_rng(14)
    gaps = 1.0 + rng.normal(0, 3, 4)
    sample = Sample(list("abcd"), list("abcd"), gaps, None, [], math.nan, 1, None, None, 0.0, 0.0)
    asked = needed(sample, sample.units, 2.0, 0.95)
    variance = gaps.var(ddof=1) / asked.models if asked.models else 0
    assert asked.models > 4
    z = abs(gaps.mean()) / math.sqrt(variance)
    assert z > 2.7 or (2 - abs(gaps.mean())) / math.sqrt(variance) > 2.9


def test_nothing_is_needed_where_nothing_varies():
    """Scores that are all the same tell nothing of what more of them would bring."""
    gaps, still = np.zeros(3), np.zeros((3, 20))
    sample = Sample(list("abc"), list("abc"), gaps, still, [], 0.0, 1, 20, 20, 50.0, 50.0)
    assert needed(sample, sample.units, 2.0, 0.95) is None


def test_the_planned_gap_is_found_in_four_of_five_studies():
    plan = Planned("quiz", 6, 6, 1, 2, 2, 500)
    luck = Luck(1.5, 0.5, 40.0, "assumed")
    gap = smallest_gap(plan, luck)
    rng = np.random.default_rng(15)
    variance = 0.5**2 + 1.5**2 * 1.5 / 2 + 40.0**2 / 500
    values = rng.normal(gap, math.sqrt(variance), (4000, 6))
    found = (scipy.stats.ttest_1samp(values, 0, axis=1).pvalue < 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.03)
    assert smallest_gap(replace(plan, seeds=3), luck) < gap
    assert smallest_gap(replace(plan, models=1, seeds=1), luck) == math.inf


# -- the bench's short form ----------------------------------------------------------------------


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


def test_a_true_difference_makes_no_false_part(tmp_path):
    """Every cell differs, as one of two translators is worse: the other is not called so."""
    design = replace(calibration.BASE, name="two translators", apart=4.0, gaps=(4.0,), items=400)
    with contextlib.redirect_stdout(io.StringIO()):
        total = calibration.run(design, 40)
    assert total["wrong"] <= 2  # 4 of 40 while parts were adjusted within their group alone
    assert (
        total["verdicts"]["pooled", c.NATIVE_BETTER] >= 100
    )  # of 120 means, so there was a chance
