"""The embedded demo study, run for real: what it makes, and that only stale work is redone."""

import csv
import json
import math
import os
import re
import shutil
import subprocess
import time

import polars as pl
import psutil
import pytest
import yaml
from conftest import ROOT, checkout, copy_study, planned, run_snakemake
from json_rows import read_dataset
from mothertongue.files import read_jsonl
from mothertongue.study import read_study

pytestmark = pytest.mark.slow

SUMMARIES = {"all", "compare_judges", "measure_translation"}
for pages in (
    *("correlate", "contrasts", "report", "report_pages", "report_runs", "judge_pages"),
    *("contamination", "languages"),
):
    text = (ROOT / "rules" / f"{pages}.smk").read_text(encoding="utf-8")
    SUMMARIES.update(re.findall(r"^(?:local)?rule (\w+):", text, flags=re.MULTILINE))


def study_of(folder):
    return read_study(yaml.safe_load((folder / "config.yaml").read_text()), folder)


def own_config(folder, change) -> None:
    """Replace the linked config.yaml by a changed copy."""
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    changed = change(config) or config
    path.unlink()
    path.write_text(yaml.safe_dump(changed, sort_keys=False, allow_unicode=True), encoding="utf-8")


def expensive(jobs: dict[str, int]) -> dict[str, int]:
    """Jobs that are not summaries over everything."""
    return {rule: count for rule, count in jobs.items() if rule not in SUMMARIES}


def test_every_cell_has_its_files_and_finite_scores(finished_demo):
    study = study_of(finished_demo)
    results = finished_demo / "results"
    for condition in study.conditions:
        folder = results / "finetune" / condition.path
        for name in ("adapter_model.safetensors", "adapter_config.json", "history.csv"):
            assert (folder / name).stat().st_size > 0, condition.path
    for cell in study.evaluations:
        base = results / "evaluate" / cell.condition.path / cell.benchmark / cell.language
        score = json.loads(base.with_suffix(".json").read_text(encoding="utf-8"))
        assert score["benchmark"] == cell.benchmark
        assert score["language"] == cell.language
        for metric in score["metrics"].values():
            assert math.isfinite(metric["value"])
            assert metric["n"] > 0
        items = pl.read_parquet(base.with_name(f"{cell.language}.items.parquet"))
        assert items.height > 0
    for cell in study.judgements:
        a = cell.answers
        path = results / f"judge/{cell.judge}/{a.condition.path}/{a.questions}/{a.language}.jsonl"
        rows = read_jsonl(path)
        assert len(rows) == 10
        assert all(row["rating"] is None or 1 <= row["rating"] <= 5 for row in rows)


