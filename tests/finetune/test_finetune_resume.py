"""Nothing is lost when a fine-tuning is killed, stopped or moved: it ends with the same adapter."""

import contextlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import mix_training_set
import pytest
from json_rows import write_dataset
from mothertongue.files import file_hash
from mothertongue.finetune.checkpoint import NAME
from tiny_models import ROOT, demo_rows, save_model

# A job script like finetune_lora's, which tells its process and its steps on stdout and takes time.
PACED = """
import os, time


def main(*, job):
    import finetune_lora
    from mothertongue.finetune import train

    def step(self):
        loss = real(self)
        print(f"STEP {self.run.step}", flush=True)
        time.sleep(float(os.environ["PACE"]))
        return loss

    real, train.Trainer.do_step = train.Trainer.do_step, step
    print(f"PROCESS {os.getpid()}", flush=True)
    finetune_lora.main(**job)
    print("END", flush=True)
"""
CALL = """
import logging, pickle, sys
from mothertongue.preload import run_preloaded
logging.basicConfig(level=logging.INFO, stream=sys.stderr, force=True)
run_preloaded("paced", {"job": pickle.load(open(sys.argv[1], "rb"))}, grace=30)
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with a base and the two halves of a training set."""
    folder = tmp_path_factory.mktemp("resume")
    (folder / "paced.py").write_text(PACED)
    (folder / "tmp").mkdir()  # the warm process puts its socket there
    save_model(folder / "base", "llama")
    write_dataset(folder / "all.jsonl", demo_rows(count=48))
    mix_training_set.main(
        dataset=folder / "all.jsonl",
        training=folder / "train.jsonl",
        validation=folder / "validation.jsonl",
        share=0.1,
        seed=1,
    )
    yield folder
    for server in servers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGTERM)


def job_of(study: Path, folder: Path, *, checkpoint_minutes: float = 0, **recipe) -> dict:
    """What finetune_lora's main takes, as the rule gives it: dropout on."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "training_set": study / "train.jsonl",
        "validation_set": study / "validation.jsonl",
        "adapter": folder / "adapter_model.safetensors",
        "adapter_config": folder / "adapter_config.json",
        "history": folder / "history.csv",
        "provenance": folder / "provenance.json",
        "work": folder / "work",
        "condition": {"model": "tiny"},
        "model": {"base": str(study / "base")},
        "recipe": {
            "quantisation": "int8",
            "dtype": "auto",
            "lora": {"r": 8, "alpha": 16, "dropout": 0.1},
            "template": "alpaca",
            "max_length": 256,
            "schedule": "linear",
            "warmup": 0.1,
            "effective_batch": 16,
            "token_budget": "auto",
            "epochs": 3,
            "weight_decay": 0.0,
            "clip_norm": 1.0,
            "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
            "early_stopping": None,
            "gradient_checkpointing": "auto",
        }
        | recipe,
        "learning_rate": 5e-3,
        "seed": 3,
        "threads": 1,
        "checkpoint_minutes": checkpoint_minutes,
    }


servers: set[int] = set()


class Work:
    """A job in a process of its own, and the process that trains: a child of the warm one."""

    def __init__(self, job: dict, *, pace: float = 0.0, warm: bool = True, **environment: str):
        """`pace`: seconds after every step."""
        path = job["adapter"].with_name("job.pickle")
        path.write_bytes(pickle.dumps(job))
        study = job["training_set"].parent
        self.process = subprocess.Popen(
            [sys.executable, "-c", CALL, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=study,
            env={
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "PACE": str(pace),
                "HF_HUB_OFFLINE": "1",
                "MOTHERTONGUE_WARM": str(int(warm)),
                "PYTHONPATH": os.pathsep.join([str(ROOT / "workflow_scripts"), str(study)]),
                "TMPDIR": str(study / "tmp"),
                **environment,
            },
        )
        self.trainer = int(self.wait_for("PROCESS ").split()[1])
        assert (self.trainer != self.process.pid) == warm
        if warm:
            stat = Path(f"/proc/{self.trainer}/stat").read_text()
            servers.add(int(stat.rpartition(")")[2].split()[1]))

    def wait_for(self, beginning: str) -> str:
        """Read on until a line begins so."""
        for line in self.process.stdout:
            if line.startswith(beginning):
                return line
        raise AssertionError(f"'{beginning}' never came: {self.process.stderr.read()[-2000:]}")

    def end(self) -> tuple[int, str, str]:
        """Wait; return status, stdout and stderr."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


