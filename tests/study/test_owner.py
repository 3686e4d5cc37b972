"""A study that is run into the results of another one says so before it replaces anything."""

import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake
from mothertongue.study.owner import takes_over

MADE = "sample/native/es.jsonl"


def told(results, name, made=MADE):
    return list(takes_over(results, name, [str(results / made)]))


def test_only_another_study_is_told(tmp_path):
    assert told(tmp_path, "first") == told(tmp_path, "first") == []
    (line,) = told(tmp_path, "second")
    assert "holds the study 'first'" in line and "anew for 'second'" in line
    assert told(tmp_path, "second") == []


def test_lists_and_published_scores_replace_nothing(tmp_path):
    told(tmp_path, "first")
    for made in ("estimate/cost.csv", "correlate/published/claims.json", "scores.csv"):
        assert told(tmp_path, "second", made) == []
    assert told(tmp_path, "first") == []


@pytest.mark.slow
def test_a_run_says_it_before_its_first_job(tmp_path):
    folder = checkout(tmp_path / "study")
    target = "results/sample/heldout/es.jsonl"
    first = run_snakemake("--cores", "1", target, cwd=folder)
    assert first.returncode == 0, first.stderr
    other = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    other["study"], other["sample"]["heldout"] = "another", 12
    (folder / "other.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    second = run_snakemake("--cores", "1", target, "--configfile", "other.yaml", cwd=folder)
    assert second.returncode == 0, second.stderr
    line = "results/ holds the study 'demo'; files of the same name are now made anew for 'another'"
    assert line in second.stderr and line not in first.stderr
    assert second.stderr.index(line) < second.stderr.index("Finished jobid")
