"""The script for GPUs runs: here on a CPU, tiny; on a GPU its smoke part is the test."""

import json
import os
import subprocess
import sys

import pytest
import yaml
from conftest import ROOT
from mothertongue.study.cards import TABLE, cards


def run(out, *arguments: str) -> dict[str, dict]:
    """Run it in a process of its own; its figures by part and name."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "gpu.py"), "--out", str(out), *arguments],
        capture_output=True, text=True, timeout=900,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (made,) = out.glob("*.json")
    content = json.loads(made.read_text())
    figures = {f"{figure['part']} {figure['name']}": figure for figure in content["figures"]}
    return {**figures, "entry": content.get("entry", {})}


@pytest.mark.slow
def test_the_gpu_script_runs_on_a_cpu(tmp_path):
    """Arms train on the same rows with the same loss, score and decode to the same."""
    pytest.importorskip("trl")
    found = run(
        tmp_path, "--shape", "tiny", "--batch", "8", "--steps", "1", "--weights", "none",
        "--arms", "peer", "ours", "ours+flash", "trl", "--calibrate",
    )  # fmt: skip
    smoke = {name: figure["ok"] for name, figure in found.items() if name.startswith("smoke")}
    assert len(smoke) == 8
    assert list(smoke.values()).count(True) >= 5
    losses = [found[f"train none {arm}"]["more"]["loss"] for arm in ("peer", "ours", "trl")]
    assert max(losses) - min(losses) < 2e-3
    ours, peer = (found[f"train none {arm}"]["more"]["padding"] for arm in ("ours", "peer"))
    assert ours < 0.5 * peer
    for kind in ("loglikelihood", "generate_until"):
        assert found[f"evaluate none {kind} hflm"]["more"]["same_as_ours"] == 1
        assert "not installed" in found[f"evaluate none {kind} vllm"]["said"]
    written = yaml.safe_load(next(tmp_path.glob("*.yaml")).read_text())
    assert written == found["entry"]
    table = tmp_path / "gpus.yaml"  # as the product reads it, beside the cards that are there
    table.write_text(yaml.safe_dump(yaml.safe_load(TABLE.read_text()) | written, sort_keys=False))
    card = cards(table)["cpu"]
    assert card.basis == "measured"
    trained = found["train none ours"]["value"]
    parameters = 2 * (128 * (4 * 128 + 3 * 128)) + 2 * 128 * 512
    assert card.flops["train", "none"] == pytest.approx(4 * parameters * trained, rel=0.01)
    assert all(speed > 0 for speed in card.flops.values())
    assert card.load > 0


@pytest.mark.gpu
def test_every_path_to_a_gpu_works(tmp_path):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    smoke = run(tmp_path, "--smoke")
    assert [
        figure["said"] for name, figure in smoke.items() if figure and figure["ok"] is False
    ] == []