def finish(job: dict, **options) -> str:
    """Run a job to its end; return what it logged."""
    status, out, err = Work(job, **options).end()
    assert status == 0, err[-3000:]
    assert out.strip().endswith("END")
    return err


def without_times(history: Path) -> list[str]:
    return [re.sub(r",[^,]*(,\d)$", r"\1", line) for line in history.read_text().splitlines()]


@pytest.fixture(scope="module")
def undisturbed(study):
    """The files of a run that nobody disturbed, without a warm process."""
    folder = study / "undisturbed"
    finish(job_of(study, folder), warm=False)
    return folder


def assert_same(folder: Path, undisturbed: Path) -> None:
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        assert file_hash(folder / name) == file_hash(undisturbed / name), name
    assert without_times(folder / "history.csv") == without_times(undisturbed / "history.csv")
    assert not (folder / "work").exists()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_kill_nine_at_several_steps_ends_with_the_same_bytes(study, undisturbed):
    """Killed in the first epoch, at an epoch's end and in the last step's pause; then finished."""
    folder = study / "killed"
    for step in (2, 6, 8):
        work = Work(job_of(study, folder), pace=0.3)
        work.wait_for(f"STEP {step}")
        os.kill(work.trainer, signal.SIGKILL)
        status, _, err = work.end()
        assert status == 1
        assert "the job was killed by signal 9" in err
        assert not (folder / "adapter_model.safetensors").exists()
        assert [path.name for path in (folder / "work").iterdir()] == [NAME]  # only the newest
    log = finish(job_of(study, folder))
    assert re.search(r"continuing after step [78] of 9", log)
    assert_same(folder, undisturbed)
    assert json.loads((folder / "provenance.json").read_text())["resumed"] == 3


@pytest.mark.slow
def test_kill_nine_while_a_checkpoint_is_written(study, undisturbed):
    """A half-written temporary file is ignored and cleared away."""
    folder = study / "half"
    work = Work(job_of(study, folder), pace=0.3)
    work.wait_for("STEP 4")
    os.kill(work.trainer, signal.SIGKILL)
    work.end()
    (folder / "work" / ".checkpoint.99999.tmp.pt").write_bytes(b"half")
    finish(job_of(study, folder))
    assert_same(folder, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "warm"), [("SIGTERM", True), ("SIGUSR1", True), ("SIGUSR1", False), ("SIGKILL", True)]
)
def test_a_signal_writes_a_checkpoint_and_leaves_for_requeue(study, undisturbed, name, warm):
    """A signal to the job's process; when this is killed, its work in the warm process stops, too."""
    folder = study / f"{name}-{warm}"
    job = job_of(study, folder, checkpoint_minutes=1000)  # so that only the signal makes one
    work = Work(job, pace=0.3, warm=warm)
    work.wait_for("STEP 2")
    work.process.send_signal(getattr(signal, name))
    status, _, err = work.end()  # of all that hold its stderr: the child has left
    seen = "SIGTERM" if warm else name
    assert re.search(rf"Interrupted: stopped after step [23] of 9 \(signal {seen}\)", err)
    assert status == (-signal.SIGKILL if name == "SIGKILL" else 1)  # so that Snakemake tries again
    assert (folder / "work" / NAME).is_file()
    finish(job)
    assert_same(folder, undisturbed)


@pytest.mark.slow
def test_a_near_time_limit_writes_a_checkpoint(study, undisturbed):
    folder = study / "limit"
    job = job_of(study, folder, checkpoint_minutes=1000)
    status, _, err = Work(job, pace=0.2, SLURM_JOB_END_TIME=str(int(time.time()) + 50)).end()
    assert status == 1
    assert re.search(r"stopped after step 1 of 9 \(the time limit is \d+ s away\)", err)
    finish(job_of(study, folder), SLURM_JOB_END_TIME=str(int(time.time()) + 3600))
    assert_same(folder, undisturbed)


