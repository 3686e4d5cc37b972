"""Losses written to a tracker of accelerate, which changes neither parameters of rules nor weights."""

import json

import pytest
from conftest import ROOT
from json_rows import write_dataset
from mothertongue.errors import InputError
from mothertongue.finetune import tracking
from mothertongue.finetune.recipe import Base, Job, Recipe
from mothertongue.finetune.tracking import Tracking, tracked
from mothertongue.report.provenance import adapter_table
from mothertongue.report.provenance_files import read_adapters
from mothertongue.rules.finetune import Finetuning
from mothertongue.rules.models import Models
from planned import plan, w
from tiny_models import demo_rows, save_model

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
def test_tensorboard_gets_every_step_and_epoch_and_the_weights_stay_the_same(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed (the extra track)")
    from mothertongue.finetune.run import finetune
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    base = save_model(tmp_path / "base")
    (tmp_path / "plain").mkdir()
    (tmp_path / "followed").mkdir()
    plain = finetune(job(tmp_path / "plain", base))
    followed = finetune(job(tmp_path / "followed", base, track="tensorboard"))
    assert followed["adapter_sha256"] == plain["adapter_sha256"]
    folder = tmp_path / "followed/track"
    assert "tracked" not in plain
    assert followed["tracked"] == {"by": "tensorboard", "place": str(folder)}
    events = EventAccumulator(str(folder / "tiny-native-es-high-1"))
    events.Reload()
    assert [point.step for point in events.Scalars("loss")] == [1, 2]
    losses = events.Scalars("epoch/validation_loss")
    assert [point.step for point in losses] == [0, 2]
    written = json.loads((tmp_path / "followed/provenance.json").read_text(encoding="utf-8"))
    found = adapter_table(read_adapters([tmp_path / "followed/provenance.json"]))
    assert f"tensorboard: {written['tracked']['place']}" in str(found)


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
