"""The demo on a real two-node SLURM cluster: to the report, and through what clusters do.

It runs to its report while one of its jobs is cancelled, and must equal the run on this host. In
copies of it, parts are made again while the head is killed or interrupted, a node goes down, a
job has too little time or memory.
"""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import slurm_lab
import yaml
from conftest import ROOT, checkout, copy_study, planned, run_snakemake
from mothertongue.study import read_study
from tiny_models import save_model

pytestmark = [pytest.mark.slurm, pytest.mark.slow]

QUICK = (
    *("--seconds-between-status-checks", "1"),
    *("--slurm-init-seconds-before-status-checks", "1"),
    *("--latency-wait", "10"),
)
NATIVE = "tiny/native/es/high/seed1"
SCORES = (
    "--",
    "results/scores.csv",
)  # what the drills want again; tables and figures are not theirs


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A running cluster; where there must be one (REQUIRE_SLURM=1), its absence is a failure."""
    if reason := slurm_lab.missing():
        if os.environ.get("REQUIRE_SLURM") == "1":
            pytest.fail(f"these tests must run here, but there is no SLURM: {reason}")
        pytest.skip(f"no SLURM: {reason}")
    with slurm_lab.cluster(tmp_path_factory.mktemp("slurm")):
        yield


def on_gpus(folder: Path) -> Path:
    """Five of the demo's adapters; their jobs ask for a GPU each, as those of real models do."""
    checkout(folder)
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config["finetune"]["gpus"] = 1
    del config["evaluate"]["benchmarks"]["arithmetic-native"]  # the drill needs no fourth test
    config["conditions"] = [
        {"data": ["native", "fluent"], "scope": ["es", "multi"], "lr": ["high"]},
        {"data": ["literal-rtt"], "scope": ["es"], "lr": ["high"], "questions": []},
    ]
    (folder / "config.yaml").unlink()
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    """`snakemake --profile slurm`, in the background; CUDA on the nodes is a stand-in."""
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", *QUICK, *arguments]
    paths = [str(ROOT / "tests/support/fake_cuda"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with (folder / "head.out").open("ab") as out:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
        )


def finish(head: subprocess.Popen, folder: Path, seconds: float = 2400) -> None:
    assert head.wait(timeout=seconds) == 0, (folder / "head.out").read_text()[-5000:]


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def jobs(folder: Path) -> dict[str, tuple[str, str]]:
    """What SLURM holds of a folder now: {id: (state, comment)}."""
    lines = [line.split("\t") for line in run("squeue", "-h", "-o", "%i\t%T\t%Z\t%k").splitlines()]
    return {i: (state, what) for i, state, where, what in lines if where == str(folder)}


def wait_for(folder: Path, *words: str, state: str = "RUNNING", seconds: float = 1500) -> list[str]:
    """Ids of jobs whose comments hold the words, once each of them is in `state`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        held = jobs(folder)
        found = [
            next((i for i, (s, what) in held.items() if s == state and word in what), None)
            for word in words
        ]
        if all(found):
            return found
        time.sleep(0.3)
    raise AssertionError(f"no {state} jobs for {words}: {jobs(folder)}")


def wait_until_empty(folder: Path, seconds: float = 900) -> None:
    deadline = time.monotonic() + seconds
    while jobs(folder):
        assert time.monotonic() < deadline, jobs(folder)
        time.sleep(0.5)


def accounting(folder: Path) -> list[dict[str, str]]:
    """Jobs of a folder as SLURM's accounting remembers them."""
    fields = ["JobID", "NodeList", "State", "Start", "End", "AllocTRES", "WorkDir", "TimelimitRaw"]
    table = run("sacct", "-X", "-P", "-n", "--format", ",".join(fields))
    rows = [dict(zip(fields, line.split("|"))) for line in table.splitlines()]
    return [row for row in rows if row["WorkDir"] == str(folder)]


def job_logs(folder: Path, word: str) -> list[Path]:
    return sorted(folder.glob(f"logs/slurm/*{word}*/**/*.log"))


def results(folder: Path) -> dict[str, object]:
    """What must not depend on where and how often a job ran."""
    found: dict[str, object] = {}
    for path in sorted(folder.glob("results/evaluate/**/*.json")):
        score = json.loads(path.read_text(encoding="utf-8"))
        found[str(path.relative_to(folder))] = {k: v for k, v in score.items() if k != "provenance"}
    for pattern in (
        "finetune/**/adapter_model.safetensors",
        "finetune/sets/**/*.jsonl",
        "answer/**/*.jsonl",
        "judge/**/*.jsonl",
        "scores.csv",
    ):
        paths = sorted(folder.glob(f"results/{pattern}"))
        assert paths, pattern
        found |= {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    return found


@pytest.fixture(scope="session")
def study(lab, tmp_path_factory) -> Path:
    """The demo, run through the cluster while one of its jobs is cancelled."""
    folder = on_gpus(tmp_path_factory.mktemp("cluster") / "study")
    head = start(folder)
    (victim,) = wait_for(folder, f"adapter-{NATIVE.replace('/seed', '-').replace('/', '-')}")
    run("scancel", victim)
    finish(head, folder)
    return folder


def test_the_disturbed_demo_on_the_cluster_equals_the_one_here(study, finished_demo):
    here = results(finished_demo)
    same: list[bool] = []
    for name, content in results(study).items():
        if name == "results/scores.csv":
            of_answers = (b",qa-", b",fidelity-")
            lines = {
                line
                for line in content.splitlines()
                if not any(mark in line for mark in of_answers)
            }
            assert lines < set(here[name].splitlines())
        elif name.startswith("results/answer/") and not name.startswith(
            "results/answer/questions/"
        ):
            # on a GPU all sets of an adapter are answered in the same passes: where two tokens are as
            # likely as each other, a batch of another size may choose the other one
            mine, theirs = (map(json.loads, text.splitlines()) for text in (content, here[name]))
            same += [a["answer"] == b["answer"] for a, b in zip(mine, theirs, strict=True)]
        elif not name.startswith("results/judge/"):  # ratings follow from the answers
            assert content == here[name], name
    assert sum(same) / len(same) > 0.9
    assert planned(study) == {}
    report = run_snakemake("--report", "results/report.html", cwd=study)
    assert report.returncode == 0, report.stderr[-3000:]
    assert (study / "results" / "report.html").stat().st_size > 1_000_000


def test_a_cancelled_job_is_tried_again(study):
    assert [row["State"].split()[0] for row in accounting(study)].count("CANCELLED") == 1


def test_jobs_land_on_both_nodes_and_share_no_gpu(study):
    done = accounting(study)
    assert {row["NodeList"] for row in done} == {"n1", "n2"}
    on_gpu = [row for row in done if "gres/gpu=1" in row["AllocTRES"]]
    assert len(on_gpu) == len(done) - 1  # all but the base that the study builds on a core
    for node in ("n1", "n2"):
        spans = sorted((row["Start"], row["End"]) for row in on_gpu if row["NodeList"] == node)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans)), spans


