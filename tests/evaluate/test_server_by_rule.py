"""`engine: server` through Snakemake: a base and an adapter that a real HTTP server holds."""

import json

import pytest
import yaml
from conftest import checkout, run_snakemake
from harness_rows import ROWS
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.inference.models import attach_adapter
from standin_completions import Completions
from tiny_models import save_model

pytestmark = pytest.mark.slow
OPTIONS = ("--cores", "2", "--configfile", "study.yaml")


def test_base_and_adapter_on_a_server(tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = checkout(tmp_path / "study")
    save_model(folder / "tiny")
    write_jsonl(folder / "belebele.jsonl", ROWS["belebele_spa_Latn"])
    aya = [
        {"inputs": f"¿Qué es {n}?", "targets": f"Es un número, {n}.", "language_code": "spa"}
        for n in range(12)
    ]
    write_jsonl(folder / "aya.jsonl", aya)
    bench = {"languages": ["es"], "origin": "human-translated", "kind": "structured"}
    study = {
        "study": "served",
        "languages": {"es": {}},
        "sample": {"dataset": {"path": "aya.jsonl"}},
        "models": {"tiny": {"base": "tiny", "parameters": 1e5}},
        "finetune": {
            "template": "own.yaml",
            "quantisation": "none",
            "learning_rates": {"high": 2e-3},
            "lora": {"targets": "all-linear"},
        },
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high"]}],
        "evaluate": {
            "benchmarks": {
                "belebele": {
                    "task": "belebele_{language}",
                    "codes": {"es": "spa_Latn"},
                    "dataset": {"path": "belebele.jsonl"},
                    **bench,
                }
            }
        },
    }
    asked = [{"id": f"q{n}", "prompt": f"¿Cuánto es {n} más {n}?"} for n in range(5)]
    asked.append({"id": "long", "prompt": "uno dos tres " * 300})
    write_jsonl(folder / "asked.jsonl", asked)
    study["answer"] = {
        "base": True,
        "max_new_tokens": 12,
        "questions": {"asked": {"origin": "native", "path": "asked.jsonl"}},
    }
    own = {"source": "a test", "fields": ["instruction"], "text": "${instruction} =>"}
    (folder / "own.yaml").write_text(yaml.safe_dump({**own, "next": "\n${instruction} =>"}))
    study["judge"] = {"judges": {"one": {"backend": "openai", "model": "m"}}}
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    cells = {"base": "base/none/none/seed0", "tuned": "native/es/high/seed1"}
    targets = {
        name: f"results/evaluate/tiny/{cell}/belebele/es.json" for name, cell in cells.items()
    }
    answers = {name: f"results/answer/tiny/{cell}/asked/es.jsonl" for name, cell in cells.items()}
    wanted = [*targets.values(), *answers.values()]
    done = run_snakemake(*wanted, *OPTIONS, cwd=folder)
    assert done.returncode == 0, done.stderr
    own = {name: read_jsonl(folder / one) for name, one in answers.items()}
    assert own["base"][-1]["prompt_cut"] > 0
    here = {name: json.loads((folder / one).read_text()) for name, one in targets.items()}
    assert here["base"]["provenance"]["engine"]["name"] == "transformers"

    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    base = AutoModelForCausalLM.from_pretrained(folder / "tiny")
    tuned = attach_adapter(
        AutoModelForCausalLM.from_pretrained(folder / "tiny"),
        folder / "results/finetune/tiny/native/es/high/seed1",
    )
    names = {"tiny": (base, tokenizer), "tiny-native-es-high-seed1": (tuned, tokenizer)}
    with Completions(names) as far:
        study["evaluate"]["engine"] = study["answer"]["engine"] = "server"
        study["engines"] = {"server": {"base_url": far.url}, "agreement": 4}
        path.write_text(yaml.safe_dump(study), encoding="utf-8")
        same = run_snakemake(*wanted, *OPTIONS, "--dry-run", cwd=folder)
        assert "Nothing to be done" in same.stdout + same.stderr  # another engine re-runs nothing
        for one in wanted:
            (folder / one).unlink()
        done = run_snakemake(*wanted, *OPTIONS, cwd=folder)
        assert done.returncode == 0, done.stderr
    for name, one in answers.items():  # the same prompts, limits, ends and texts
        assert read_jsonl(folder / one) == own[name]
        told = json.loads((folder / one).with_suffix(".provenance.json").read_text())
        assert told["engine"]["name"] == "server" and told["engine"]["version"] == "stand-in"
        assert ("adapter_proof" in told) == (name == "tuned")
    log = (folder / "logs/evaluate/tiny/base/none/none/seed0/belebele/es.log").read_text()
    tuned_log = folder / "logs/evaluate/tiny/native/es/high/seed1/belebele/es.log"
    assert "transformers and server: 0 of 4 replies differ" in log + tuned_log.read_text()
    for name, one in targets.items():
        there = json.loads((folder / one).read_text())
        value = here[name]["metrics"]["acc"]["value"]
        assert there["metrics"]["acc"]["value"] == value
        engine = there["provenance"]["engine"]
        assert engine["name"] == "server" and engine["version"] == "stand-in"
        assert there["provenance"]["agreement"]["flips"] == 0
        assert there["provenance"]["agreement"]["max_difference"] < 1e-3
    assert there["provenance"]["adapter_proof"]["applied"]
    study["evaluate"]["engine_matters"] = study["answer"]["engine_matters"] = True
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    again = run_snakemake(*wanted, *OPTIONS, "--dry-run", cwd=folder)
    assert "evaluate_benchmark" in again.stdout + again.stderr
    assert "answer_questions" in again.stdout + again.stderr
    # a server that is gone is told in one line
    done = run_snakemake(targets["base"], *OPTIONS, "--forcerun", "evaluate_benchmark", cwd=folder)
    assert done.returncode != 0
    assert "does not answer as an OpenAI-compatible server" in done.stdout + done.stderr
