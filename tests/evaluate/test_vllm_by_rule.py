"""`engine: vllm` through Snakemake with vLLM itself, on a CPU where it is a build for one.

Skipped where vLLM is not installed; CONTRIBUTING says how to run it.
"""

import json
import re

import pytest
from engine_study import BASE, EngineStudy
from mothertongue.files import read_jsonl
from mothertongue.study.engines import vllm_version

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        vllm_version() is None, reason="vLLM is not installed (pip install '.[vllm]')"
    ),
]
SCALE = {"hidden_size": 128, "head_dim": 64, "num_attention_heads": 2, "num_key_value_heads": 1}


def test_one_vllm_serves_a_base_and_its_adapters(tmp_path, monkeypatch):
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    study = EngineStudy(
        *(tmp_path / "study", BASE, "native/es/high/seed1", "native/es/low/seed1"),
        finetune={"dtype": "float32", "learning_rates": {"high": 2e-3, "low": 1e-3}},
        asked=[f"¿Cuánto es {n} más {n}?" for n in range(4)],
        **SCALE,
    )
    folder = study.folder
    study.run()
    here = [json.loads((folder / one).read_text()) for one in study.scores]
    own = [read_jsonl(folder / one) for one in study.answers]

    study.ask("vllm", {"agreement": 4})
    told = [study.log_of(one) for one in (*study.scores, *study.answers)]
    held = [re.findall(r"held by the preloaded process (\d+)", log) for log in told]
    assert all(held)
    assert len({number for found in held for number in found}) == 1  # vLLM has started once
    assert "".join(told).count("transformers and vllm: 0 of 4 replies differ") == 1
    for old, one in zip(here, study.scores, strict=True):
        new = json.loads((folder / one).read_text())
        assert new["metrics"]["acc"]["value"] == old["metrics"]["acc"]["value"]
        assert new["provenance"]["engine"] == {"name": "vllm", "version": vllm_version()}
        assert new["provenance"]["agreement"]["max_difference"] < 1e-3
        assert bool(new["provenance"]["adapter_proof"]) == ("native" in one)
    for before, one in zip(own, study.answers, strict=True):
        assert read_jsonl(folder / one) == before
