"""docs/tutorial.md, as a stranger follows it: its commands in its order, in one shell, without a network."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from mothertongue.correlate.claims import AT_CHANCE
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


@pytest.mark.parametrize("there", [["column"], []])
def test_the_scores_are_printed_with_and_without_column(tmp_path, there):
    (tmp_path / "results").mkdir()
    (tmp_path / "results/scores.csv").write_text("source,score\nstudy,25.0\n")
    (tmp_path / "bin").mkdir()
    for name in ("bash", "cat", "cut", "head", *there):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        (tmp_path / "bin" / name).symlink_to(found)
    (command,) = [block for block in commands(whole=True) if "column -s" in block]
    done = subprocess.run(
        [tmp_path / "bin/bash", "-euo", "pipefail", "-c", command],
        cwd=tmp_path, env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [re.split(r"[ ,]+", line) for line in done.stdout.splitlines()]
    assert rows == [["source", "score"], ["study", "25.0"]]


def test_the_model_from_a_package_is_asked_through_its_own_template():
    """SmolLM2-135M-Instruct is an instruct model; without the template it is tuned as a base model."""
    page = " ".join((ROOT / "docs/tutorial.md").read_text(encoding="utf-8").split())
    (entry,) = re.findall(r"`(\{label: SmolLM2, gguf: [^`]*\})`", page)
    assert yaml.safe_load(entry)["template"] == "chat"


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
    cells = {one["claim"]["verdict"] for one in findings if one["first_page"]}
    assert cells == {"undecided", AT_CHANCE}
    page = (folder / "results/report/study/findings/answer.html").read_text(encoding="utf-8")
    assert "one training each" in page and "would decide" not in page  # as step 9 says
    assert re.search(r"finetune_lora +4\n", told)  # two seeds more, and no adapter again
