"""Losses written to a tracker of accelerate, which changes neither parameters of rules nor weights."""

import csv
import os

import pytest
from conftest import ROOT, copy_study, run_snakemake
from json_rows import write_dataset
from mothertongue.errors import InputError
from mothertongue.files import read_json
from mothertongue.finetune import tracking
from mothertongue.finetune.recipe import Base, Job, Recipe
from mothertongue.finetune.tracking import Tracking, tracked
from mothertongue.report.provenance import adapter_table
from mothertongue.report.provenance_files import read_adapters
from mothertongue.rules.finetune import Finetuning
from mothertongue.rules.models import Models
from planned import plan, w
from tiny_models import demo_rows

CONDITION = {"model": "tiny", "data": "native", "scope": "es", "lr": "high", "seed": "1"}


def job(folder, base, **changes):
    write_dataset(folder / "train.jsonl", demo_rows(count=16))
    write_dataset(folder / "validation.jsonl", demo_rows(count=4))
    return Job(
        training_set=folder / "train.jsonl", validation_set=folder / "validation.jsonl",
        adapter=folder / "adapter_model.safetensors",
        adapter_config=folder / "adapter_config.json", history=folder / "history.csv",
        provenance=folder / "provenance.json", folder=folder / "work", condition=CONDITION,
        base=Base(str(base)),
        recipe=Recipe(1e-3, epochs=1, effective_batch=8, quantisation="none", max_length=128),
        **changes,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tracker", "place"),
    [
        ("tensorboard", "results/finetune/tiny/native/es/high/seed1/track"),
        ("wandb", "offline-run-"),
        ("trackio", "project mothertongue, run tiny-native-es-high-1"),
    ],
)
def test_the_rule_follows_a_training_without_network_and_keeps_its_weights(
    finished_demo, tmp_path, tracker, place
):
    pytest.importorskip(tracker, reason=f"{tracker} is not installed")
    study = copy_study(finished_demo, tmp_path / "study")
    adapter = study / "results/finetune/tiny/native/es/high/seed1/adapter_model.safetensors"
    before = adapter.read_bytes()
    assert "tracked" not in read_json(adapter.with_name("provenance.json"))
    adapter.unlink()
    own = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "TRACKIO_DIR": str(tmp_path)}
    words = ("--cores", "1", "--quiet", "all", "--config", f"finetune={{track: {tracker}}}")
    name = str(adapter.relative_to(study))
    done = run_snakemake(name, *words, cwd=study, env={**os.environ, **own})
    assert done.returncode == 0, done.stderr[-3000:]
    assert adapter.read_bytes() == before
    table = adapter_table(read_adapters([adapter.with_name("provenance.json")]))
    assert f"{tracker}: " in str(table) and place in str(table)
    if tracker == "tensorboard":
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(adapter.parent / "track/tiny-native-es-high-1"))
        events.Reload()
        history = list(csv.DictReader(adapter.with_name("history.csv").open(encoding="utf-8")))
        steps = [point.step for point in events.Scalars("epoch/validation_loss")]
        assert steps == [int(row["step"]) for row in history]
        assert [point.step for point in events.Scalars("loss")] == [*range(1, steps[-1] + 1)]


def test_a_tracker_that_is_not_installed_is_told_before_anything_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"finetune.track: wandb is not installed where jobs run"):
        tracked(job(tmp_path, "nowhere", track="wandb"), first=True)
    assert tracked(job(tmp_path, "nowhere", track="wandb"), first=False).tracker is None


def test_a_tracker_that_fails_is_left_alone_and_the_training_goes_on(caplog):
    class Failing:
        def log(self, values, step):
            raise ConnectionError("no server")

    tracking = Tracking("wandb", Failing(), "address")
    for step in (1, 2):
        tracking.note({"loss": 1.0}, step)
    assert caplog.text.count("wandb fails and is left out: no server") == 1


def test_a_tracker_is_no_parameter_of_a_rule(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = []
    for changes in ((), [("finetune.track", "none")], [("finetune.track", "mlflow")]):
        tuning = Finetuning(Models(plan(tmp_path, *changes)))
        found.append((repr(tuning.recipe(w(**CONDITION))), tuning.track))
    assert len({recipe for recipe, _ in found}) == 1
    assert [track for _, track in found] == ["none", "none", "mlflow"]
