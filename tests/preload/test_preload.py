"""The preloaded process: shared by jobs and by Snakemake runs, gone with them, never stale."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from conftest import ROOT, SMALL
from tiny_models import save_adapter, save_model

pytestmark = pytest.mark.slow

# A job script like those of the workflow: what it did goes into a JSON file.
PROBE = """
import json, os, time
from pathlib import Path


def main(*, out, wait=0.0, spec=None, adapter=None, complaint=None):
    from mothertongue import models
    from mothertongue.errors import InputError
    from mothertongue.inference.base import BaseSpec, borrowed

    if complaint:
        raise InputError(complaint)
    found = {"pid": os.getpid(), "parent": os.getppid()}
    Path(out).with_suffix(".started").write_text(json.dumps(found))
    if spec:
        import torch

        torch.set_num_threads(1)
        with borrowed(BaseSpec(**spec)) as (model, tokenizer):
            if adapter:
                model = models.attach_adapter(model, adapter)
            found["logits"] = models.probe_logits(model, tokenizer)[0, -1, :8].tolist()
    time.sleep(wait)
    Path(out).write_text(json.dumps(found))
"""
CALL = """
import json, sys
from pathlib import Path
from mothertongue.process.log import log_to
from mothertongue.inference.base import BaseSpec
from mothertongue.preload import run_preloaded
settings = json.loads(sys.argv[1])
module, log, base = settings.pop("module", "probe"), settings["out"] + ".log", settings.get("spec")
base = base and BaseSpec(**base)
if module != "probe":
    del settings["out"], settings["spec"]
    settings = {
        key: Path(value) if key in ("score", "items", "tasks", "work") else value
        for key, value in settings.items()
    }
with log_to(log):
    run_preloaded(module, settings, base=base)
"""
SNAKEFILE = """
rule all:
    input: expand("{run}{n}.json", run=config["run"], n=range(2))
rule probe:
    output: "{name}.json"
    params: name=lambda w, output: output[0]
    script: "probe_script.py"
"""
SCRIPT = """
import sys
sys.path.insert(0, SCRIPTS)
from mothertongue.preload import run_preloaded
run_preloaded("probe", {"out": snakemake.params.name, "wait": 0.5})
"""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def eventually(condition, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")


def below(pid: int) -> list[int]:
    """All processes that a process started, and those that they started."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *below(int(child))]
    return found


def server_of(pid: int) -> int:
    """The server above a job's process (a base server keeps the server's command line)."""
    while "-m mothertongue.preload" in command_of(parent_of(pid)):
        pid = parent_of(pid)
    return pid


