"""Studies whose truth is known, through the whole analysis: no sentence of version 1.0.0 that was false."""

import json
import re

import numpy as np
import state_claims
import write_findings
from made_up import OPTIONS, Adapter, write_study

FALSE = re.compile(
    r"\bbeats?\b|for \d+ of \d+ model|no difference is detectable|no detectable effect|same on every"
    r"|no relation|at least three scores|\[0\.0, 0\.0\]|nan|None|−0\.0\b",
    re.IGNORECASE,
)


def told(folder, answers, chance=None):
    """Sentences by question, and screen one, of a study."""
    write_study(folder, answers)
    if chance is not None:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        for entry in about["benchmarks"].values():
            entry["chance"] = chance
        (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    source = {"scores": folder / "scores.csv", "about": folder / "about.json"}
    state_claims.main(
        **source,
        item_table=folder / "items.parquet",
        claims=folder / "claims.json",
        estimates=folder / "estimates.csv",
        **OPTIONS,
    )
    write_findings.main(**source, claims=folder / "claims.json", folder=folder / "made")
    content = json.loads((folder / "made" / "findings.json").read_text(encoding="utf-8"))
    sentences: dict[str, list[str]] = {}
    for one in content:
        assert not FALSE.search(one["sentence"]), one["sentence"]
        sentences.setdefault(one["claim"]["question"], []).append(one["sentence"])
    return sentences, (folder / "made" / "answer.html").read_text(encoding="utf-8")


def answers_of(mean, generator, items=120, scale=1.0):
    """Right or wrong answers with this share of right ones (in %)."""
    return {
        f"q{i:03}": scale * float(v) for i, v in enumerate(generator.random(items) < mean / 100)
    }


def study(means, *, models=8, seeds=2, metric="acc", **options):
    """Adapters' answers; means: (data, language) -> mean score in %."""
    generator = np.random.default_rng(11)
    return {
        Adapter(f"m{m}", data, language=code, seed=seed, metric=metric): answers_of(
            mean, generator, scale=100.0, **options
        )
        for m in range(models)
        for (data, code), mean in means.items()
        for seed in range(seeds)
    }


def test_a_reversal_between_languages_is_no_equality(tmp_path):
    means = {("native", "es"): 60, ("google", "es"): 40, ("native", "zh"): 40, ("google", "zh"): 60}
    sentences, page = told(tmp_path, study(means))
    cells = sentences["cell"]
    assert any("es: native data is better" in line for line in cells)
    assert any("zh: translated data is better" in line for line in cells)
    assert not any("over 2 languages" in line for line in cells)
    assert "differs between languages" in sentences["languages"][0]
    assert "native better" in page and "translated better" in page and "languages differ" in page


def test_scores_at_chance_are_no_equality_and_no_effect(tmp_path):
    means = {(data, code): 25 for data in ("native", "google") for code in ("es", "zh")}
    sentences, page = told(tmp_path, study(means), chance=25.0)
    assert all("sees nothing with these models" in line for line in sentences["cell"])
    assert page.count("sees nothing: at chance") >= 2 and "no worse with translated</b>" not in page
    assert "growth" not in sentences or all("nothing" in s or "undecided" in s
                                            for s in sentences["growth"])  # fmt: skip


def test_models_that_cancel_are_not_alike(tmp_path):
    items = {f"q{i}": 100.0 * (i % 2) for i in range(40)}
    more = {name: 100.0 if name == "q0" else value for name, value in items.items()}
    answers = {
        Adapter(f"m{m}", data): more if (m % 2 == 0) == (data == "native") else items
        for m in range(2)
        for data in ("native", "google")
    }
    sentences, _ = told(tmp_path, answers)
    assert all("undecided" in line or "nothing can be said" in line for line in sentences["cell"])


def test_less_perplexity_is_better(tmp_path):
    generator = np.random.default_rng(5)

    def texts(level):
        return {f"t{i}": (float(level + generator.normal(0, 0.2)), 1.0) for i in range(60)}

    answers = {
        Adapter(f"m{m}", data, metric="perplexity", benchmark="text", seed=seed): texts(level)
        for m in range(6)
        for data, level in (("native", 2.0), ("google", 2.6))
        for seed in (1, 2)
    }
    sentences, _ = told(tmp_path, answers)
    assert "native data is better" in sentences["cell"][0]
    (growth,) = sentences["growth"]
    assert "falls with" not in growth


def test_a_gap_that_turns_at_a_low_learning_rate_is_not_smaller(tmp_path):
    generator = np.random.default_rng(6)
    answers = {
        Adapter(f"m{m}", data, learning_rate=rate, seed=seed): answers_of(mean, generator, scale=100)
        for m in range(8)
        for (data, rate), mean in {
            ("native", 1e-4): 60, ("google", 1e-4): 40, ("native", 1e-6): 40, ("google", 1e-6): 60,
        }.items()
        for seed in (1, 2)
    }  # fmt: skip
    sentences, _ = told(tmp_path, answers)
    (change,) = sentences["setting"]
    assert "the other data leads than at the main setting" in change and "smaller" not in change


def test_no_difference_gives_no_lead(tmp_path):
    means = {(data, code): 50 for data in ("native", "google", "opus") for code in ("es", "zh")}
    sentences, page = told(tmp_path, study(means, models=3))
    for lines in sentences.values():
        assert not any("is better than" in line or " grows " in line for line in lines)
    assert "native better</b>" not in page and "translated better</b>" not in page
