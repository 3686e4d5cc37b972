"""What jobs of a group share is started by the Snakemake above their steps, and outlives each of them."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

# the Snakemake of a group, whose jobs are processes of their own; each ends as SLURM ends a step
GROUP = """
import json, os, subprocess, sys
from mothertongue.preload.steps import share_among_steps

if sys.argv[1] == "offer":
    share_among_steps()
found = []
for _ in range(2):
    job = subprocess.run([sys.executable, "-c", JOB], capture_output=True, text=True, check=True)
    found.append(json.loads(job.stdout))
print(json.dumps({"above": os.getpid(), "jobs": found}))
"""
JOB = """
import json, os, sys
from mothertongue.preload.steps import Start, start
from mothertongue.process.attempts import RUN
from mothertongue.process.children import alive, snakemake_above, stat
what = Start(["sleep", "30"], dict(os.environ), os.getcwd(), os.devnull)
pid, birth = start(what)
print(json.dumps({"alive": alive((pid, birth)), "parent": int(stat(pid)[1]), "pid": pid,
                  "own": os.getpid(), "above": snakemake_above(), "run": os.environ.get(RUN)}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("offered", [True, False])
def test_a_job_lets_the_group_start_what_is_shared(tmp_path, offered):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "workflow_scripts"),
        "SLURM_JOB_NAME": "a-run",
    }
    code = f"JOB = {JOB!r}\n{GROUP}"
    done = subprocess.run(
        [sys.executable, "-c", code, "offer" if offered else "no"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for job in told["jobs"]:
        os.kill(job["pid"], 9)
        assert job["alive"]
        assert job["parent"] == (told["above"] if offered else job["own"])
        assert job["run"] == ("a-run" if offered else None)
        if offered:
            assert job["above"][0] == told["above"]
