"""The paper's study from a clean clone, with stand-ins for the hub and the services.

The whole of it, every stage and condition sampled down, takes long: it has a mark of its own, and runs
only by `pytest tests/drills/test_paper.py -m paper`. The default suite runs it with one model.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import checkout, run_snakemake
from mothertongue.files import load_yaml
from standin_hub import TOKEN, Hub
from standin_paper import Services, paper_repositories, sampled_down


def update(below: dict, above: dict) -> dict:
    """A configuration with another laid over it, as Snakemake lays them."""
    both = {
        k: v for k, v in above.items() if isinstance(v, dict) and isinstance(below.get(k), dict)
    }
    return {**below, **above, **{key: update(below[key], value) for key, value in both.items()}}


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Snakemake in a clean clone with a hub cache of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    own = {"HF_HOME": str(folder / "cache"), "HF_TOKEN": TOKEN}
    own["PYTHONPATH"] = str(folder / "workflow_scripts")  # the clone's code, wherever tests lie
    env = {**inherited, **own, **environment}
    files = ("--configfile", "studies/paper.yaml", "small.yaml")
    done = run_snakemake(*arguments, *files, cwd=folder, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done


def whole_study(
    folder: Path, place: Path, models: list[str] | None = None, *, changes: dict | None = None
) -> dict[str, int]:
    """Run prefetch, estimate, everything and the report; returns how many files each stage made.

    `changes` are laid over the paper's study, sampled down.
    """
    study = load_yaml(folder / "studies" / "paper.yaml")
    with Services() as services:
        with Hub(paper_repositories(place, study, models)) as far:
            small = update(sampled_down(study, far, services), changes or {})
            (folder / "small.yaml").write_text(yaml.safe_dump(small), encoding="utf-8")
            run(folder, "prefetch", "--cores", "1", HF_ENDPOINT=far.url)
        # the hub is gone: everything comes from what prefetch has brought
        told = run(folder, "tasks", "--cores", "1", "--quiet", "all", HF_HUB_OFFLINE="1").stdout
        assert "Контекст: " in told  # TyDi QA's prompt, from the cache
        run(folder, "estimate", "--cores", "2", HF_HUB_OFFLINE="1")
        run(folder, "--cores", "2", HF_HUB_OFFLINE="1")
    run(folder, "--report", "results/report.html", HF_HUB_OFFLINE="1")
    assert (folder / "results/report.html").stat().st_size > 1e6
    made = folder / "results"
    return {
        "adapters": len(list(made.glob("finetune/*/*/*/*/seed*/adapter_model.safetensors"))),
        "evaluations": len(list(made.glob("evaluate/*/*/*/*/seed*/*/??.json"))),
        "answers": len(list(made.glob("answer/*/*/*/*/seed*/*/??.jsonl"))),
        "ratings": len(list(made.glob("judge/*/*/*/*/*/seed*/*/??.jsonl"))),
    }


@pytest.mark.slow
def test_one_model_of_the_paper_from_prefetch_to_the_report(tmp_path):
    """Every kind of training data, benchmark, question set and judge, in one language or two."""
    folder = checkout(tmp_path / "clone", link=False)
    conditions = [
        {"data": ["native", "cohere"], "scope": ["ru"], "lr": ["high"], "models": ["qwen1-5-0-5b"]}
        | {"benchmarks": ["tydiqa", "xquad", "mt-mmlu"], "questions": ["translated"]},
    ]
    variant = {"evaluate": {"benchmarks": {"mt-mmlu": {"demonstrations": "harness"}}}}
    changes = {"conditions": conditions, **variant, "report": {"published": False}}
    counts = whole_study(folder, tmp_path / "models", ["qwen1-5-0-5b"], changes=changes)
    assert counts == {"adapters": 2, "evaluations": 6, "answers": 2, "ratings": 4}
    score = json.loads(
        next(folder.glob("results/evaluate/*/native/ru/high/seed1/xquad/ru.json")).read_text()
    )
    assert set(score["metrics"]) >= {"em", "exact_match_strict", "include", "include_strict"}
    score = next(folder.glob("results/evaluate/*/native/ru/high/seed1/mt-mmlu/ru.json"))
    assert json.loads(score.read_text())["provenance"]["task"]["harness"] is True
    provenance = (folder / "results/report/study/provenance/provenance.html").read_text("utf-8")
    assert "Departures from the paper" in provenance


@pytest.mark.paper
def test_the_whole_study_of_the_paper_sampled_down(tmp_path):
    folder = checkout(tmp_path / "clone", link=False)
    counts = whole_study(folder, tmp_path / "models")
    assert counts == {"adapters": 224, "evaluations": 1376, "answers": 288, "ratings": 576}
    beside = (folder / "results/report/study/beside/beside-published.html").read_text("utf-8")
    assert "8 items, not 1,190" in beside and "concern every score" in beside
    assert "none known" not in beside
