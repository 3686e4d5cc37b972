"""A training window beyond the positions of a model: told with the study, before anything runs."""

import copy
import json

import pytest
import yaml
from conftest import ROOT, SMALL
from mothertongue.errors import InputError
from mothertongue.study import read_study

DEMO = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))


def with_model(**model):
    config = copy.deepcopy(DEMO)
    config["models"]["tiny"] = {"parameters": 1e6, **model}
    return config


def folder(tmp_path, settings):
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return str(tmp_path)


def test_a_base_that_is_built():
    build = DEMO["models"]["tiny"]["build"] | {"context": 256}
    with pytest.raises(InputError, match=r"models.tiny: finetune.max_length is 512.*256 positions"):
        read_study(with_model(build=build), ROOT)
    read_study(with_model(build=build, finetune={"max_length": 256}), ROOT)


@pytest.mark.parametrize("nested", [False, True])
def test_a_base_in_a_folder(tmp_path, nested):
    settings = {"max_position_embeddings": 300}
    base = folder(tmp_path, {"text_config": settings} if nested else settings)
    with pytest.raises(
        InputError, match=r"300 positions .*config.json\); set models.tiny.finetune"
    ):
        read_study(with_model(base=base), ROOT)
    read_study(with_model(base=base, finetune={"max_length": 300}), ROOT)


@pytest.mark.parametrize(
    "settings", [{}, {"max_position_embeddings": None}, [], {"text_config": 3}]
)
def test_a_base_that_does_not_tell_is_not_refused(tmp_path, settings):
    read_study(with_model(base=folder(tmp_path, settings)), ROOT)


def test_a_base_of_the_hub_is_asked_later():
    read_study(with_model(base="org/model"), ROOT)


def test_a_model_that_is_only_evaluated_may_be_short():
    config = with_model(build=DEMO["models"]["tiny"]["build"])
    short = {"parameters": 1e6, "build": DEMO["models"]["tiny"]["build"] | {"context": 128}}
    config["models"]["short"] = short
    for entry in config["conditions"]:
        entry["models"] = ["tiny"]
    read_study(config, ROOT)
