"""Weights on a node's own disk: whole copies only, made once by however many jobs."""

import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, checkout, run_snakemake
from mothertongue.errors import InputError
from mothertongue.inference import staging
from mothertongue.inference.models import load_base, probe_logits
from mothertongue.inference.staging import staged
from tiny_models import save_model


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return save_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def stage(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(staging.FOLDER, str(tmp_path / "local"))
    return tmp_path / "local" / f"mothertongue-{os.getuid()}"


def copies(stage: Path) -> list[Path]:
    return [path for path in stage.iterdir() if path.suffix != ".lock"]


def test_nothing_is_staged_unless_it_is_asked_for(base, monkeypatch):
    monkeypatch.delenv(staging.FOLDER, raising=False)
    assert staged(str(base)) == (str(base), None)


def test_a_staged_base_is_the_base(base, stage):
    import torch

    plain = probe_logits(*load_base(str(base), quantisation="none"))
    del os.environ[staging.FOLDER]
    model, tokenizer = load_base(str(base), quantisation="none")
    assert torch.equal(probe_logits(model, tokenizer), plain)
    (copy,) = copies(stage)
    (base / "model.safetensors").chmod(0o644)
    assert {path.name for path in copy.iterdir()} == {path.name for path in base.iterdir()}
    assert model.config._name_or_path == str(base)


def test_a_changed_base_gets_another_copy_and_a_damaged_copy_is_made_anew(base, stage):
    first, _ = staged(str(base))
    assert staged(str(base))[0] == first
    weights = Path(first) / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])  # a full disk, or a cleaner of temporary files
    assert staged(str(base))[0] == first
    assert weights.read_bytes() == whole
    (Path(first) / "config.json").unlink()
    staged(str(base))
    assert (Path(first) / "config.json").is_file()
    os.utime(base / "config.json", (1, 1))
    assert staged(str(base))[0] != first


def test_what_a_killed_job_left_is_no_copy(base, stage):
    first, _ = staged(str(base))
    part = Path(first + ".part12345")
    Path(first).rename(part)
    (part / "model.safetensors").write_bytes(b"half")
    assert staged(str(base))[0] == first
    assert not part.exists()
    assert (Path(first) / "model.safetensors").stat().st_size == (base / "model.safetensors").stat().st_size  # fmt: skip


def test_too_little_room_and_a_folder_that_cannot_be_written_are_one_line(base, stage, monkeypatch, tmp_path):  # fmt: skip
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as small:
        small.setattr(staging.shutil, "disk_usage", lambda _: usage(10**10, 9 * 10**9, 10**9))
        with pytest.raises(InputError, match=r"stay free, but 1\.0 GB are free") as refused:
            staged(str(base))
    assert "\n" not in str(refused.value)
    assert copies(stage) == []
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(staging.FOLDER, str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"weights cannot be copied there.*leave out `stage`") as refused:  # fmt: skip
        staged(str(base))
    assert "\n" not in str(refused.value)


def test_weights_that_a_repository_holds_twice_are_copied_once(base, tmp_path, stage):
    import shutil

    copy = tmp_path / "twice"
    shutil.copytree(base, copy)
    (copy / "model.safetensors").rename(copy / "model-00001-of-00001.safetensors")
    (copy / staging.INDEX).write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))  # fmt: skip
    (copy / "consolidated.safetensors").write_text("the same in another form")
    (copy / "pytorch_model.bin").write_text("and again")
    names = {path.name for path in Path(staged(str(copy))[0]).iterdir()}
    assert names == {path.name for path in base.iterdir()} - {"model.safetensors"} | {
        "model-00001-of-00001.safetensors",
        staging.INDEX,
    }


def test_a_base_of_the_hub_keeps_its_commit(base, stage, tmp_path, monkeypatch):
    import huggingface_hub.constants as constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = tmp_path / "hub" / "models--owner--tiny"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "snapshots" / commit).symlink_to(base)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)  # fmt: skip
    place, found = staged("owner/tiny", commit)
    assert found == commit
    assert Path(place).is_relative_to(stage)
    assert staged("owner/absent", commit) == ("owner/absent", commit)


JOB = """
import sys, time
from pathlib import Path
from mothertongue.inference import staging
real = staging.shutil.copyfile
def slow(source, target):
    time.sleep(0.1)
    return real(source, target)
staging.shutil.copyfile = slow
folder, _ = staging.staged(sys.argv[1])
assert (Path(folder) / "model.safetensors").read_bytes() == (Path(sys.argv[1]) / "model.safetensors").read_bytes()
print(folder)
"""


@pytest.mark.slow
def test_jobs_of_a_node_at_once_make_one_copy_and_a_killed_one_holds_up_nobody(base, stage):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")}

    def start():
        return subprocess.Popen(
            [sys.executable, "-c", JOB, str(base)],
            env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    killed = start()
    while not list(stage.glob("*.part*")) if stage.exists() else True:
        assert killed.poll() is None
    killed.kill()
    killed.wait()
    jobs = [start() for _ in range(4)]
    said = [job.communicate(timeout=240)[0].splitlines() for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 4
    assert sum(line.startswith("staged ") for lines in said for line in lines) == 1
    assert len({lines[-1] for lines in said}) == 1
    assert copies(stage) == [Path(said[0][-1])]


@pytest.mark.slow
def test_a_study_stages_its_base_and_finds_the_same(tmp_path):
    """Through Snakemake; `stage` re-runs nothing and decides nothing."""
    folder = checkout(tmp_path / "study")
    save_model(folder / "base")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    config |= {
        "languages": {"es": {}},
        "models": {"tiny": {"label": "tiny", "base": "base", "parameters": 1e6}},
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high"]}],
        "report": {"published": False},
    }
    config["sample"].pop("multi")
    config["finetune"] |= {"epochs": 1, "quantisation": "none", "learning_rates": {"high": 1e-3}}
    config["evaluate"]["limit"] = 4
    tests = config["evaluate"]["benchmarks"]
    config["evaluate"]["benchmarks"] = {
        "choice-native": tests["choice-native"] | {"languages": ["es"]}
    }
    (folder / "config.yaml").unlink()
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    run = ("--cores", "2", "evaluate", "--quiet", "rules")
    place = tmp_path / "local"
    done = run_snakemake(*run, "--config", f"stage={place}", cwd=folder)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    (copy,) = copies(place / f"mothertongue-{os.getuid()}")
    score = folder / "results/evaluate/tiny/native/es/high/seed1/choice-native/es.json"
    before = json.loads(score.read_text())
    assert str(copy) not in score.read_text()
    again = run_snakemake(*run, "-n", cwd=folder)
    assert "Nothing to be done" in again.stdout + again.stderr
    forced = run_snakemake(*run, "--forcerun", "evaluate_benchmark", cwd=folder)
    assert forced.returncode == 0, forced.stderr[-3000:]
    after = json.loads(score.read_text())
    for found in (before, after):
        found["provenance"].pop("seconds"), found["provenance"].pop("batch_tokens")
    assert after == before