def test_scores_hold_every_evaluation_and_rating(finished_demo):
    study = study_of(finished_demo)
    with (finished_demo / "results" / "scores.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    found = {(r["model"], r["data"], r["scope"], r["benchmark"], r["language"]) for r in rows}
    labels = {name: spec["label"] for name, spec in study.models.items()}
    for cell in study.evaluations:
        c = cell.condition
        scopes = {c.scope, ""} if c.data == "base" else {c.scope}
        assert any(
            (model, c.data, scope, cell.benchmark, cell.language) in found
            for model in (c.model, labels[c.model])
            for scope in scopes
        ), cell
    assert all(math.isfinite(float(row["score"])) for row in rows)
    assert all(int(row["n"]) > 0 for row in rows)


def test_translations_and_round_trips_keep_the_ids_of_their_source_rows(finished_demo):
    """A row that is left out is named in the report of its set."""
    results = finished_demo / "results"

    def pairs(source, made):
        rows = {row["id"]: row for row in read_dataset(results / f"{source}.jsonl")}
        found = read_dataset(results / f"{made}.jsonl")
        report = json.loads((results / f"{made}.report.json").read_text(encoding="utf-8"))
        missing = {row["id"] for row in report["missing"]}
        assert [row["id"] for row in found] == [name for name in rows if name not in missing]
        assert report["asked"] == len(rows)
        return [(row, rows[row["id"]]) for row in found]

    for translator in ("fluent", "literal"):
        for language in ("es", "zh", "multi"):
            for row, source in pairs(
                f"sample/english/{language}", f"translate/{translator}/{language}"
            ):
                assert row["language"] == source["origin"]["target_language"]
        trip = f"roundtrip/{translator}/es"
        assert {row["language"] for row, _ in pairs("sample/native/es", f"{trip}.pivot")} == {"en"}
        assert {row["language"] for row, _ in pairs(f"{trip}.pivot", trip)} == {"es"}


def test_multi_holds_different_english_rows_per_language(finished_demo):
    rows = read_dataset(finished_demo / "results/sample/english/multi.jsonl")
    by_language: dict[str, set] = {}
    for row in rows:
        by_language.setdefault(row["origin"]["target_language"], set()).add(row["id"])
    assert {len(ids) for ids in by_language.values()} == {40}
    assert not set.intersection(*by_language.values())


def test_held_out_rows_are_in_no_training_set(finished_demo):
    results = finished_demo / "results"
    for language in ("es", "zh"):
        heldout = {row["id"] for row in read_dataset(results / f"sample/heldout/{language}.jsonl")}
        assert len(heldout) == 20
        for path in sorted(results.glob("finetune/sets/*/*/*.jsonl")):
            assert not heldout & {row["id"] for row in read_dataset(path)}, path


def test_fine_tuning_on_native_data_lowers_held_out_native_perplexity(finished_demo):
    def perplexity(path):
        score = json.loads((finished_demo / "results/evaluate/tiny" / path).read_text())
        return score["metrics"]["perplexity"]["value"]

    for language in ("es", "zh"):
        base = perplexity(f"base/none/none/seed0/native-perplexity/{language}.json")
        native = perplexity(f"native/{language}/high/seed1/native-perplexity/{language}.json")
        assert native < base


def test_conditions_are_compared_by_the_items_of_their_scores(finished_demo):
    """contrasts.csv comes from items, scores.csv from score files: both must say the same."""
    keys = ["benchmark", "metric", "judge", "language", "model", "learning_rate", "kind"]
    results = finished_demo / "results"
    native = (
        pl.read_csv(results / "scores.csv", infer_schema_length=None)
        .filter(pl.col("data") == "native")
        .with_columns(
            kind=pl.when(pl.col("scope") == "multi").then(pl.lit("multi")).otherwise(pl.lit("mono"))
        )
        .select(*keys, "score", "n")
    )
    gaps = (
        pl.read_csv(results / "correlate/study/contrasts.csv", infer_schema_length=None)
        .filter((pl.col("contrast") == "gap") & pl.col("language").is_not_null())
        .rename({"scope": "kind"})
        .join(native, on=keys, nulls_equal=True)
    )
    rated = pl.read_csv(results / "correlate/study/benchmarks.csv", infer_schema_length=None)
    assert set(rated["benchmark"]) == set(native["benchmark"])
    compared = native.join(rated, on=["benchmark", "metric"], how="semi")
    assert gaps.height == 3 * compared.height  # the mean over translators, and each of two
    assert (gaps["first_score"] - gaps["score"]).abs().max() < 1e-9
    assert (gaps["items"] == gaps["n"]).all()


def test_the_report_is_finished(finished_demo):
    report = (finished_demo / "results" / "report.html").read_text(encoding="utf-8")
    assert len(report) > 1_000_000
    assert "at chance" in report


def test_no_process_outlives_the_study(finished_demo):
    def works_there(process) -> bool:
        try:
            return process.cwd() == str(finished_demo.resolve())
        except psutil.Error:
            return False

    assert [process.cmdline() for process in psutil.process_iter() if works_there(process)] == []


def test_a_second_run_does_nothing(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    assert planned(study) == {}


def test_reordering_the_configuration_runs_nothing(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")

    def reordered(value):
        if isinstance(value, dict):
            return {key: reordered(value[key]) for key in reversed(value)}
        return value

    own_config(study, reordered)
    assert expensive(planned(study)) == {}


def test_a_new_judge_retrains_and_reanswers_nothing(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    own_config(study, lambda c: c["judge"]["judges"].update(second={"backend": "overlap"}))
    jobs = expensive(planned(study))
    assert jobs.pop("judge_answers") == len(study_of(study).judgements) // 2
    assert jobs == {}


def test_looking_at_answers_without_a_judge_makes_nothing_else_again(finished_demo, tmp_path):
    """A study that was finished without it gets one small job per answer set, and new tables."""
    study = copy_study(finished_demo, tmp_path / "study")
    shutil.rmtree(study / "results/answer/fidelity")
    (study / "results/scores.csv").unlink()
    assert expensive(planned(study)) == {"check_answers": len(study_of(study).answers)}
    own_config(study, lambda c: c["answer"].update(fidelity=False))
    assert expensive(planned(study)) == {}


def test_a_new_benchmark_runs_only_its_own_evaluations(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")

    def change(config):
        benchmarks = config["evaluate"]["benchmarks"]
        benchmarks["again"] = {**benchmarks["choice-native"], "label": "again"}

    own_config(study, change)
    cells = [c for c in study_of(study).evaluations if c.benchmark == "again"]
    assert expensive(planned(study)) == {"evaluate_benchmark": len(cells)}


def test_a_new_model_runs_only_its_own_cells(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")

    def change(config):
        tiny = config["models"]["tiny"]
        again = {"label": "Tiny again", "build": {**tiny["build"], "seed": 2}}
        config["models"]["tiny-two"] = {**tiny, **again}

    own_config(study, change)
    grid = study_of(study)
    jobs = expensive(planned(study))
    assert jobs == {
        "build_base": 1,
        "finetune_lora": len(grid.conditions) // 2,
        "evaluate_benchmark": len(grid.evaluations) // 2,
        "answer_questions": len(grid.answers) // 2,
        "check_answers": len(grid.answers) // 2,
        "judge_answers": len(grid.judgements) // 2,
    }


def test_a_new_seed_runs_only_its_own_cells(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    own_config(study, lambda c: c["finetune"].update(seeds=[1, 2]))
    grid = study_of(study)
    tuned = [c for c in grid.evaluations if c.condition.data != "base"]
    assert expensive(planned(study)) == {
        "finetune_lora": len(grid.conditions) // 2,
        "evaluate_benchmark": len(tuned) // 2,
        "answer_questions": len(grid.answers) // 2,
        "check_answers": len(grid.answers) // 2,
        "judge_answers": len(grid.judgements) // 2,
    }


def test_tests_in_another_language_change_no_number_of_other_pages(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    entry = {"data": ["native"], "scope": ["es"], "benchmarks": ["choice-native"]}
    added = entry | {"questions": [], "evaluate_on": ["zh"]}
    own_config(study, lambda c: c["conditions"].append(added))
    assert expensive(planned(study)) == {"evaluate_benchmark": 1}

    def contents():
        found = {"scores": (study / "results/scores.csv").read_bytes()}
        for part in ("correlate", "report/study"):
            for path in sorted((study / "results" / part).rglob("*")):
                if path.is_file() and not {"provenance", "languages"} & set(path.parts):
                    found[str(path)] = path.read_bytes()
        return found

    before = contents()
    done = run_snakemake("--cores", "all", cwd=study)
    assert done.returncode == 0, done.stderr[-3000:]
    assert contents() == before
    page = study / "results/report/study/languages/languages.html"
    assert "Tested in" in page.read_text(encoding="utf-8")


def test_a_new_language_runs_only_its_own_cells(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")

    def change(config):
        config["languages"]["fr"] = None
        config["conditions"].append(
            {"data": ["native"], "scope": ["fr"], "lr": ["high"], "questions": []}
        )
        perplexity = config["evaluate"]["benchmarks"]["native-perplexity"]
        perplexity["languages"] = ["es", "zh", "fr"]
        for question_set in config["answer"]["questions"].values():
            question_set["languages"] = ["es", "zh"]

    own_config(study, change)
    jobs = expensive(planned(study))
    multi_and_base = 3 + 1
    assert jobs == {
        "sample_aya": 1,
        "mix_training_set": 1,
        "finetune_lora": 1,
        "evaluate_benchmark": 1 + multi_and_base,
    }


def test_a_changed_learning_rate_redoes_that_rate_only(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    own_config(study, lambda c: c["finetune"]["learning_rates"].update(low=2.0e-5))
    low = [c for c in study_of(study).conditions if c.lr == "low"]
    assert expensive(planned(study))["finetune_lora"] == len(low)


def test_a_touched_script_retrains_nothing(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    script = own_scripts(study) / "finetune_lora.py"
    script.write_text(script.read_text(encoding="utf-8") + "\n# a comment\n", encoding="utf-8")
    os.utime(script, (time.time() + 5, time.time() + 5))
    assert expensive(planned(study)) == {}


def test_progress_shows_every_cell_done(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    shown = run_snakemake("progress", "--cores", "1", "--quiet", "all", cwd=study)
    assert shown.returncode == 0, shown.stderr
    grid = study_of(study)
    assert f"evaluate  {len(grid.evaluations):>5}: {len(grid.evaluations)} done" in shown.stdout
    assert "failed" not in shown.stdout.split("\n", 1)[1]


def own_scripts(study):
    """Replace the linked workflow_scripts by a copy that may be changed."""
    scripts = study / "workflow_scripts"
    source = scripts.resolve()
    scripts.unlink()
    subprocess.run(["cp", "-r", str(source), str(scripts)], check=True)
    return scripts


def test_a_changed_shared_module_redoes_a_stage_only_if_its_version_says_so(
    finished_demo, tmp_path
):
    study = copy_study(finished_demo, tmp_path / "study")
    package = own_scripts(study) / "mothertongue"
    module = package / "inference/models.py"
    module.write_text(module.read_text(encoding="utf-8") + "\nSPARE = 1\n", encoding="utf-8")
    assert expensive(planned(study)) == {}
    versions = package / "study/versions.py"
    text = versions.read_text(encoding="utf-8")
    raised, count = re.subn(
        r'("judge": )(\d+)', lambda m: f"{m[1]}{int(m[2]) + 1}", text, flags=re.MULTILINE
    )
    assert count == 1
    versions.write_text(raised, encoding="utf-8")
    assert expensive(planned(study)) == {"judge_answers": len(study_of(study).judgements)}


def test_a_fresh_clone_beside_copied_results_runs_nothing(finished_demo, tmp_path):
    clone = checkout(tmp_path / "clone", link=False)  # every file is newer than the results
    for name in ("results", ".snakemake"):
        subprocess.run(["cp", "-a", str(finished_demo / name), str(clone / name)], check=True)
    assert planned(clone) == {}


def test_an_upgraded_package_runs_nothing(finished_demo, tmp_path, monkeypatch):
    study = copy_study(finished_demo, tmp_path / "study")
    for name in ("torch", "transformers", "peft", "lm_eval"):
        info = tmp_path / "site" / f"{name}-99.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 99.0\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    from importlib.metadata import distributions

    assert any(d.version == "99.0" for d in distributions(path=[str(tmp_path / "site")]))
    assert planned(study) == {}
