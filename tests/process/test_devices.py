"""GPUs: leased, started only where they may be, and refused in one line where there are none.

No machine of the tests has a GPU: `fake_cuda/` keeps the rules of CUDA's start-up, and real jobs run
through their rules under it.
"""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, checkout, run_snakemake
from fake_gpus import fake_environment
from mothertongue.errors import InputError
from mothertongue.process import devices
from tiny_models import save_model


@pytest.fixture
def host(monkeypatch, tmp_path):
    """Make a host with some GPUs: `host(2)`; its locks are its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(devices.tempfile, "tempdir", str(tmp_path))
    for name in ("SLURM_JOB_ID", devices.VISIBLE, devices.ASKED):
        monkeypatch.delenv(name, raising=False)
    return lambda count: monkeypatch.setattr(devices, "_installed", lambda: count)


@pytest.mark.parametrize(
    ("named", "installed", "expected"),
    [
        (None, 2, ["0", "1"]),
        (None, 0, []),
        ("", 2, []),
        ("-1", 2, []),
        ("1", 2, ["1"]),
        ("3, 1", 4, ["3", "1"]),
        ("0,-1,1", 2, ["0"]),
        ("GPU-8932f937-d72c,MIG-1", 2, ["GPU-8932f937-d72c", "MIG-1"]),
    ],
)
def test_visible_devices_are_those_that_cuda_would_use(
    host, monkeypatch, named, installed, expected
):
    host(installed)
    if named is not None:
        monkeypatch.setenv(devices.VISIBLE, named)
    assert devices.visible() == expected


@pytest.mark.parametrize(
    ("named", "installed", "asked", "says"),
    [
        (None, 0, 1, "no NVIDIA device or driver"),
        ("", 2, 1, "CUDA_VISIBLE_DEVICES is ''"),
        (None, 1, 2, "this host has 1: ask for fewer"),
        ("1", 2, 2, "CUDA_VISIBLE_DEVICES is '1', which names 1"),
    ],
)
def test_a_missing_gpu_is_refused_in_one_line(host, monkeypatch, named, installed, asked, says):
    host(installed)
    if named is not None:
        monkeypatch.setenv(devices.VISIBLE, named)
    with pytest.raises(InputError, match="asks for") as refused, devices.leased(asked):
        pass
    assert says in str(refused.value)
    assert "`gpus: 0`" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_gpu_that_torch_cannot_use_is_refused(host, monkeypatch):
    import torch

    host(1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.pick_device() == "cpu"  # nobody asked for one
    monkeypatch.setenv(devices.ASKED, "0")
    assert devices.pick_device() == "cpu"
    monkeypatch.setenv(devices.ASKED, "1")
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(InputError, match="build for CPUs"):
        devices.pick_device()
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    with pytest.raises(InputError, match="driver may be too old"):
        devices.pick_device()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.pick_device() == "cuda:0"
    monkeypatch.setenv(devices.ASKED, "0")
    assert devices.pick_device() == "cpu"


def test_only_a_run_on_a_host_without_gpus_computes_on_the_cpu_by_itself(host):
    host(0)
    assert devices.gpus_to_ask(None, local=True) == 0
    assert devices.gpus_to_ask(None, local=False) is None  # nodes may have what this host lacks
    assert devices.gpus_to_ask(1, local=True) == 1  # asked for: refused when the job starts
    host(1)
    assert devices.gpus_to_ask(None, local=True) is None


def test_leases_are_disjoint_and_end_with_their_process(host):
    host(3)
    with devices.leased(1) as first, devices.leased(1) as second:
        assert {*first, *second} == {"0", "1"}
        with devices.leased(1) as third:
            assert third == ["2"]
    holding = subprocess.Popen(
        [sys.executable, "-c", HOLD, "2"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts"), devices.VISIBLE: "0,1,2"},
    )  # fmt: skip
    assert holding.stdout.readline().strip() == "0,1"
    with devices.leased(1) as left:
        assert left == ["2"]
    holding.kill()
    holding.wait()
    with devices.leased(3) as everything:
        assert everything == ["0", "1", "2"]


HOLD = """
import sys, time
from mothertongue.process.devices import leased
with leased(int(sys.argv[1])) as names:
    print(",".join(names), flush=True)
    time.sleep(60)