def test_evaluations_of_one_adapter_share_a_job_and_services_stay_on_the_host(study):
    cells = read_study(yaml.safe_load((study / "config.yaml").read_text()), study)
    tuned = {cell.condition.path for cell in cells.evaluations}
    assert len(cells.evaluations) > 4 * len(tuned)
    answering = {cell.condition.path for cell in cells.answers}
    assert answering <= tuned
    assert len(job_logs(study, "adapter")) == len(tuned) + 1  # one of them was cancelled
    rules = {path.relative_to(study / "logs/slurm").parts[0] for path in job_logs(study, "")}
    assert {name.split("_")[-2] + "_" + name.split("_")[-1] for name in rules} == {
        "build_base",
        "finetune_lora",
        "evaluate_benchmark",  # a group has the name of one of its rules
    }


def without(study: Path, folder: Path, *stages: str, adapters: tuple[str, ...] = (NATIVE,)) -> Path:
    """A copy of the study in which some adapters' files of some stages are to be made."""
    copy_study(study, folder)
    (folder / "results" / "scores.csv").unlink()
    later = ["judge/overlap"] if "answer" in stages else []
    for stage in (*stages, *later):
        for adapter in adapters:
            subprocess.run(["rm", "-r", str(folder / "results" / stage / adapter)], check=True)
    return folder


