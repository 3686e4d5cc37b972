"""Comparing and rating on a study's items: pairing, seeds, units, and what is missing."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from made_up import Adapter, analyse, pick, write_study
from mothertongue.errors import InputError

RNG = np.random.default_rng(3)


def answers(n=60, right=0.5, rng=RNG, first=0):
    """Right (100) and wrong (0) answers to n items."""
    return {f"q{first + place}": 100.0 * (rng.random() < right) for place in range(n)}


def grid(models=("a", "b", "c"), languages=("es", "ru"), data=("native", "google", "cohere"), **of):
    return [Adapter(m, d, language, **of) for m in models for language in languages for d in data]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Three models, two languages, two translators, round trips, two settings; native leads."""
    rng = np.random.default_rng(4)
    level = {"native": 0.75, "google": 0.45, "cohere": 0.5, "google-rtt": 0.7, "cohere-rtt": 0.7}
    found = {}
    for adapter in grid(data=level) + grid(scope="multi"):
        found[adapter] = answers(80, level[adapter.data], rng)
    folder = write_study(tmp_path_factory.mktemp("study"), found)
    return found, analyse(folder), folder


def mean(items):
    return np.mean(list(items.values()))


def test_differences_are_those_of_the_scores(study):
    found, tables, _ = study
    main = {"scope": "mono", "learning_rate": 1e-4, "unit": "items"}
    for model in "abc":
        for language in ("es", "ru"):
            by = {d: found[Adapter(model, d, language)] for d in ("native", "google", "cohere")}
            (row,) = pick(
                tables["contrasts"], contrast="gap", second="translated", model=model,
                language=language, **main,
            )  # fmt: skip
            translated = (mean(by["google"]) + mean(by["cohere"])) / 2
            assert row["first_score"] == pytest.approx(mean(by["native"]))
            assert row["second_score"] == pytest.approx(translated)
            assert row["difference"] == pytest.approx(mean(by["native"]) - translated)
            assert row["low"] < row["difference"] < row["high"]
            assert (row["items"], row["seeds"], row["family"]) == (80, 1, 6)
            assert row["p"] <= row["p_holm"] <= 6 * row["p"] + 1e-12
            rows = pick(tables["contrasts"], model=model, language=language, **main)
            parts = {(r["contrast"], r["first"], r["second"]): r["difference"] for r in rows}
            knowledge = parts["knowledge", "google-rtt", "google"]
            defects = parts["defects", "native", "google-rtt"]
            assert knowledge + defects == pytest.approx(parts["gap", "native", "google"])


def test_pooled_rows_are_means_with_both_units(study):
    _, tables, _ = study
    where = {"contrast": "gap", "second": "translated", "scope": "mono"}
    rows = pick(tables["contrasts"], **where)
    single = [r["difference"] for r in rows if r["model"] and r["language"]]
    pooled = {r["unit"]: r for r in rows if r["model"] is None}
    assert set(pooled) == {"items", "models and languages"}
    for row in pooled.values():
        assert row["difference"] == pytest.approx(np.mean(single))
        assert (row["models"], row["languages"], row["family"]) == (3, 2, 1)
    assert pooled["items"]["items"] == 160
    widths = [r["high"] - r["low"] for r in rows if r["model"] and r["language"]]
    assert pooled["items"]["high"] - pooled["items"]["low"] < min(widths)
    of_model = [r for r in rows if r["model"] and not r["language"]]
    assert [r["family"] for r in of_model] == [3, 3, 3]


def test_pairing_by_item_is_what_makes_intervals_narrow(tmp_path):
    """Native answers what google does and a little more: items in another order must not matter."""
    rng = np.random.default_rng(5)
    google = answers(200, 0.5, rng)
    native = {k: 100.0 if rng.random() < 0.05 else v for k, v in google.items()}
    found = {Adapter("a", "google"): google, Adapter("a", "native"): dict(reversed(native.items()))}
    (row,) = pick(analyse(write_study(tmp_path, found))["contrasts"], model="a", contrast="gap")
    spread = np.std([native[k] - google[k] for k in native]) / math.sqrt(200)
    assert row["stderr"] == pytest.approx(spread, rel=0.2)
    assert row["stderr"] < 0.4 * math.sqrt(2 * 0.25 / 200) * 100


def test_only_items_that_both_conditions_have_are_compared(tmp_path):
    """A judge left some answers unrated."""
    native, google = answers(50, 0.6), answers(40, 0.4, first=5)
    found = {Adapter("a", "native"): native, Adapter("a", "google"): google}
    (row,) = pick(analyse(write_study(tmp_path, found))["contrasts"], model="a", contrast="gap")
    both = native.keys() & google.keys()
    assert row["items"] == len(both) == 40
    assert row["difference"] == pytest.approx(np.mean([native[k] - google[k] for k in both]))


