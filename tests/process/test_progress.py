"""The matrix of a study's cells: what is done, running, failed and to do, while it runs."""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from conftest import ROOT, checkout, run_snakemake

NAME = "n" * 60  # so long are the model, the rate and the benchmark: markers are cut into folders
ROW = f"{NAME}/native/es/{NAME}/seed1"

FOREIGN = f"""
rule all:
    input: "results/evaluate/{ROW}/{NAME}/es.json", "results/evaluate/{ROW}/choice-native/es.json"
rule sleep:
    output: "results/evaluate/{{cell}}/{NAME}/es.json"
    log: "logs/evaluate/{{cell}}/{NAME}/es.log"
    shell: "touch {{log}}; sleep 60; touch {{output}}"
rule fail:
    output: "results/evaluate/{{cell}}/choice-native/es.json"
    log: "logs/evaluate/{{cell}}/choice-native/es.log"
    shell: "touch {{log}}; false"
"""


@pytest.fixture
def study(tmp_path):
    """A study that another workflow's quick rules stand in for, so that its states are known."""
    folder = checkout(tmp_path / "study")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    known = config["evaluate"]["benchmarks"]
    config["models"] = {NAME: config["models"]["tiny"]}
    config["finetune"]["learning_rates"] = {NAME: 1.0e-3}
    config["conditions"] = [{"data": ["native"], "scope": ["es"], "lr": [NAME]}]
    known[NAME] = {**known["choice-native"], "languages": ["es"], "label": "long"}
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    (folder / "foreign.smk").write_text(FOREIGN, encoding="utf-8")
    return folder


def show(folder) -> str:
    script = folder / "workflow_scripts" / "show_progress.py"
    shown = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def wait_for(folder, words: str, seconds: float = 60) -> str:
    deadline = time.monotonic() + seconds
    while words not in (shown := show(folder)):
        assert time.monotonic() < deadline, shown
        time.sleep(0.3)
    return shown


@pytest.mark.slow
def test_states_of_a_running_study(study):
    assert "1 running" not in show(study)
    adapter = study / "results/finetune" / ROW / "adapter_model.safetensors"
    adapter.parent.mkdir(parents=True)
    adapter.touch()
    command = [sys.executable, "-m", "snakemake", "-s", "foreign.smk", "--cores", "2", "-k"]
    head = subprocess.Popen(command, cwd=study, stdout=-3, stderr=-3, start_new_session=True)
    try:
        shown = wait_for(study, "1 failed")
        assert "1 running, 1 failed" in shown
        (row,) = [line for line in shown.splitlines() if line.startswith(ROW)]
        marks = row.split()[1:]
        assert [marks.count(mark) for mark in "#>x"] == [1, 1, 1], row
        assert "1 done" in shown.split("finetune ", 1)[1].splitlines()[0]
        locks = sorted((study / ".snakemake" / "locks").iterdir())
        assert locks
        asked = ("progress", "--cores", "1", "--quiet", "all")
        refused = run_snakemake(*asked, cwd=study)
        assert refused.returncode != 0
        assert "snakemake progress --nolock …" in refused.stderr + refused.stdout
        asked = run_snakemake(*asked, "--nolock", cwd=study)
        assert "1 running, 1 failed" in asked.stdout, asked.stderr
        assert sorted((study / ".snakemake" / "locks").iterdir()) == locks
    finally:
        os.killpg(head.pid, signal.SIGINT)  # as Ctrl-C does
        head.wait(timeout=60)
    assert "running" not in show(study).split("\n", 1)[1]


def test_no_model_library_is_imported_and_it_is_quick():
    code = (
        "import resource, runpy, sys;"
        "sys.argv[1:] = ['studies/paper.yaml'];"
        "runpy.run_path('workflow_scripts/show_progress.py', run_name='__main__');"
        "heavy = {'torch', 'transformers', 'polars', 'snakemake', 'numpy'} & set(sys.modules);"
        "assert not heavy, heavy;"
        "used = resource.getrusage(resource.RUSAGE_SELF);"
        "assert used.ru_utime + used.ru_stime < 2, used"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "evaluate   1376: " in done.stdout
