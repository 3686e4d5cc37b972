"""Claims of several studies in one table: means against statsmodels, calibration, and bad input."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from merge_claims import claim
from mothertongue.correlate.claims import to_json
from mothertongue.merge.__main__ import main
from mothertongue.merge.pool import Key, random_effects

KEY = Key("xquad", "f1", "", "es", "mono", "native", "translated", "%")


def simulated(rng, studies, tau, truth=1.0):
    stderrs = rng.uniform(0.3, 1.0, studies)
    return rng.normal(truth, np.sqrt(tau**2 + stderrs**2)), stderrs


@pytest.mark.parametrize(("studies", "tau"), [(3, 0.0), (5, 1.0), (10, 2.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(studies, tau):
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        mean = random_effects(KEY, *simulated(rng, studies, tau))
        held += mean.low <= 1.0 <= mean.high
    assert 0.93 <= held / 400 <= 1.0


def test_a_mean_is_that_of_equal_studies_and_the_variance_between_is_found():
    mean = random_effects(KEY, [1.0, 1.0, 1.0], [0.5, 0.5, 0.5])
    assert mean.estimate == pytest.approx(1.0) and mean.tau == 0 and mean.i2 == 0
    assert mean.stderr == pytest.approx(0.5 / np.sqrt(3))  # never narrower than the usual one
    rng = np.random.default_rng(3)
    taus = [random_effects(KEY, *simulated(rng, 30, 2.0)).tau for _ in range(50)]
    assert np.mean(taus) == pytest.approx(2.0, abs=0.2)


def written(folder, name, *claims):
    path = folder / f"{name}.json"
    path.write_text(json.dumps([to_json(one) for one in claims]), encoding="utf-8")
    return f"{name}={path}"


def test_studies_stand_in_one_table_and_one_plot(tmp_path, capsys):
    ours = written(tmp_path, "ours", claim(2.0, 0.5), claim(1.0, None, language="zh"))
    theirs = written(tmp_path, "theirs", claim(3.0, 0.7))
    assert main([ours, theirs, "--out", str(tmp_path / "out")]) == 0
    rows = list(csv.DictReader((tmp_path / "out/claims.csv").open(encoding="utf-8")))
    of_test = [r for r in rows if r["benchmark"] == "xquad"]
    assert [(r["study"], r["language"]) for r in of_test] == [
        ("ours", "es"), ("theirs", "es"), ("random-effects mean", "es"), ("ours", "zh"),
    ]  # fmt: skip
    assert 2.0 < float(of_test[2]["estimate"]) < 3.0 and of_test[2]["studies"] == "2"
    assert "<svg" in (tmp_path / "out/forest.svg").read_text(encoding="utf-8")
    assert "2 studies" in capsys.readouterr().out


def test_studies_without_a_test_in_common_share_the_mean_over_their_tests(tmp_path):
    def of(name, *estimates):
        tests = [replace(claim(value, 0.5), benchmark=f"{name}-{value}") for value in estimates]
        return written(tmp_path, name, *tests)

    assert main([of("ours", 2.0, 4.0), of("theirs", 5.0), "--out", str(tmp_path / "out")]) == 0
    rows = list(csv.DictReader((tmp_path / "out/claims.csv").open(encoding="utf-8")))
    shared = [r for r in rows if r["benchmark"] == "all tests"]
    assert [float(r["estimate"]) for r in shared] == pytest.approx([3.0, 5.0, 4.0])
    assert float(shared[0]["stderr"]) == 0.5  # as if the two tests said the same
    assert sum(r["study"] == "random-effects mean" for r in rows) == 1


def test_a_study_given_twice_is_refused(tmp_path, capsys):
    ours = written(tmp_path, "ours", claim(2.0, 0.5))
    assert main([ours, ours, "--out", str(tmp_path / "out")]) == 1
    assert "two studies are called 'ours'" in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere.json")]) == 1
    assert "no such file" in capsys.readouterr().err


@pytest.mark.slow
def test_the_demo_the_published_study_and_a_third_stand_in_one_plot(finished_demo, tmp_path):
    results = finished_demo / "results"
    published = f"published={results / 'correlate/published/claims.json'}"
    tests = (("xquad", "em"), ("tydiqa", "f1"))
    named = [replace(claim(2.0, 0.8), benchmark=name, metric=metric) for name, metric in tests]
    third = written(tmp_path, "third", *named)
    assert main([f"demo={results}", published, third, "--out", str(tmp_path)]) == 0
    rows = list(csv.DictReader((tmp_path / "claims.csv").open(encoding="utf-8")))
    assert {r["study"] for r in rows} == {"demo", "published", "third", "random-effects mean"}
    assert len(rows) > 30
    both = [r for r in rows if (r["benchmark"], r["language"]) == ("xquad", "es")]
    assert [r["study"] for r in both] == ["published", "third", "random-effects mean"]
    drawn = (tmp_path / "forest.svg").read_text(encoding="utf-8")
    assert all(f"  {name} -->" in drawn for name in ("demo", "published", "third"))
