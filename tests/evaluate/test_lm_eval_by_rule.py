"""Tasks of lm-eval's and of the study's own through Snakemake: from files, and from a hub that is gone."""

import json

import polars as pl
import pytest
import yaml
from conftest import checkout, run_snakemake
from far_studies import STUDY, aya, far_run, far_study, model, table_repository
from harness_rows import ROWS, THINGS
from mothertongue.files import write_jsonl
from standin_hub import Hub
from tiny_models import save_model

pytestmark = pytest.mark.slow
BASE = "results/evaluate/tiny/base/none/none/seed0"
OWN = """
task: proverbs
dataset_path: example/proverbs
test_split: test
output_type: multiple_choice
doc_to_text: "{{first}}"
doc_to_choice: "{{endings}}"
doc_to_target: right
metric_list: [{metric: acc}, {metric: acc_norm}]
"""


def bench(task: str, **entry) -> dict:
    return {"task": task, "languages": ["es"], "origin": "native", "kind": "structured", **entry}


def test_tasks_from_files_and_the_study_s_own(tmp_path):
    folder = checkout(tmp_path / "study")
    save_model(folder / "tiny")
    for name in ("belebele_spa_Latn", "include_base_44_spanish", "mgsm_direct_es"):
        write_jsonl(folder / f"{name}.jsonl", ROWS[name])
    rows = [
        {"first": f"Quien va {n}", "endings": ["vuelve", "llega lejos", "se queda"][: 2 + n % 2], "right": n % 2}
        for n in range(6)
    ]  # fmt: skip
    write_jsonl(folder / "proverbs.jsonl", rows)
    (folder / "own").mkdir()
    (folder / "own" / "proverbs.yaml").write_text(OWN, encoding="utf-8")
    write_jsonl(
        folder / "aya.jsonl",
        [{"inputs": f"¿{n}?", "targets": "No.", "language_code": "spa"} for n in range(4)],
    )
    study = {
        "study": "harness",
        "languages": {"es": {}},
        "sample": {"dataset": {"path": "aya.jsonl"}},
        "models": {"tiny": {"base": "tiny", "parameters": 1e5}},
        "finetune": {"quantisation": "none"},
        "conditions": [{"data": ["native"], "scope": ["es"]}],
        "evaluate": {
            "tasks": ["own"],
            "benchmarks": {
                "belebele": bench(
                    "belebele_{language}",
                    codes={"es": "spa_Latn"},
                    dataset={"path": "belebele_spa_Latn.jsonl"},
                    cluster="link",
                    limit=5,
                ),
                "include": bench(
                    "include_base_44_spanish", dataset={"path": "include_base_44_spanish.jsonl"}
                ),
                "mgsm": bench(
                    "mgsm_direct_es",
                    kind="generative",
                    dataset={"path": "mgsm_direct_es.jsonl"},
                    max_new_tokens=4,
                    metric="exact_match-flexible-extract",
                    origin="human-translated",
                ),
                "proverbs": bench(
                    "proverbs", dataset={"path": "proverbs.jsonl"}, metric="acc_norm"
                ),
            },
        },
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    targets = [f"{BASE}/{name}/es.json" for name in study["evaluate"]["benchmarks"]]
    options = ("--cores", "2", "--configfile", "study.yaml")
    done = run_snakemake(*targets, *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    score = {name.split("/")[-2]: json.loads((folder / name).read_text()) for name in targets}
    assert score["belebele"]["n"] == 5
    assert score["belebele"]["chance_levels"]["acc"]["options"] == 25.0
    items = pl.read_parquet(folder / BASE / "belebele" / "es.items.parquet")
    assert items["cluster"].to_list() == ["page/0", "page/0", "page/1", "page/1", "page/2"]
    assert set(items["acc"].to_list()) <= {0.0, 100.0}
    assert score["include"]["n"] == 12 and score["include"]["metric"] == "acc"
    subjects = pl.read_parquet(folder / BASE / "include" / "es.items.parquet")["subject"]
    assert len(set(subjects)) == 4
    assert score["mgsm"]["metric"] == "exact_match-flexible-extract"
    assert list(score["mgsm"]["metrics"]) == ["exact_match-flexible-extract", "exact_match-remove_whitespace"]  # fmt: skip
    assert score["mgsm"]["output"]["tokens"]["max"] <= 4
    assert score["mgsm"]["chance_levels"]["exact_match-flexible-extract"]["empty"] == 0.0
    assert score["proverbs"]["metric"] == "acc_norm"
    assert score["proverbs"]["chance"] == pytest.approx(50.0)  # always the same place
    again = run_snakemake(*targets, *options, "--dry-run", cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr
    # a task's text decides its scores: a changed prompt asks again, the others stay
    path = folder / "own" / "proverbs.yaml"
    path.write_text(OWN.replace("{{first}}", "Refrán: {{first}}"), encoding="utf-8")
    again = run_snakemake(*targets, *options, "--dry-run", "--quiet", "rules", cwd=folder)
    planned = run_snakemake(*targets, *options, "--dry-run", cwd=folder)
    assert "evaluate_benchmark" in planned.stdout + planned.stderr, again.stderr
    shown = run_snakemake("tasks", *options, "--quiet", "all", cwd=folder)
    assert shown.returncode == 0, shown.stderr
    assert "belebele_{language} of lm-eval" in shown.stdout
    assert "the likeliest of ' A' | ' B' | ' C' | ' D'" in shown.stdout
    assert "Refrán: Quien va 0" in shown.stdout
    with (folder / "aya.jsonl").open("a", encoding="utf-8") as handle:  # a row that holds a passage
        row = {"inputs": "Resume:", "targets": f"{THINGS[1][0]} Y luego salió el sol."}
        handle.write(json.dumps({**row, "language_code": "spa"}) + "\n")
    found = run_snakemake("results/sample/contamination/belebele/es.json", *options, cwd=folder)
    assert found.returncode == 0, found.stderr
    content = json.loads((folder / "results/sample/contamination/belebele/es.json").read_text())
    assert content["items"] == 6
    assert content["sets"]["native/es"]["items_held"] == ["belebele_spa_Latn/1"]


def test_a_prefetched_task_runs_with_the_hub_switched_off(tmp_path):
    study = json.loads(json.dumps(STUDY))
    study["evaluate"]["benchmarks"] = {
        "belebele": bench("belebele_{language}", codes={"es": "spa_Latn"})
    }
    folder = far_study(tmp_path / "study", study)
    target = f"{BASE}/belebele/es.json"
    rows = ROWS["belebele_spa_Latn"]
    belebele = table_repository("facebook/belebele", {"spa_Latn": {"test": rows}}, "b" * 40)
    with Hub([model(tmp_path / "model"), belebele, aya()]) as far:
        done = far_run(folder, "prefetch", HF_ENDPOINT=far.url)
        assert done.returncode == 0, done.stderr
    done = far_run(folder, target, HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    score = json.loads((folder / target).read_text())
    assert score["n"] == len(rows)
    assert "b" * 12 in score["data"]["belebele_spa_Latn"]
