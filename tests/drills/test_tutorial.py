"""docs/tutorial.md, as a stranger follows it: its commands in its order, in one shell, without a network."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from mothertongue.files import read_json

BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)


def commands(*, whole):
    """The page's commands: all, or those before anything is trained."""
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(page):
        mark = match["mark"] or ""
        if not mark.startswith("not run") and (whole or mark != "with a run"):
            found.append(match["body"])
    return found


def follow(folder, blocks):
    """Run the blocks in one shell; where it can be made, in a namespace without a network."""
    environment = os.environ | {
        "MT": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "workflow_scripts"),
    }
    alone = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    done = subprocess.run(
        [*alone, "bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def test_the_tutorial_has_ten_steps():
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    steps = re.findall(r"^## (\d+)\. ", page, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]
    assert len(commands(whole=True)) >= 9


@pytest.mark.slow
def test_the_steps_before_the_run(tmp_path):
    told = follow(tmp_path, commands(whole=False))
    assert "60 rows" in told
    assert re.search(r"finetune_lora +2\n", told)
    assert re.search(r"evaluate_benchmark +6\n", told)


@pytest.mark.long
def test_all_ten_steps(tmp_path):
    told = follow(tmp_path, commands(whole=True))
    folder = tmp_path / "question"
    assert (folder / "results/report.html").stat().st_size > 1_000_000
    findings = read_json(folder / "results/report/study/findings/findings.json")
    assert any("our translators" in one["sentence"] for one in findings)
    assert re.search(r"finetune_lora +4\n", told)  # two seeds more, and no adapter again
