"""Small inputs from public bug reports of this field; each case says itself whether it is right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

CASES = ROOT.parent / "shared" / "cases"
NAMES = sorted(path.parent.name for path in CASES.glob("*/run"))


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", NAMES or [pytest.param("", marks=pytest.mark.skip(f"no cases at {CASES}"))]
)
def test_a_case_of_a_public_report_is_right(name):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [CASES / name / "run"],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
