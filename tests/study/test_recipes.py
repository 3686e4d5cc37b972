"""A model's own recipe: what it says otherwise, for its adapters alone."""

import copy

import pytest
import yaml
from conftest import ROOT, SMALL
from mothertongue.errors import InputError
from mothertongue.study import read_study
from mothertongue.study.gpu_plan import configured, memory_mb
from mothertongue.study.recipes import recipe_of
from planned import plan, w

CONFIG = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
OTHER = {"parameters": 1e6, "build": {"languages": ["es", "zh"]}}


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    monkeypatch.chdir(ROOT)


def study(own=None, **finetune):
    config = copy.deepcopy(CONFIG)
    config["models"]["other"] = copy.deepcopy(OTHER)
    if own is not None:
        config["models"]["other"]["finetune"] = own
    config["finetune"] |= finetune
    return read_study(config, ROOT)


def test_what_a_model_does_not_say_is_the_study_s():
    config = study({"epochs": 7, "lora": {"r": 32}, "adam": {"beta2": 0.95}}).config
    own, common = recipe_of(config, "other"), recipe_of(config, "tiny")
    assert common == config["finetune"]
    assert {key: own[key] for key in own if own[key] != common[key]} == {
        "epochs": 7,
        "lora": {**common["lora"], "r": 32},
        "adam": {**common["adam"], "beta2": 0.95},
    }
    assert config["models"]["other"]["finetune"] == {
        "epochs": 7,
        "lora": {"r": 32},
        "adam": {"beta2": 0.95},
    }


def test_only_the_adapters_of_that_model_become_others(tmp_path):
    from mothertongue.rules.finetune import Finetuning
    from mothertongue.rules.models import Models

    def recipes(own):
        more = [("models.other.finetune", own)] if own else []
        models = Models(plan(tmp_path, ("models.other", OTHER), *more))
        finetuning = Finetuning(models)
        cell = {"data": "native", "scope": "es", "lr": "high", "seed": "1"}
        return [finetuning.recipe(w(model=name, **cell)) for name in ("tiny", "other")]

    before, after = (
        recipes(None),
        recipes({"warmup": 0.1, "lora": {"dora": False}, "quantisation": "none"}),
    )
    assert before[0] == after[0]
    assert before[0]["lora"].keys() == {"r", "alpha", "dropout"}  # as version 1.0.0 has it
    assert "too_long" not in before[0] and "loss" not in before[0]
    assert (after[1]["warmup"], after[1]["quantisation"]) == (0.1, "none")


def test_how_a_base_is_loaded_and_what_it_takes_follow_the_model(tmp_path):
    config = study(
        {"quantisation": "none", "max_length": 400, "lora": {"targets": "all-linear"}}
    ).config
    assert configured(config, "other", tmp_path) == "none"
    assert configured(config, "tiny", tmp_path) == "int8"
    plain = study().config
    assert memory_mb(config, "other", "finetune", "none") != memory_mb(
        plain, "other", "finetune", "none"
    )
    assert memory_mb(config, "tiny", "finetune", "none") == memory_mb(
        plain, "tiny", "finetune", "none"
    )


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"epoch": 3}, r"models.other.finetune.epoch: unknown key; did you mean 'epochs'"),
        ({"epochs": 0}, r"models.other.finetune.epochs"),
        ({"seeds": [1]}, r"models.other.finetune.seeds: has no place here; finetune.seeds is for all models"),
        ({"template": "plain"}, r"models.other.finetune.template: has no place here; models.other.template"),
        ({"lora": {"dora": True}}, r"models.other: finetune.lora.dora needs finetune.quantisation: none"),
        ({"lora": {"targets": "mlp"}}, r"models.other.finetune.lora.targets"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_model_s_own_is_one_line(own, told):
    with pytest.raises(InputError, match=told):
        study(own)
