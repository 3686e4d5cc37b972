"""Details that lighteval itself writes, in an environment of its own (LIGHTEVAL_PYTHON)."""

import json
import os
import subprocess

import harness_logs
import pytest
from conftest import ROOT
from mothertongue.compare import compare_logs
from mothertongue.files import read_json, write_json, write_jsonl
from tiny_models import save_model

PYTHON = os.environ.get("LIGHTEVAL_PYTHON")
RUN = "from lighteval.__main__ import app; app()"


@pytest.mark.long
@pytest.mark.skipif(not PYTHON, reason="LIGHTEVAL_PYTHON names no interpreter with lighteval")
def test_details_of_lighteval_itself(tmp_path):
    for seed, name in enumerate(("sights", "names")):
        (tmp_path / "rows" / name).mkdir(parents=True)
        write_jsonl(tmp_path / "rows" / name / "test.jsonl", harness_logs.rows(seed))
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "LIGHTEVAL_ROWS": str(tmp_path / "rows")}
    env.pop("PYTHONPATH", None)
    for name, layers in (("one", 1), ("two", 2)):
        model = save_model(tmp_path / name, "llama", num_hidden_layers=layers)
        config = tmp_path / name / "tokenizer_config.json"
        older = {**read_json(config), "tokenizer_class": "PreTrainedTokenizerFast"}
        write_json(config, older)
        words = [PYTHON, "-c", RUN, "accelerate", f"model_name={model},dtype=float32,batch_size=8"]
        words += ["sights|0,names|0", "--custom-tasks", ROOT / "tests/support/lighteval_tasks.py"]
        words += ["--output-dir", tmp_path / "logs" / name, "--save-details"]
        done = subprocess.run(words, env=env, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = compare_logs([tmp_path / "logs/one", tmp_path / "logs/two"])
    assert not found.mismatches
    results = {r.name: r for r in found.results}
    assert set(results) == {"sights", "names", "all tasks"}
    for name, run in (("one", "first_score"), ("two", "second_score")):
        (path,) = (tmp_path / "logs" / name / "results").rglob("*.json")
        own = json.loads(path.read_text())["results"]
        assert getattr(results["sights"], run) == pytest.approx(100 * own["sights|0"]["acc"])
        assert getattr(results["names"], run) == pytest.approx(100 * own["names|0"]["em"])
    assert results["sights"].items == 24 and 25 < results["sights"].chance < 50
