"""`engine: vllm` through Snakemake with vLLM itself, on a CPU where it is a build for one.

Skipped where vLLM is not installed; CONTRIBUTING says how to run it.
"""

import json

import pytest
import yaml
from conftest import checkout, run_snakemake
from harness_rows import ROWS
from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.study.engines import vllm_version
from tiny_models import save_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        vllm_version() is None, reason="vLLM is not installed (pip install '.[vllm]')"
    ),
]
OPTIONS = ("--cores", "1", "--configfile", "study.yaml")
SCALE = {"hidden_size": 128, "head_dim": 64, "num_attention_heads": 2, "num_key_value_heads": 1}


def test_one_vllm_serves_a_base_and_its_adapters(tmp_path, monkeypatch):
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    folder = checkout(tmp_path / "study")
    save_model(folder / "tiny", **SCALE)
    write_jsonl(folder / "belebele.jsonl", ROWS["belebele_spa_Latn"])
    aya = [
        {"inputs": f"¿Qué es {n}?", "targets": f"Es un número, {n}.", "language_code": "spa"}
        for n in range(12)
    ]
    write_jsonl(folder / "aya.jsonl", aya)
    asked = [{"id": f"q{n}", "prompt": f"¿Cuánto es {n} más {n}?"} for n in range(4)]
    write_jsonl(folder / "asked.jsonl", asked)
    frame = {"source": "a test", "fields": ["instruction"], "text": "${instruction} =>"}
    (folder / "own.yaml").write_text(yaml.safe_dump({**frame, "next": "\n${instruction} =>"}))
    study = {
        "study": "vllm",
        "languages": {"es": {}},
        "sample": {"dataset": {"path": "aya.jsonl"}},
        "models": {"tiny": {"base": "tiny", "parameters": 1e5}},
        "finetune": {
            "template": "own.yaml",
            "quantisation": "none",
            "dtype": "float32",
            "learning_rates": {"high": 2e-3, "low": 1e-3},
        },
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high", "low"]}],
        "evaluate": {
            "benchmarks": {
                "belebele": {
                    "task": "belebele_{language}",
                    "codes": {"es": "spa_Latn"},
                    "dataset": {"path": "belebele.jsonl"},
                    **{"languages": ["es"], "origin": "human-translated", "kind": "structured"},
                }
            }
        },
        "answer": {
            "base": True,
            "max_new_tokens": 8,
            "questions": {"asked": {"origin": "native", "path": "asked.jsonl"}},
        },
        "judge": {"judges": {"one": {"backend": "openai", "model": "m"}}},
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    cells = ("base/none/none/seed0", "native/es/high/seed1", "native/es/low/seed1")
    scores = [f"results/evaluate/tiny/{cell}/belebele/es.json" for cell in cells]
    answers = [f"results/answer/tiny/{cell}/asked/es.jsonl" for cell in cells]
    done = run_snakemake(*scores, *answers, *OPTIONS, cwd=folder)
    assert done.returncode == 0, done.stderr
    here = [(folder / one).read_text() for one in scores]
    own = [read_jsonl(folder / one) for one in answers]

    study["evaluate"]["engine"] = study["answer"]["engine"] = "vllm"
    study["engines"] = {"agreement": 4}
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    same = run_snakemake(*scores, *answers, *OPTIONS, "--dry-run", cwd=folder)
    assert "Nothing to be done" in same.stdout + same.stderr
    for one in (*scores, *answers):
        (folder / one).unlink()
    done = run_snakemake(*scores, *answers, *OPTIONS, cwd=folder)
    assert done.returncode == 0, done.stderr
    logs = [(folder / "logs").joinpath(*one.split("/")[1:]) for one in (*scores, *answers)]
    told = "".join(log.with_suffix(".log").read_text() for log in logs)
    assert told.count("the base is held by the preloaded process") >= len(logs)
    assert told.count("transformers and vllm: 0 of 4 replies differ") == 1
    for before, one in zip(here, scores, strict=True):
        old, new = json.loads(before), json.loads((folder / one).read_text())
        assert new["metrics"]["acc"]["value"] == old["metrics"]["acc"]["value"]
        assert new["provenance"]["engine"] == {"name": "vllm", "version": vllm_version()}
        assert new["provenance"]["agreement"]["max_difference"] < 1e-3
        assert bool(new["provenance"]["adapter_proof"]) == ("native" in one)
    for before, one in zip(own, answers, strict=True):
        assert read_jsonl(folder / one) == before