@pytest.mark.slow
def test_what_ends_while_it_is_told_to_stop_is_not_trained_again(study, undisturbed):
    """The scheduler may still call the attempt failed; Snakemake then deletes what it has made."""
    folder = study / "just"
    job = job_of(study, folder, checkpoint_minutes=1000)
    work = Work(job, pace=0.5)
    work.wait_for("STEP 9")  # the last one
    work.process.send_signal(signal.SIGTERM)
    status, _, err = work.end()
    assert status == 0, err[-2000:]
    for name in ("adapter", "adapter_config", "history", "provenance"):
        job[name].unlink()
    assert "continuing after step 9 of 9" in finish(job, pace=0.5)
    assert_same(folder, undisturbed)


@pytest.mark.slow
def test_a_checkpoint_of_another_recipe_is_not_continued(study):
    folder = study / "other"
    work = Work(job_of(study, folder), pace=0.3)
    work.wait_for("STEP 2")
    os.kill(work.trainer, signal.SIGKILL)
    work.end()
    job = job_of(study, folder, epochs=1, max_length=200)
    log = finish(job)
    assert "belongs to another recipe, base or data; starting over" in log
    assert json.loads((folder / "provenance.json").read_text())["resumed"] == 0


SEVERAL = """
import logging, pickle, sys
import finetune_lora
logging.basicConfig(level=logging.INFO, stream=sys.stderr, force=True)
finetune_lora.main(**pickle.load(open(sys.argv[1], "rb")), gpus=2)
"""


def losses(job: dict) -> list[tuple[float, float]]:
    """Validation and training loss per epoch (NaN: none yet)."""
    lines = [line.split(",") for line in job["history"].read_text().splitlines()]
    columns = [lines[0].index(name) for name in ("validation_loss", "train_loss")]
    return [tuple(float(line[c] or "nan") for c in columns) for line in lines[1:]]


@pytest.mark.slow
def test_two_processes_share_every_step_and_stop_together(study):
    """Two processes on the CPU, told to stop and run again: the losses of one, up to rounding."""
    recipe = {"lora": {"r": 8, "alpha": 16, "dropout": 0.0}, "effective_batch": 4, "epochs": 2}
    one, two = (job_of(study, study / name, **recipe) for name in ("one", "two"))
    for job in (one, two):
        job["learning_rate"] = 1e-3
    finish(one)
    path = study / "two" / "job.pickle"
    path.write_bytes(pickle.dumps(two))
    command = [sys.executable, "-c", SEVERAL, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")}
    several = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    checkpoint = study / "two" / "work" / NAME
    deadline = time.monotonic() + 120
    while not checkpoint.is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    several.send_signal(signal.SIGTERM)
    _, err = several.communicate(timeout=120)
    assert several.returncode == 1
    found = re.search(
        r"Interrupted: stopped after step (\d+) of 22 .*; a checkpoint is written", err
    )
    assert found, err[-3000:]
    import torch

    assert torch.load(checkpoint, weights_only=True)["run"]["step"] == int(found[1])
    assert not two["adapter"].exists()
    subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=True)
    assert losses(two)[0][0] == pytest.approx(losses(one)[0][0], abs=1e-4)
    for single, double in zip(losses(one)[1:], losses(two)[1:], strict=True):
        assert double == pytest.approx(single, abs=1e-4)
    reports = [json.loads(job["provenance"].read_text()) for job in (one, two)]
    assert [(r["tokens"], r["steps"]) for r in reports] == [(reports[0]["tokens"], 22)] * 2
    assert (reports[1]["processes"], reports[1]["resumed"]) == (2, 1)
    assert reports[1]["proof"]["equal"]


@pytest.mark.slow
def test_a_mistake_in_several_processes_is_still_one_line(study):
    import finetune_lora
    from mothertongue.errors import InputError

    job = job_of(study, study / "mistake", max_length=1024)
    with pytest.raises(InputError, match=r"max_length is 1024, but .* has 512 positions; lower it"):
        finetune_lora.main(**job, gpus=2)
