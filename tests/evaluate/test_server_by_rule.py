"""`engine: server` through Snakemake: a base and an adapter that a real HTTP server holds."""

import json

import pytest
from engine_study import BASE, EngineStudy
from mothertongue.files import read_jsonl
from mothertongue.inference.models import attach_adapter
from standin_completions import Completions

pytestmark = pytest.mark.slow
TUNED = "native/es/high/seed1"


def test_base_and_adapter_on_a_server(tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    study = EngineStudy(
        *(tmp_path / "study", BASE, TUNED),
        finetune={"learning_rates": {"high": 2e-3}, "lora": {"targets": "all-linear"}},
        asked=[*(f"¿Cuánto es {n} más {n}?" for n in range(5)), "uno dos tres " * 300],
    )
    folder = study.folder
    study.run()
    own = [read_jsonl(folder / one) for one in study.answers]
    assert own[0][-1]["prompt_cut"] > 0
    here = [json.loads((folder / one).read_text()) for one in study.scores]
    assert here[0]["provenance"]["engine"]["name"] == "transformers"

    tokenizer = AutoTokenizer.from_pretrained(folder / "tiny")
    base, tuned = (AutoModelForCausalLM.from_pretrained(folder / "tiny") for _ in range(2))
    tuned = attach_adapter(tuned, folder / "results/finetune/tiny" / TUNED)
    names = {"tiny": (base, tokenizer), "tiny-native-es-high-seed1": (tuned, tokenizer)}
    with Completions(names) as far:
        study.ask("server", {"server": {"base_url": far.url}, "agreement": 4})
    for before, one in zip(own, study.answers, strict=True):  # the same prompts, limits and texts
        assert read_jsonl(folder / one) == before
        told = json.loads((folder / one).with_suffix(".provenance.json").read_text())
        assert told["engine"]["name"] == "server" and told["engine"]["version"] == "stand-in"
        assert ("adapter_proof" in told) == (TUNED in one)
    logs = "".join(map(study.log_of, study.scores))
    assert "transformers and server: 0 of 4 replies differ" in logs
    for before, one in zip(here, study.scores, strict=True):
        there = json.loads((folder / one).read_text())
        assert there["metrics"]["acc"]["value"] == before["metrics"]["acc"]["value"]
        engine = there["provenance"]["engine"]
        assert engine["name"] == "server" and engine["version"] == "stand-in"
        assert there["provenance"]["agreement"]["flips"] == 0
        assert there["provenance"]["agreement"]["max_difference"] < 1e-3
    assert there["provenance"]["adapter_proof"]["applied"]
    study.config["evaluate"]["engine_matters"] = study.config["answer"]["engine_matters"] = True
    again = study.run("--dry-run")
    assert "evaluate_benchmark" in again and "answer_questions" in again
    # a server that is gone is told in one line
    said = study.run("--forcerun", "evaluate_benchmark", "--", study.scores[0], ok=False)
    assert "does not answer as an OpenAI-compatible server" in said