"""


def test_a_device_on_which_the_base_is_loaded_is_preferred(host):
    host(3)
    with devices.leased(1, "other"), devices.leased(1, "this base"):
        pass
    with devices.leased(1, "this base") as again:
        assert again == ["1"]


def starts(folder: Path) -> list[list[str]]:
    """[pid, devices, what, time] of every start of the stand-in."""
    return [line.split() for line in (folder / "cuda.log").read_text().split("\n") if line]


@pytest.fixture(scope="module")
def gpu_study(tmp_path_factory) -> Path:
    """A cut of the demo whose jobs ask for a GPU each, and a local translator, run under fake CUDA."""
    folder = checkout(tmp_path_factory.mktemp("gpu") / "study")
    save_model(folder / "base")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config |= {
        "languages": {"es": {}},
        "models": {"tiny": {"label": "tiny", "base": "base", "parameters": 1e6}},
        "conditions": [{"data": ["native", "fluent"], "scope": ["es"], "lr": ["high"]}],
        "report": {"published": False},
    }
    config["sample"].pop("multi")
    config["finetune"] |= {"gpus": 1, "epochs": 1, "quantisation": "int8", "learning_rates": {"high": 1e-3}}  # fmt: skip
    tests = config["evaluate"]["benchmarks"]
    config["evaluate"]["limit"] = 4
    config["evaluate"]["base"] = False
    config["evaluate"]["benchmarks"] = {
        name: tests[name] | {"languages": ["es"]} for name in ("native-perplexity", "choice-native")
    }
    config["answer"] |= {
        "max_new_tokens": 12,
        "temperature": 1.0,
    }  # greedy, it would repeat a space
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    environment = fake_environment(folder, "0,1")
    done = run_snakemake(
        *("--cores", "2", "--resources", "gpu=2", "--until", "evaluate_benchmark"),
        *("answer_questions", "--quiet", "rules"),
        cwd=folder,
        env=environment,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.mark.slow
def test_no_job_starts_cuda_in_a_forked_process(gpu_study):
    """Version 1.0.0 failed here: every evaluation and answer "cannot re-initialize CUDA"."""
    what = [start[2] for start in starts(gpu_study)]
    assert set(what) == {"started"}
    logs = [
        *gpu_study.glob("logs/evaluate/tiny/**/*.log"),
        *gpu_study.glob("logs/answer/tiny/**/*.log"),
    ]
    assert len(logs) == 2 * 2 + 2 * 2
    loading = [log for log in logs if "no model is needed" not in log.read_text()]
    held = [log for log in loading if "held by the preloaded process" in log.read_text()]
    assert len(held) >= len(loading) - 2  # a base server that is still loading declines
    scores = list(gpu_study.glob("results/evaluate/**/es.json"))
    assert {json.loads(path.read_text())["provenance"]["adapter_proof"]["applied"] for path in scores} == {True}  # fmt: skip


@pytest.mark.slow
def test_question_sets_of_an_adapter_are_answered_together(gpu_study):
    """Of the two jobs of an adapter one answers for both; a set that is added re-runs neither."""
    logs = [log.read_text() for log in gpu_study.glob("logs/answer/tiny/**/*.log")]
    together = [log for log in logs if "2 question sets of this adapter are answered" in log]
    asked = [
        path.read_text().count("\n")
        for path in gpu_study.glob("results/answer/questions/*/*.jsonl")
    ]
    answered = [int(n) for log in logs for n in re.findall(r"^(\d+) answers, ", log, re.MULTILINE)]
    assert (len(logs), len(together)) == (4, 2)
    assert sum(answered) == 2 * sum(asked)
    config = yaml.safe_load((gpu_study / "config.yaml").read_text())
    config["answer"]["questions"]["more"] = {
        **config["answer"]["questions"]["native"],
        "label": "more questions",
    }
    (gpu_study / "more.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    planned = run_snakemake(
        *("--cores", "2", "--configfile", "more.yaml", "-n", "answer"),
        cwd=gpu_study, env=fake_environment(gpu_study, "0,1"),
    )  # fmt: skip
    assert planned.returncode == 0, planned.stderr
    counts = dict(re.findall(r"^(\w+) +(\d+)$", planned.stdout + planned.stderr, re.MULTILINE))
    assert counts["answer_questions"] == "2"


@pytest.mark.slow
def test_a_base_is_probed_once_for_all_jobs(gpu_study):
    assert len(list(gpu_study.glob("results/.work/probe/*"))) == 1


@pytest.mark.slow
def test_both_cards_are_used_and_a_fine_tuning_finds_its_card_free(gpu_study):
    used = defaultdict(set)
    for pid, device, _, _ in starts(gpu_study):
        used[device].add(pid)
    assert set(used) == {"0", "1"}


FREE = """
import json, os, subprocess, sys
from pathlib import Path
from dataclasses import asdict
from mothertongue.inference.base import BaseSpec
from mothertongue.process.log import log_to
from mothertongue.preload import run_preloaded
work, base = sys.argv[1:]
spec = BaseSpec.of_model({"base": base}, "none", "float32")
with log_to(work + ".log"):
    run_preloaded("hold_or_train", {"out": work, "spec": asdict(spec) if work == "hold" else None},
             base=spec if work == "hold" else None, gpus=1)
