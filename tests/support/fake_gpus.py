"""An environment in which CUDA is pretended (fake_cuda/) for child processes."""

import os
from pathlib import Path

from conftest import ROOT

FAKE = ROOT / "tests/support/fake_cuda"


def fake_environment(folder: Path, visible: str) -> dict[str, str]:
    """The environment of a host with stand-in GPUs."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(FAKE), str(ROOT / "workflow_scripts")]),
        "CUDA_VISIBLE_DEVICES": visible,
        "FAKE_CUDA_LOG": str(folder / "cuda.log"),
        "TMPDIR": str(folder / "tmp"),
        "MOTHERTONGUE_WARM": "1",
    }