def test_perplexity_is_a_ratio_of_sums_and_less_is_better(tmp_path):
    rng = np.random.default_rng(6)
    tokens = {f"t{place}": float(rng.integers(10, 90)) for place in range(60)}
    found = {
        Adapter("a", data, metric="perplexity"): {
            k: (n * (rate + 0.05 * rng.normal()), n) for k, n in tokens.items()
        }
        for data, rate in (("native", 2.0), ("google", 2.2))
    }
    tables = analyse(write_study(tmp_path, found))
    (row,) = pick(tables["contrasts"], model="a", contrast="gap")
    native, google = (
        math.exp(sum(v for v, _ in items.values()) / sum(w for _, w in items.values()))
        for items in found.values()
    )
    assert row["first_score"] == pytest.approx(native)
    assert row["difference"] == pytest.approx(google - native)
    assert 0 < row["low"] < row["difference"] < row["high"]
    assert row["p"] < 0.01
    assert tables["benchmarks"][0]["wins_significantly"] == 1


def test_seeds_are_averaged_and_widen_the_interval(tmp_path):
    rng = np.random.default_rng(7)
    few, many = {}, {}
    for data, levels in (("native", (0.45, 0.6, 0.75)), ("google", (0.35, 0.5, 0.65))):
        sets = [answers(300, level, rng) for level in levels]
        many |= {Adapter("a", data, seed=seed): s for seed, s in enumerate(sets, 1)}
        few[Adapter("a", data)] = {k: np.mean([s[k] for s in sets]) for k in sets[0]}
    one, three = (
        pick(analyse(write_study(tmp_path / name, found))["contrasts"], model="a")[0]
        for name, found in (("one", few), ("three", many))
    )
    assert (one["seeds"], three["seeds"]) == (1, 3)
    assert three["difference"] == pytest.approx(one["difference"])
    assert three["high"] - three["low"] > 2 * (one["high"] - one["low"])


def test_a_clear_gap_is_won_significantly_and_no_gap_is_not(study, tmp_path):
    row = study[1]["benchmarks"][0]
    assert (row["wins"], row["wins_significantly"], row["loses_significantly"]) == (3, 3, 0)
    assert (row["detectable_items"], row["detectable_basis"]) == (80, "paired items")
    assert 10 < row["detectable"] < 30
    assert row["low"] > 0
    same = {adapter: answers(80, 0.5) for adapter in grid()}
    calm = analyse(write_study(tmp_path, same))["benchmarks"][0]
    assert calm["wins_significantly"] == 0


def test_an_item_that_stands_twice_is_refused(tmp_path):
    folder = write_study(
        tmp_path, {Adapter("a", "native"): answers(), Adapter("a", "google"): answers()}
    )
    import polars as pl

    table = pl.read_parquet(folder / "items.parquet")
    pl.concat([table, table.head(1)]).write_parquet(folder / "items.parquet")
    with pytest.raises(InputError, match="an item stands twice in quiz, es, a, native"):
        analyse(folder)


def test_tables_carry_the_interval_in_every_form(study):
    _, tables, folder = study
    (rated,) = tables["benchmarks"]
    notice = folder / "tables" / "notice"
    with (notice / "benchmarks.csv").open(encoding="utf-8") as lines:
        (row,) = csv.DictReader(lines)
    gap = "native − translated: gap"
    assert float(row[gap]) == pytest.approx(rated["gap"])
    low, high = (float(row[f"{gap}, {name}"]) for name in ("low", "high"))
    assert low < rated["gap"] < high
    words = f"+{rated['gap']:.1f} [{low:.1f}, {high:.1f}]"
    assert words in (notice / "benchmarks.html").read_text(encoding="utf-8")
    latex = (notice / "benchmarks.tex").read_text(encoding="utf-8")
    assert words in latex
    assert r"\toprule" in latex
    cells = (folder / "tables" / "gaps" / "quiz.tex").read_text(encoding="utf-8")
    assert "$<$ 0.001" in cells
    for group in ("gaps", "causes", "changes"):
        assert (folder / "tables" / group / "quiz.html").is_file()


# -- what is missing is said ---------------------------------------------------------------------


def texts(folder: Path) -> str:
    """All pages of tables."""
    return "\n".join(p.read_text(encoding="utf-8") for p in folder.glob("tables/*/*.html"))


