"""Cards by the hub's own classes, and their upload by its real client to a stand-in hub."""

import os
import subprocess
import sys

import pytest
from conftest import copy_study, run_snakemake
from huggingface_hub import DatasetCard, ModelCard
from mothertongue.bundle.push import Upload, gathered, push
from mothertongue.errors import InputError
from standin_hub import TOKEN, Hub

ADAPTER = "finetune/tiny/native/es/high/seed1"


def asked(what: str, *more: str) -> str:
    return "push={" + ", ".join(["repository: me/ours", f"what: {what}", *more]) + "}"


@pytest.mark.slow
def test_an_adapter_goes_to_the_named_repository_only_when_that_is_said(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    with Hub([]) as hub:
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0"}
        env["HF_HUB_DISABLE_XET"] = "1"

        def run(*config):
            words = ("push", "--cores", "1", "--quiet", "all", "--config", *config)
            return run_snakemake(*words, cwd=study, env=env)

        dry = run(asked(ADAPTER))
        assert dry.returncode == 0, dry.stderr[-3000:]
        assert "adapter_model.safetensors" in dry.stdout and "nothing was uploaded" in dry.stdout
        assert hub.requests == []
        done = run(asked(ADAPTER, "upload: true"))
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        (repository,) = hub.repositories
    assert (repository.kind, repository.name) == ("model", "me/ours")
    weights = study / "results" / ADAPTER / "adapter_model.safetensors"
    assert repository.files["adapter_model.safetensors"] == weights.read_bytes()
    assert [*hub.stored.values()] == [weights.read_bytes()]  # by LFS, as on the hub
    card = ModelCard(repository.files["README.md"].decode())
    card.validate  # noqa: B018  the hub validates it where there is a network
    assert card.data.library_name == "peft" and card.data.language == ["es"]
    found = {(r.dataset_type, r.metric_type) for r in card.data.eval_results}
    assert ("native-perplexity", "perplexity") in found
    for head in ("Base", "Training data", "Recipe", "Scores", "Intended use", "Limits"):
        assert f"## {head}" in card.text


@pytest.mark.slow
def test_a_translated_set_has_a_card_with_translator_checks_and_licence(finished_demo, tmp_path):
    study = copy_study(finished_demo, tmp_path / "study")
    path = "results/cards/translate/fluent/es/README.md"
    done = run_snakemake(path, "--cores", "1", "--quiet", "all", cwd=study)
    assert done.returncode == 0, done.stderr[-3000:]
    card = DatasetCard((study / path).read_text(encoding="utf-8"))
    assert card.data.language == ["es"] and "machine-translated" in card.data.tags
    assert "back end recorded" in card.text and "quarantined" in card.text
    assert "Licence of the source: not stated" in card.text


@pytest.mark.slow
def test_what_is_nothing_of_the_study_is_refused_before_anything_runs(finished_demo):
    for words, told in (
        ((), "push: no repository is named"),
        (("--config", asked("finetune/other/native")), "is nothing of this study; name bundle"),
        (("--config", "push={repository: ours, what: bundle}"), "push.repository"),
    ):
        done = run_snakemake("push", "--dry-run", *words, cwd=finished_demo)
        assert done.returncode != 0
        assert told in done.stdout + done.stderr


def test_a_folder_goes_up_by_lfs_in_one_commit_and_again_only_what_has_changed(tmp_path):
    (tmp_path / "adapter/more").mkdir(parents=True)
    (tmp_path / "adapter/adapter_model.safetensors").write_bytes(b"weights" * 1000)
    (tmp_path / "adapter/more/README.md").write_text("---\n---\n")
    (tmp_path / "adapter/rows.parquet").write_bytes(b"pieces" * 1000)
    (tmp_path / "adapter/.snakemake_timestamp").touch()
    program = (
        "import sys; from pathlib import Path; from mothertongue.bundle.push import *\n"
        "folder = Path(sys.argv[1]); files = gathered({'': folder})\n"
        "print(push(Upload('me/ours', 'model', files), 'x'), push(Upload('me/ours', 'model', files), 'y'))\n"
        "(folder / 'adapter_model.safetensors').write_bytes(b'weights' * 999 + b'better!')\n"
        "push(Upload('me/ours', 'model', gathered({'': folder})), 'z')"
    )
    with Hub([]) as hub:
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
        env |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
        words = [sys.executable, "-c", program, str(tmp_path / "adapter")]
        done = subprocess.run(words, env=env, capture_output=True, text=True)
        stranger = subprocess.run(
            words, env={**env, "HF_TOKEN": "hf_other"}, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "push: me/ours: this token (HF_TOKEN) may not write there; no file" in stranger.stderr
    (repository,) = hub.repositories
    names = {"adapter_model.safetensors", "rows.parquet", "more/README.md"}
    assert set(repository.files) == names
    assert repository.files["adapter_model.safetensors"] == b"weights" * 999 + b"better!"
    assert sum(line.startswith("PUT lfs/upload/") for line in hub.requests) == 3  # two, one edited
    assert f"{hub.url}/me/ours/commit/" in done.stdout


def test_without_a_token_or_network_nothing_is_tried(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("x")
    upload = Upload("me/ours", "model", gathered({"": tmp_path}))
    assert list(upload.files) == ["a"]
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set"):
        push(upload, "x")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("mothertongue.bundle.push.has_token", lambda: False)
    with pytest.raises(InputError, match="set HF_TOKEN"):
        push(upload, "x")
