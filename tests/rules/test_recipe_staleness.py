"""What a change of a recipe makes anew: a default that is written out nothing, a LoRA key no whole model."""

import re

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from mothertongue.rules.finetune import Finetuning
from mothertongue.rules.models import Models
from planned import plan, w
from tiny_models import save_model

SCHEMA = yaml.safe_load((ROOT / "config.schema.yaml").read_text(encoding="utf-8"))
RECIPE = SCHEMA["properties"]["finetune"]["properties"]
WITHOUT_DEFAULT = {"targets": "qkv", "rank_stabilised": False, "dora": False}  # of finetune.lora
OTHER = {"parameters": 1e6, "build": {"languages": ["es", "zh"]}}
CELL = {"data": "native", "scope": "es", "lr": "high", "seed": "1"}


def defaults(properties):
    """Every default of a section of the schema, as somebody would write them all out."""
    return {
        key: defaults(schema["properties"]) | (WITHOUT_DEFAULT if key == "lora" else {})
        if "properties" in schema
        else schema["default"]
        for key, schema in properties.items()
        if "default" in schema
    }


def params(folder, model, *changes):
    """The parameters of a model's fine-tuning and of what loads it, as Snakemake compares them."""
    models = Models(plan(folder, ("models.other", dict(OTHER)), *changes))
    wildcards = w(model=model, **CELL)
    tuning = Finetuning(models)
    return [repr(one(wildcards)) for one in (tuning.recipe, models.loading, models.pinned)]


def test_a_default_that_is_written_out_changes_no_parameter(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    kept = ("seeds", "learning_rates", "limit", "quantisation")  # the demo has others
    demo = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))["finetune"]
    written = {k: v for k, v in defaults(RECIPE).items() if k not in (*kept, *demo)}
    assert {"method", "lora", "too_long", "loss"} <= written.keys()
    changes = [(f"finetune.{key}", value) for key, value in written.items()]
    assert params(tmp_path, "tiny", *changes) == params(tmp_path, "tiny")
    of_one = {k: v for k, v in written.items() if k not in ("template", "checkpoint_minutes", "gpus",
              "gpu_type", "gpu_memory", "validation", "split_seed")}  # fmt: skip
    assert params(tmp_path, "other", ("models.other.finetune", of_one)) == params(tmp_path, "other")


def test_equal_steps_are_another_recipe_and_epochs_written_out_are_not(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert params(tmp_path, "tiny", ("finetune.budget", "epochs")) == params(tmp_path, "tiny")
    equal = (("finetune.budget", "steps"), ("finetune.steps", 7))
    recipe, *others = params(tmp_path, "tiny", *equal)
    assert "'steps': 7" in recipe
    assert "budget': 's" not in recipe, "what conditions[].budget says is another thing"
    assert others == params(tmp_path, "tiny")[1:]


def test_a_recipe_is_the_same_wherever_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    lora = {"dora": True, "r": 3, "targets": "all-linear"}
    own = ("models.other.finetune", {"quantisation": "none", "lora": lora})
    common = (("finetune.lora", lora), ("finetune.quantisation", "none"))
    assert params(tmp_path, "other", own) == params(tmp_path, "other", *common)
    assert params(tmp_path, "other", own) != params(tmp_path, "other")


def test_lora_is_no_part_of_a_full_fine_tuning(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    whole = ("models.other.finetune", {"method": "full", "quantisation": "none"})
    before = params(tmp_path, "other", whole)
    assert "lora" not in before[0] and "'method': 'full'" in before[0]
    changed = (
        ("finetune.lora", {"r": 3, "targets": "all-linear"}),
        ("finetune.quantisation", "nf4"),
    )
    assert params(tmp_path, "other", whole, *changed) == before
    assert params(tmp_path, "tiny", changed[0]) != params(tmp_path, "tiny")


@pytest.mark.slow
def test_snakemake_makes_nothing_anew_for_a_default_and_no_whole_model_for_lora(tmp_path):
    """Over finished files with records of their parameters, as a real run leaves them."""
    folder = checkout(tmp_path / "study")
    save_model(folder / "base")
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    entry = {"base": "base", "parameters": 1e5}
    config |= {
        "models": {"part": entry, "whole": {**entry, "finetune": {"method": "full"}}},
        "conditions": [{"data": ["native"], "scope": ["es"], "lr": ["high"]}],
    }
    config["finetune"]["quantisation"] = "none"
    wanted = ("finetune", "evaluate", "answer", "--configfile", "own.yaml", "--cores", "1")

    def planned(**changes):
        """Rules and models of what is to be made."""
        own = {**config, "finetune": {**config["finetune"], **changes}}
        (folder / "own.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
        done = run_snakemake("-n", *wanted, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    text = planned()
    for line in re.findall(r"^ {4}output: (.*)$", text, re.MULTILINE):
        for path in (folder / name for name in line.split(", ")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if path.name in ("model", "last") else path.write_text("")
    touched = run_snakemake("--touch", "--forceall", *wanted, cwd=folder)
    assert touched.returncode == 0, touched.stdout + touched.stderr
    lora = {"targets": "qkv", "rank_stabilised": False, "dora": False, "r": 8, "alpha": 16}
    same = planned(method="lora", lora=lora, too_long="truncate")
    assert "Nothing to be done" in same and "missing provenance" not in same
    again = planned(lora={"r": 4})
    assert "rule finetune_lora" in again and "rule finetune_full" not in again
    assert set(re.findall(r"^ {4}wildcards: model=(\w+)", again, re.MULTILINE)) == {"part"}