def test_one_model_in_one_language(tmp_path):
    found = {Adapter("a", d): answers() for d in ("native", "google", "cohere")}
    tables = analyse(write_study(tmp_path, found))
    (row,) = pick(tables["contrasts"], unit="models and languages", second="translated")
    assert row["low"] is None and row["p"] is None
    assert row["note"] == "one model and one language: no interval"
    (rated,) = tables["benchmarks"]
    assert rated["r"] is None and "r needs three points" in rated["note"]
    assert rated["unit"] == "items" and rated["low"] is not None


def test_a_missing_cell_is_named_and_the_rest_compared(tmp_path):
    found = {adapter: answers() for adapter in grid()}
    del found[Adapter("b", "google", "ru")]
    tables = analyse(write_study(tmp_path, found))
    (row,) = pick(
        tables["contrasts"], contrast="gap", second="translated", model="b", language="ru"
    )
    assert row["difference"] is None
    assert row["note"] == "no score: google (monolingual, learning rate 1e-4)"
    pooled = pick(tables["contrasts"], second="translated", model=None, unit="models and languages")
    assert "b in ru" in pooled[0]["note"]
    assert pooled[0]["difference"] is not None
    assert "b in ru" in tables["benchmarks"][0]["note"]
    assert "no score: google" in texts(tmp_path)


def test_a_benchmark_without_any_variance(tmp_path):
    found = {adapter: dict.fromkeys((f"q{i}" for i in range(30)), 0.0) for adapter in grid()}
    tables = analyse(write_study(tmp_path, found))
    (row,) = pick(tables["contrasts"], model="a", language="es", second="translated")
    assert (row["difference"], row["low"], row["high"], row["p"]) == (0, 0, 0, 1)
    assert row["note"] == "no item tells them apart"
    (rated,) = tables["benchmarks"]
    assert rated["r"] is None and rated["detectable"] is None
    assert "no item tells them apart" in rated["note"]


def test_a_judge_without_scores(tmp_path):
    found = {a: answers(50) for a in grid(benchmark="qa-native", metric="total", judge="works")}
    found |= {a: {} for a in grid(benchmark="qa-native", metric="total", judge="silent")}
    tables = analyse(write_study(tmp_path, found))
    (row,) = pick(tables["contrasts"], judge="silent")
    assert row["note"] == "no scores of two conditions to compare"
    (rated,) = pick(tables["benchmarks"], judge="silent")
    assert rated["gap"] is None
    assert rated["note"] == "no model has scores with native and with translated data"
    assert pick(tables["benchmarks"], judge="works")[0]["gap"] is not None


def test_nan_is_a_missing_score(tmp_path):
    found = {adapter: answers() for adapter in grid()}
    folder = write_study(tmp_path, found)
    lines = (folder / "scores.csv").read_text(encoding="utf-8").splitlines()
    fields = lines[1].split(",")
    fields[10] = "NaN"
    lines[1] = ",".join(fields)
    (folder / "scores.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tables = analyse(folder)
    (row,) = pick(tables["contrasts"], model="a", language="es", second="translated")
    assert row["note"].startswith("no score: native")


def test_only_native_data(tmp_path):
    """Nothing to compare with: every file is written and says so."""
    tables = analyse(write_study(tmp_path, {Adapter("a", "native"): answers()}))
    assert tables["contrasts"][0]["note"] == "no scores of two conditions to compare"
    assert tables["gaps"] == [] and tables["correlations"] == []
    assert tables["benchmarks"][0]["gap"] is None


def test_the_same_seed_gives_the_same_tables(study, tmp_path):
    found, tables, _ = study
    assert analyse(write_study(tmp_path, found)) == tables


def test_judged_gaps_pair_the_answers_that_every_side_has_scored(tmp_path):
    """A judge that leaves the bad native answers out does not make native data better."""
    rng = np.random.default_rng(11)
    ratings = {f"q{i}": float(rng.integers(1, 6)) for i in range(40)}
    bad = [name for name, value in ratings.items() if value <= 1][:4]
    found = {}
    for model in ("a", "b", "c"):
        for data in ("native", "google", "cohere"):
            adapter = Adapter(model, data, benchmark="qa-native", metric="rating", judge="picky")
            left_out = bad if data == "native" else []
            found[adapter] = {k: v for k, v in ratings.items() if k not in left_out}
    assert bad
    folder = write_study(tmp_path, found)
    tables = analyse(folder)
    for row in tables["gaps"]:
        assert row["gap"] == pytest.approx(0)
        assert row["native"] == pytest.approx(row["translated"])
    (row,) = pick(tables["contrasts"], contrast="gap", second="translated", model="a", unit="items")
    assert row["difference"] == pytest.approx(0)
    assert row["items"] == 36
