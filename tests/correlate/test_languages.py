"""Tuned models against their untuned base in other languages: differences, clusters, scopes, the page."""

import json
from dataclasses import asdict

import compare_languages
import identify_answers
import numpy as np
import polars as pl
import pytest
import show_languages
from made_up import OPTIONS, Adapter, write_study
from mothertongue.correlate.comparisons import Comparison
from mothertongue.correlate.languages import AnswerLanguages
from mothertongue.correlate.records import read_records
from mothertongue.files import write_jsonl

SIZE = 120


def answers(right, rng, n=SIZE):
    """Right (100) and wrong (0) answers to n items."""
    return {f"q{place:03}": 100.0 * (rng.random() < right) for place in range(n)}


def base(model="a", language="en", **of):
    return Adapter(model, "base", language, scope="none", learning_rate=None, seed=0, **of)


def compared(folder) -> dict[tuple[str, str, str, str], Comparison]:
    """Rows by scope, tested language, model and data."""
    source = {"scores": folder / "scores.csv", "about": folder / "about.json"}
    path = folder / "differences.csv"
    compare_languages.main(**source, item_table=folder / "items.parquet", compared=path, **OPTIONS)
    rows = read_records(path, Comparison)
    found = {(r.scope, r.language, r.model, r.first): r for r in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture
def study(tmp_path):
    rng = np.random.default_rng(7)
    found = {
        base(): answers(0.8, rng),
        base(language="ru"): answers(0.5, rng),
        Adapter("a", "native", "en", scope="es"): answers(0.4, rng),
        Adapter("a", "google", "en", scope="es"): answers(0.7, rng),
        Adapter("a", "native", "ru", scope="es"): answers(0.5, rng),
        Adapter("a", "native", "en", scope="ru"): answers(0.8, rng),
    }
    return found, write_study(tmp_path, found)


def test_a_row_is_tuned_minus_untuned_on_the_same_items(study):
    found, folder = study
    rows = compared(folder)
    assert set(rows) == {(a.scope, a.language, "a", a.data) for a in found if a.data != "base"}
    for (scope, language, model, data), row in rows.items():
        tuned = np.mean(list(found[Adapter(model, data, language, scope=scope)].values()))
        untuned = np.mean(list(found[base(language=language)].values()))
        assert (row.first_score, row.second_score) == pytest.approx((tuned, untuned))
        assert row.difference == pytest.approx(tuned - untuned)
        assert row.low < row.difference < row.high
        assert (row.items, row.seeds, row.family, row.second) == (SIZE, 1, 4, "base")
        assert row.p <= row.p_holm <= min(1.0, 4 * row.p + 1e-12)
    lost = rows["es", "en", "a", "native"]
    assert lost.high < -15 and lost.p_holm < 0.001


def test_clusters_of_items_are_drawn_together(study):
    """Every question three times over: the interval must not become narrower."""
    found, folder = study
    alone = compared(folder)
    again = {
        adapter: {f"{item}-{copy}": value for item, value in items.items() for copy in "abc"}
        for adapter, items in found.items()
    }
    folder = write_study(folder / "again", again)
    table = pl.read_parquet(folder / "items.parquet")
    known = table.with_columns(pl.col("item").str.head(4).alias("cluster"))
    known.write_parquet(folder / "items.parquet")
    for key, row in compared(folder).items():
        assert (row.items, row.clusters) == (3 * SIZE, SIZE)
        assert row.stderr == pytest.approx(alone[key].stderr, rel=0.25)


def test_seeds_are_a_second_level_and_are_averaged(tmp_path):
    rng = np.random.default_rng(8)
    tuned = {
        Adapter("a", "native", "en", scope="es", seed=seed): answers(right, rng)
        for seed, right in ((1, 0.3), (2, 0.5), (3, 0.7))
    }
    (row,) = compared(write_study(tmp_path, {base(): answers(0.5, rng), **tuned})).values()
    means = [np.mean(list(items.values())) for items in tuned.values()]
    assert row.first_score == pytest.approx(np.mean(means))
    assert (row.seeds, row.basis) == (3, "replicates and items")
    assert row.high - row.low > 40  # three seeds that are 20 points apart


def test_without_a_base_there_is_a_score_and_no_difference(tmp_path):
    rng = np.random.default_rng(9)
    found = {
        Adapter("a", "native", "en", scope="es"): answers(0.5, rng),
        base("b"): answers(0.5, rng),
    }
    (row,) = compared(write_study(tmp_path, found)).values()
    assert row.first_score is not None and row.note == "no score: base"
    assert [asdict(row)[k] for k in ("second_score", "difference", "low", "p", "p_holm")] == [
        None
    ] * 5


def test_the_page_gives_numbers_and_no_verdict(study):
    _, folder = study
    rows = compared(folder)
    source = {"scores": folder / "scores.csv", "about": folder / "about.json"}
    page = folder / "page"
    counted = folder / "answers.csv"
    identify_answers.main(answers=answered(folder), learning_rates={"high": 1e-4}, found=counted)
    show_languages.main(
        **source,
        compared=folder / "differences.csv",
        answers=counted,
        confidence=0.95,
        folder=page,
    )
    index = json.loads((page / "index.json").read_text(encoding="utf-8"))
    caption = index["languages.html"]["caption"]
    english = [row.difference for key, row in rows.items() if key[1] == "en"]
    told = f"en: {min(english):+.1f} to {max(english):+.1f} (3 differences); ru: "
    assert told in caption
    assert "leave out the luck of training" in caption
    table = (page / "languages.html").read_text(encoding="utf-8")
    assert f"{rows['es', 'en', 'a', 'native'].difference:+.1f}".replace("-", "−") in table
    assert "Answers to open questions that are in another language" in table
    for verdict in ("forgot", "worse", "better", "no difference", "significant"):
        assert verdict not in caption


SPANISH = "La familia se reúne en la cocina y prepara la comida para toda la semana."
ENGLISH = "The family meets in the kitchen and prepares the food for the whole week."
CHINESE = "一家人聚在厨房里，为整个星期准备食物，大家都很高兴。"


def answered(folder) -> list:
    """Answers of one adapter with two seeds, and of its base."""
    answers = {
        "a/native/es/high/seed1": [SPANISH, ENGLISH, "", "... 12"],
        "a/native/es/high/seed2": [ENGLISH, CHINESE, SPANISH],
        "a/base/none/none/seed0": [ENGLISH],
    }
    paths = []
    for place, texts in answers.items():
        paths.append(folder / "answer" / place / "native" / "es.jsonl")
        paths[-1].parent.mkdir(parents=True)
        write_jsonl(paths[-1], [{"id": str(n), "answer": text} for n, text in enumerate(texts)])
    return paths


def test_answers_in_another_language_are_counted_over_seeds(tmp_path):
    path = tmp_path / "answers.csv"
    identify_answers.main(answers=answered(tmp_path), learning_rates={"high": 1e-4}, found=path)
    tuned, untuned = read_records(path, AnswerLanguages)
    assert (tuned.seeds, tuned.answers, tuned.wordless, tuned.other) == (2, 7, 2, 3)
    assert tuned.which.startswith("en 2, ")
    assert (untuned.data, untuned.learning_rate, untuned.answers, untuned.other) == (
        "base",
        None,
        1,
        1,
    )