"""
HOLD_OR_TRAIN = """
import json, os
from pathlib import Path
def main(*, out, spec):
    from mothertongue.inference.base import BaseSpec, borrowed
    from mothertongue.process import devices
    if spec:
        with borrowed(BaseSpec(**spec)):
            pass
    else:
        devices.pick_device()
    holders = [p.parent.name for p in Path("/proc").glob("[0-9]*/cmdline")
               if b"mothertongue.preload.base_server" in p.read_bytes() and os.getcwd() == os.readlink(p.parent / "cwd")]
    Path(out + ".json").write_text(json.dumps({"pid": os.getpid(), "holders": holders}))
"""


@pytest.mark.slow
def test_a_holder_is_gone_before_a_fine_tuning_starts_on_its_card(tmp_path):
    base = save_model(tmp_path / "base")
    (tmp_path / "hold_or_train.py").write_text(HOLD_OR_TRAIN)
    environment = fake_environment(tmp_path, "0")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
    found = {}
    for work in ("hold", "train"):
        done = subprocess.run(
            [sys.executable, "-c", FREE, work, str(base)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + (tmp_path / f"{work}.log").read_text()
        found[work] = json.loads((tmp_path / f"{work}.json").read_text())
    assert found["hold"]["holders"] == [str(found["hold"]["pid"])]
    assert found["train"]["holders"] == []


@pytest.mark.slow
def test_a_rule_that_asks_for_a_gpu_and_has_none_says_so(gpu_study):
    """Before anything is loaded; version 1.0.0 trained on the CPU in silence."""
    target = "results/finetune/tiny/native/es/high/seed1/adapter_model.safetensors"
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TMPDIR": str(gpu_study / "tmp")}
    done = run_snakemake(
        *("--cores", "1", "--retries", "0", "--force", target, "--quiet", "rules"),
        cwd=gpu_study,
        env=environment,
    )
    assert done.returncode != 0
    log = gpu_study / "logs/finetune/tiny/native/es/high/seed1.log"
    assert "asks for 1 GPU(s), but CUDA_VISIBLE_DEVICES is ''" in log.read_text()
    assert "Loading" not in log.read_text()


TRANSLATE = """
import sys
from mothertongue.translate.seq2seq import Seq2Seq
from mothertongue.preload import claimed
from mothertongue.translate.settings import LanguageFacts, TranslatorSettings
names = {"en": "eng_Latn", "es": "spa_Latn"}
facts = {code: LanguageFacts(code, "Latn", code, name) for code, name in names.items()}
entry = {"backend": "huggingface", "model": sys.argv[1], "max_tokens": 4}
with claimed(int(sys.argv[2])):
    engine = Seq2Seq(TranslatorSettings.of(entry), facts)
    print(engine.send(engine.request("Good morning.", "en", "es"), 60).finish)
"""


@pytest.mark.slow
@pytest.mark.parametrize("gpus", [0, 1])
def test_a_local_translator_uses_the_gpu_that_it_asked_for(tmp_path, gpus):
    from local_translators import nllb

    tokenizer, model = nllb(tmp_path)
    tokenizer.save_pretrained(tmp_path / "model")
    model.save_pretrained(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", TRANSLATE, str(tmp_path / "model"), str(gpus)],
        env=fake_environment(tmp_path, "3"), capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    started = starts(tmp_path) if (tmp_path / "cuda.log").exists() else []
    assert [start[1:3] for start in started] == [["3", "started"]] * gpus
