"""The recipe of each model: the study's section `finetune`, with what a model says otherwise."""

from collections.abc import Iterator, Mapping
from typing import Any

Config = Mapping[str, Any]
LORA, FULL = "lora", "full"  # finetune.method
STEPS = "steps"  # finetune.budget, beside epochs
OF_ALL_MODELS = (  # keys of the grid, of training sets and of machines, which no model has of its own
    *("learning_rates", "seeds", "validation", "split_seed", "limit"),
    *("gpus", "gpu_type", "gpu_memory", "checkpoint_minutes", "template", "track"),
)


def recipe_of(config: Config, model: str) -> dict[str, Any]:
    """The section `finetune` as it is for a model; `models.*.finetune` wins, key by key.

    Keys are sorted, wherever they stand in the study: Snakemake compares a recipe's text.
    """
    own: Mapping[str, Any] = config.get("models", {}).get(model, {}).get("finetune") or {}
    merged = dict(config["finetune"])
    for key, value in own.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = dict(sorted({**merged[key], **value}.items())) if both else value
    return dict(sorted(merged.items()))


def is_whole(config: Config, model: str) -> bool:
    """Whether all weights of a model are trained, not an adapter."""
    return bool(recipe_of(config, model).get("method", LORA) == FULL)


def as_of(config: Config, model: str) -> dict[str, Any]:
    """The study's configuration with the recipe of one model in its section `finetune`."""
    return {**config, "finetune": recipe_of(config, model)}


def recipe_mistakes(section: Config, models: Mapping[str, Any]) -> Iterator[str]:
    """What a recipe asks for that does not go together, for all models and for each."""
    for name, model in models.items():
        own = model.get("finetune") if isinstance(model, Mapping) else None
        for key in own or {}:
            if key in OF_ALL_MODELS:
                known = (
                    f"models.{name}.{key}"
                    if key in ("template", "gpu_type")
                    else f"finetune.{key} is for all models"
                )
                yield f"models.{name}.finetune.{key}: has no place here; {known}"
        if isinstance(model, Mapping):
            whole = {"finetune": section, "models": {name: model}}
            recipe = recipe_of(whole, name)
            yield from _dora(f"models.{name}", recipe)
            yield from _steps(f"models.{name}", recipe)
            yield from _whole(f"models.{name}", recipe)


def _steps(where: str, recipe: Config) -> Iterator[str]:
    wanted = recipe.get("budget") == STEPS
    if wanted and "steps" not in recipe:
        yield (
            f"{where}: finetune.budget: steps needs finetune.steps, the number of optimiser steps of"
            " every training"
        )
    if not wanted and "steps" in recipe:
        yield (
            f"{where}: finetune.steps is only for finetune.budget: steps; set it, or take the number out"
        )


def _whole(where: str, recipe: Config) -> Iterator[str]:
    if recipe.get("method") == FULL and recipe.get("quantisation") not in ("auto", "none", None):
        yield (
            f"{where}: finetune.method: full trains the weights themselves, which cannot be"
            f" {recipe['quantisation']}; set quantisation: none"
        )


def _dora(where: str, recipe: Config) -> Iterator[str]:
    lora = recipe.get("lora")
    if not isinstance(lora, Mapping) or not lora.get("dora"):
        return
    if recipe.get("quantisation") != "none":
        yield (
            f"{where}: finetune.lora.dora needs finetune.quantisation: none (bitsandbytes loses the"
            " scale of 8-bit weights when peft reads them for DoRA)"
        )