def test_a_killed_head_is_not_followed_by_a_second_copy_of_its_jobs(study, tmp_path):
    other = NATIVE.replace("native", "fluent")
    folder = without(study, tmp_path / "study", "evaluate", "answer", adapters=(NATIVE, other))
    before = len(job_logs(folder, "adapter"))
    head = start(folder, *SCORES)
    ids = wait_for(folder, "adapter-tiny-native-es", "adapter-tiny-fluent-es")
    head.kill()
    head.wait()
    for number in ids:
        run("scontrol", "suspend", number)  # so that they surely still run when it starts again
    locked = start(folder, *SCORES)
    assert locked.wait(timeout=300) != 0
    assert run_snakemake("--unlock", cwd=folder).returncode == 0
    refused = start(folder, *SCORES)
    assert refused.wait(timeout=300) != 0
    said = (folder / "head.out").read_text()
    assert "2 SLURM jobs of an earlier run of this folder still queued or running" in said
    assert all(number in said.split("scancel", 1)[1] for number in ids)
    assert sorted(jobs(folder)) == sorted(ids)
    for number in ids:
        run("scontrol", "resume", number)
    wait_until_empty(folder)
    finish(start(folder, *SCORES), folder)
    assert results(folder) == results(study)
    assert len(job_logs(folder, "adapter")) == before + 2


@pytest.mark.long
def test_an_exceeded_time_limit_gives_more_time_and_training_continues(study, tmp_path):
    folder = copy_study(study, tmp_path / "study")
    target = f"results/finetune/{NATIVE}/adapter_model.safetensors"
    provenance = (folder / target).with_name("provenance.json")
    # the demo may have trained while this machine was twice as busy as it is now
    seconds = json.loads(provenance.read_text())["seconds"] / 3
    epochs = math.ceil(200 / seconds)
    config = folder / "config.yaml"  # more epochs than a minute holds
    config.write_text(config.read_text().replace("  epochs: 3\n", f"  epochs: {epochs}\n"))
    more = "finetune_lora:runtime=1 + 60 * (attempt - 1)"
    finish(start(folder, "--set-resources", more, "--", target), folder)
    ended = [(row["TimelimitRaw"], row["State"]) for row in accounting(folder)]
    assert ended == [("1", "TIMEOUT"), ("61", "COMPLETED")]
    assert json.loads(provenance.read_text())["resumed"] == 1


def test_a_node_that_goes_down_costs_only_its_job(study, tmp_path):
    folder = without(study, tmp_path / "study", "evaluate")
    head = start(folder, *SCORES)
    (number,) = wait_for(folder, "adapter-")
    node = run("squeue", "-h", "-j", number, "-o", "%N").strip()
    run("scontrol", "update", f"nodename={node}", "state=down", "reason=drill")
    try:
        wait_for(folder, "adapter-", state="PENDING")
        run("scontrol", "update", f"jobid={number}", "StartTime=now")
        finish(head, folder)
    finally:
        subprocess.run(["scontrol", "update", f"nodename={node}", "state=resume"], check=False)
    assert results(folder) == results(study)


def test_a_job_killed_for_memory_gets_more(study, tmp_path):
    folder = without(study, tmp_path / "study", "evaluate")
    finish(
        start(
            folder,
            *("--set-resources", "evaluate_benchmark:mem_mb=100 + 4000 * (attempt - 1)"),
            *SCORES,
        ),
        folder,
    )
    states = [row["State"] for row in accounting(folder)]
    assert len(states) == 2 and states[1] == "COMPLETED" and states[0] != "COMPLETED", states
    assert results(folder) == results(study)


def test_an_interrupted_head_takes_its_jobs_along_and_starts_again(study, tmp_path):
    folder = without(study, tmp_path / "study", "evaluate")
    head = start(folder, *SCORES)
    wait_for(folder, "adapter-")
    head.send_signal(signal.SIGINT)
    head.wait(timeout=120)
    wait_until_empty(folder)
    finish(start(folder, *SCORES), folder)
    assert results(folder) == results(study)