class Study:
    """A folder in which jobs run, with a preloaded process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tmp").mkdir(parents=True)
        (folder / "probe.py").write_text(PROBE)
        path = os.pathsep.join([str(ROOT / "workflow_scripts"), str(folder)])
        self.environment = os.environ | {"TMPDIR": str(folder / "tmp"), "PYTHONPATH": path}
        self.environment.pop("MOTHERTONGUE_WARM", None)

    def start(self, name: str, **settings) -> subprocess.Popen:
        settings["out"] = str(self.folder / f"{name}.json")
        return subprocess.Popen(
            [sys.executable, "-c", CALL, json.dumps(settings)],
            cwd=self.folder, env=self.environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self, name: str, suffix: str = ".json") -> dict:
        return json.loads((self.folder / name).with_suffix(suffix).read_text())

    def run(self, name: str, **settings) -> dict | None:
        job = self.start(name, **settings)
        _, complaint = job.communicate(timeout=120)
        assert job.returncode == 0, complaint + (self.folder / f"{name}.json.log").read_text()
        return self.read(name) if "module" not in settings else None


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = Study(tmp_path_factory.mktemp("warm"))
    first = made.start("first", wait=1.0)
    assert eventually(lambda: (made.folder / "first.started").exists(), 120)
    made.server = server_of(made.read("first", ".started")["pid"])
    assert first.wait(60) == 0
    yield made
    if running(made.server):
        os.kill(made.server, signal.SIGTERM)
    assert eventually(lambda: not running(made.server))


def test_messages_that_come_at_once_are_read_one_by_one(tmp_path):
    """Two jobs that ended together were counted as one, and the process never left."""
    from mothertongue.preload.messages import receive, receive_with_fds, send

    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "a").open("w") as a, (tmp_path / "b").open("w") as b:
        theirs.settimeout(10)
        for number in range(3):
            send(ours, {"finished": number})
        assert [receive(theirs) for _ in range(3)] == [{"finished": n} for n in range(3)]
        for number, file in enumerate((a, b)):
            send(ours, {"job": number}, [file.fileno()])
        for number, name in enumerate("ab"):
            message, (fd,) = receive_with_fds(theirs, 1)
            assert message == {"job": number}
            assert os.readlink(f"/proc/self/fd/{fd}") == str(tmp_path / name)
            os.close(fd)
        ours.close()
        assert receive(theirs) is None


def test_jobs_share_a_process_and_input_errors_stay_one_line(study):
    found = study.run("second")
    assert found["parent"] == study.server
    assert found["pid"] != study.server
    job = study.start("wrong", complaint="data.jsonl, row 3: no column id")
    _, complaint = job.communicate(timeout=60)
    assert job.returncode == 1
    assert complaint == "Error: data.jsonl, row 3: no column id\n"


def close(first: list[float], second: list[float]) -> bool:
    return first == pytest.approx(second, abs=1e-5)


def test_a_held_base_is_never_stale_and_keeps_no_adapter(study, tmp_path):
    from mothertongue.inference import models
    from mothertongue.inference.base import BaseSpec

    def cold(adapter=None):
        model, tokenizer = spec.load()
        model = models.attach_adapter(model, adapter) if adapter else model
        return models.probe_logits(model, tokenizer)[0, -1, :8].tolist()

    base = save_model(tmp_path / "base")
    adapters = [save_adapter(base, tmp_path / f"adapter{n}", n) for n in range(2)]
    spec = BaseSpec.of_model({"base": str(base)}, "none", "float32")
    expected = {name: cold(name and adapters[name - 1]) for name in (0, 1, 2)}
    assert not close(expected[1], expected[2])
    holders = set()
    for number, name in enumerate((1, 0, 2, 1)):
        adapter = str(adapters[name - 1]) if name else None
        found = study.run(f"held{number}", spec=asdict(spec), adapter=adapter)
        assert close(found["logits"], expected[name])
        assert (
            "held by the preloaded process" in (study.folder / f"held{number}.json.log").read_text()
        )
        holders.add(found["parent"])
    assert len(holders) == 1  # one load for all
    assert holders != {study.server}
    save_model(base, hidden_size=32)  # the same name, other weights
    changed = cold()
    assert not close(changed, expected[0])
    found = study.run("changed", spec=asdict(spec))
    assert close(found["logits"], changed)
    assert found["parent"] not in holders


def test_kills_end_what_belongs_to_a_job_and_nothing_else(study):
    other = study.start("other", wait=1.5)
    jobs = {name: study.start(name, wait=60) for name in ("gone", "shot")}
    for name in ("other", *jobs):
        assert eventually((study.folder / f"{name}.started").exists)
    pids = {name: study.read(name, ".started")["pid"] for name in jobs}
    jobs["gone"].kill()  # the job goes away: so must its work
    assert eventually(lambda: not running(pids["gone"]))
    os.kill(pids["shot"], signal.SIGKILL)  # the work dies: so must the job
    _, complaint = jobs["shot"].communicate(timeout=15)
    assert jobs["shot"].returncode == 1
    assert "killed by signal 9" in complaint
    assert other.wait(30) == 0
    assert study.read("other")["parent"] == study.server


def test_a_killed_evaluation_goes_on_where_it_was(study, tmp_path):
    """`kill -9` on a running evaluation: the next attempt repeats only what was in the batch."""
    from mothertongue.inference.base import BaseSpec

    base = save_model(tmp_path / "base")
    test = str(SMALL / "resources/demo/benchmarks/reading_translated_es.json")
    model = {"base": str(base)}
    spec = BaseSpec.of_model(model, "none", "float32")
    task = {"name": "extractive-qa", "shots": 0, "limit": None, "hub": None, "digest": "d"}
    settings = {
        "adapter": None, "weights": None, "item_files": [test], "demonstration_files": [],
        "condition": {"data": "base"}, "benchmark": "reading", "language": "es", "model": model,
        "loading": {"quantisation": "none", "dtype": "float32", "template": "alpaca"},
        "task": task | {"max_new_tokens": 100}, "learning_rate": None,
        "tasks": str(ROOT / "tasks"), "work": str(tmp_path / "work"),
        "batch_tokens": 1000, "module": "evaluate_benchmark", "spec": asdict(spec),
    }  # fmt: skip

    def outputs(name):
        return {"score": str(tmp_path / f"{name}.json"), "items": str(tmp_path / f"{name}.parquet")}

    def finished():
        return sum(len(path.read_bytes().splitlines()) for path in (tmp_path / "work").glob("*"))

    study.run("whole", **settings, **outputs("whole"))
    job = study.start("killed", **settings, **outputs("killed"))
    assert eventually(lambda: finished() >= 3, 60)
    pid = next(  # the job's child has the job's log as its output
        pid for pid in below(study.server) if "killed.json.log" in os.readlink(f"/proc/{pid}/fd/1")
    )
    os.kill(pid, signal.SIGKILL)
    assert job.wait(15) == 1
    assert not (tmp_path / "killed.json").exists()
    kept = finished()
    study.run("again", **settings, **outputs("killed"))
    whole, again = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("whole", "killed"))
    assert again["metrics"] == whole["metrics"]
    assert again["cut"] == whole["cut"]
    assert again["provenance"]["resumed_requests"] >= kept - 1 > 0
    assert again["provenance"]["work"]["tokens"] < whole["provenance"]["work"]["tokens"]
    assert not list((tmp_path / "work").iterdir())


def test_two_snakemake_runs_share_one_process_that_ends_with_the_last(tmp_path):
    study = Study(tmp_path / "study")
    (study.folder / "Snakefile").write_text(SNAKEFILE)
    scripts = repr(str(ROOT / "workflow_scripts"))
    (study.folder / "probe_script.py").write_text(SCRIPT.replace("SCRIPTS", scripts))

    def snakemake(run: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--nolock", "--quiet"]
        return subprocess.Popen(
            [*command, "--config", f"run={run}"],
            cwd=study.folder, env=study.environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    runs = [snakemake("a"), snakemake("b")]
    for run in runs:
        _, complaint = run.communicate(timeout=120)
        assert run.returncode == 0, complaint
    servers = {study.read(f"{run}{n}")["parent"] for run in "ab" for n in range(2)}
    assert len(servers) == 1
    (server,) = servers
    assert eventually(lambda: not running(server), 5)
    assert eventually(lambda: not list((study.folder / "tmp").rglob("*.sock")), 2)


def test_a_dead_server_fails_its_job_clearly_and_the_next_job_starts_another(study):
    job = study.start("orphan", wait=60)
    assert eventually((study.folder / "orphan.started").exists)
    pid = study.read("orphan", ".started")["pid"]
    os.kill(study.server, signal.SIGKILL)
    _, complaint = job.communicate(timeout=30)
    assert "the preloaded process ended before the job did; run it again" in complaint
    assert eventually(lambda: not running(pid))
    study.environment["MOTHERTONGUE_WARM"] = "0"  # and without any: in the job's own process
    alone = study.start("alone")
    assert alone.wait(60) == 0
    assert study.read("alone")["pid"] == alone.pid