def test_a_model_lands_on_the_card_that_it_names_with_four_cores(lab, tmp_path):
    """Also the job that looks at a card, where the study names none, to choose how a base is loaded."""
    folder = checkout(tmp_path / "study")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    cards = {"small": "l4", "large": "a100_80gb", "open": None}
    config["models"] = {
        name: {"base": "base", "parameters": 1e6, "gpu_type": card} for name, card in cards.items()
    }
    save_model(folder / "base")
    config["finetune"] |= {"gpus": 1, "quantisation": "auto", "epochs": 1}
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    targets = [
        f"results/finetune/{name}/native/es/high/seed1/adapter_model.safetensors"
        for name in ("small", "large")
    ]
    finish(start(folder, "--", *targets, "results/finetune/quantisation/open.json"), folder)
    ids = {}
    for word in ("rule_finetune_lora", "rule_choose_quantisation"):
        for log in job_logs(folder, word):
            ids[word, log.parent.name.split("_")[0]] = log.stem
    held = {row["JobID"]: row for row in accounting(folder)}
    tuned = {name: held[ids["rule_finetune_lora", name]] for name in ("small", "large")}
    assert {name: row["NodeList"] for name, row in tuned.items()} == {"small": "n1", "large": "n2"}
    assert all("cpu=4" in row["AllocTRES"] for row in tuned.values())
    assert all("gres/gpu=1" in row["AllocTRES"] for row in tuned.values())
    made = {
        name: json.loads((folder / f"results/finetune/quantisation/{name}.json").read_text())
        for name in cards
    }
    assert [made[name]["card"] for name in cards] == ["l4", "a100_80gb", "stand-in"]
    looked = {name: held[ids["rule_choose_quantisation", name]]["AllocTRES"] for name in cards}
    assert ["gres/gpu" in looked[name] for name in cards] == [False, False, True]


BY_BASE = (
    *("--groups", "evaluate_benchmark=base-{model}", "answer_questions=base-{model}"),
    *("--group-components", "base-{model}=200"),
)


@pytest.mark.long
def test_all_adapters_of_a_base_share_a_job_and_a_load(study, tmp_path, monkeypatch):
    """Its job is killed twice: nothing that was finished is computed again, in this run or the next."""
    monkeypatch.setenv("FAKE_CUDA_LOG", str(tmp_path / "cuda.log"))
    adapters = (NATIVE, NATIVE.replace("es", "multi"))
    folder = without(study, tmp_path / "study", "evaluate", adapters=adapters)
    benchmarks = ("choice-native", "reading-translated", "native-perplexity")
    cells = [f"{adapter}/{name}" for adapter in adapters for name in benchmarks]
    whole = {Path(f"results/evaluate/{cell}/es.json") for cell in cells}
    targets = ["--", *map(str, sorted(whole))]

    def finished() -> set[Path]:
        return {path for path in whole if (folder / path).is_file()}

    def log_of(score: Path) -> str:
        path = folder / "logs" / score.relative_to("results").with_suffix(".log")
        return path.read_text(encoding="utf-8")

    def kill_after(count: int, before: str = "") -> tuple[str, set[Path]]:
        deadline = time.monotonic() + 900
        while (number := wait_for(folder, "base-tiny")[0]) == before or len(finished()) < count:
            assert time.monotonic() < deadline, (folder / "head.out").read_text()[-5000:]
            time.sleep(0.1)
        run("scancel", number)
        return number, finished()

    head = start(folder, *BY_BASE, "--retries", "1", *targets)
    number, first = kill_after(1)
    _, second = kill_after(len(first) + 1, before=number)
    assert head.wait(timeout=900) != 0
    assert first < second <= finished() < whole
    assert all("put back: no model is needed" in log_of(score) for score in first)
    missing = whole - finished()
    assert planned(folder, *BY_BASE, *targets) == {"evaluate_benchmark": len(missing)}
    times = {path: (folder / path).stat().st_mtime_ns for path in finished()}
    finish(start(folder, *BY_BASE, *targets), folder)
    assert all((folder / path).stat().st_mtime_ns == then for path, then in times.items())

    states = [row["State"].split()[0] for row in accounting(folder)]
    assert states == ["CANCELLED", "CANCELLED", "COMPLETED"]
    held = r"held by the preloaded process (\d+)"
    loads = [re.findall(held, log_of(score)) for score in missing]
    assert len({number for (number,) in loads}) == 1  # one load for what was left of both adapters
    starts = (tmp_path / "cuda.log").read_text().splitlines()
    assert 0 < len(starts) <= len(states)  # one load a job at most
    assert all(" started " in line for line in starts)
    for score in whole:
        made, before = (json.loads((place / score).read_text()) for place in (folder, study))
        assert made["metrics"] == before["metrics"]
    assert not (folder / "results/.work/finished").exists()
