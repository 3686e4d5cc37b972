"""Input functions and parameters of rules/finetune.smk, base.smk and training_sets.smk."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakemake.iocontainers import OutputFiles, Wildcards

from ..gguf import package_of
from ..study import gpu_plan, training_jobs
from ..study.comparison import Budget
from ..study.paths import ADAPTER, ENGLISH, NATIVE, TRAINING, TUNED, Layout
from ..study.recipes import FULL, is_whole, recipe_of
from .models import Models
from .plan import IN_RULES

NOT_OF_THE_RECIPE = (
    *("learning_rates", "seeds", "validation", "split_seed"),
    *("gpus", "gpu_type", "gpu_memory", "checkpoint_minutes", "track"),
)

# New keys with the values that every adapter of version 1.0.0 had: left out, so that none is retrained.
DEFAULTS_OF_1_0 = {"method": "lora", "too_long": "truncate", "loss": "all-turns"}
LORA_OF_1_0 = {"targets": "qkv", "rank_stabilised": False, "dora": False}


def _without(section: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in section.items() if (k, v) not in defaults.items()}


class Finetuning:
    """Bases built by the study, training sets, and the recipe and resources of a fine-tuning."""

    def __init__(self, models: Models):
        self.models, self.study = models, models.plan.study

    # -- bases that the study builds -------------------------------------------------------------

    def base_texts(self, wildcards: Wildcards) -> list[str]:
        """Sampled native rows that {model} is built from, and the English rows drawn beside them.

        None where the model has a corpus. Held-out rows are never among them.
        """
        build = self.study.models[wildcards.model]["build"]
        if build.get("corpus"):
            return []
        languages = build["languages"] or list(self.study.languages)
        native = [IN_RULES.at(NATIVE, scope=language) for language in languages]
        others = [language for language in languages if language != "en"]
        if not self.study.has_english:
            return native
        return native + [IN_RULES.at(ENGLISH, scope=language) for language in others]

    def base_corpus(self, wildcards: Wildcards) -> list[str]:
        """The corpus that {model} is built from, if it has one."""
        corpus = self.study.models[wildcards.model]["build"].get("corpus")
        return [corpus] if corpus else []

    def build(self, wildcards: Wildcards) -> dict[str, Any]:
        """Shape and training of {model}, which the study builds itself; texts are inputs."""
        build = self.study.models[wildcards.model]["build"]
        return {key: value for key, value in build.items() if key not in ("languages", "corpus")}

    def bases_by(self, way: str) -> str:
        """The models whose base the study makes by `build` or from `gguf`, as a pattern of {model}."""
        names = [name for name, model in self.study.models.items() if way in model]
        return "|".join(map(re.escape, names)) or "(?!)"  # none: a pattern that nothing matches

    def gguf(self, wildcards: Wildcards) -> str:
        """Where the weights of {model} are unpacked from: a path, or package:NAME."""
        return str(self.study.models[wildcards.model]["gguf"])

    def gguf_file(self, wildcards: Wildcards) -> list[str]:
        """That file, if it is a path: a package of another environment has no fixed place."""
        source = self.gguf(wildcards)
        return [] if package_of(source) else [source]

    def memory_to_unpack(self, wildcards: Wildcards) -> int:
        """Host memory of unpacking {model}, in MB: libraries, and copies of its weights in float32."""
        return 2000 + round(30e-6 * self.models.parameters(wildcards))

    # -- training sets ---------------------------------------------------------------------------

    def dataset(self, wildcards: Wildcards) -> str:
        """The dataset of {data} and {scope}."""
        return IN_RULES.dataset(wildcards.data, wildcards.scope)

    def common_datasets(self, wildcards: Wildcards) -> list[str]:
        """The datasets whose rows a training set is cut to (`conditions[].rows: common`)."""
        others = self.study.common_with(wildcards.data, wildcards.scope).sure
        return [IN_RULES.dataset(data, wildcards.scope) for data in others]

    def datasets_perhaps_common(self, wildcards: Wildcards) -> list[str]:
        """Further datasets that it is cut to if they share any id with it."""
        others = self.study.common_with(wildcards.data, wildcards.scope).perhaps
        return [IN_RULES.dataset(data, wildcards.scope) for data in others]

    @property
    def cuts(self) -> dict[str, Any]:
        """Parameters of training sets that only studies have which ask for them.

        There is none where a key has its default: it would retrain every adapter of earlier versions.
        """
        flagged, limit = self.study.config["translate"]["flagged"], self._finetune["limit"]
        found = {} if flagged == "keep" else {"flagged": "drop"}
        return {**found, **({"limit": limit} if limit else {})}

    # -- fine-tuning -----------------------------------------------------------------------------

    @property
    def _finetune(self) -> dict[str, Any]:
        section: dict[str, Any] = self.study.config["finetune"]
        return section

    def _budget(self, wildcards: Wildcards) -> Budget | None:
        w = wildcards
        return self.study.budget_of(w.model, w.data, w.scope, w.lr)

    def budget_sets(self, wildcards: Wildcards) -> list[str]:
        """The training sets that a condition's budget is equal with."""
        budget = self._budget(wildcards)
        others = budget.others if budget else ()
        return [IN_RULES.at(TRAINING, data=data, scope=wildcards.scope) for data in others]

    def recipe(self, wildcards: Wildcards) -> dict[str, Any]:
        """The recipe of a condition: what decides its weights, and nothing else.

        Snakemake compares its text, so that the order of the keys counts as well.
        """
        section = recipe_of(self.study.config, wildcards.model)
        unused = {*NOT_OF_THE_RECIPE}
        if is_whole(self.study.config, wildcards.model):
            unused.add("lora")
        unused.add("budget")  # of `steps`, whose number says it
        recipe = _without({k: v for k, v in section.items() if k not in unused}, DEFAULTS_OF_1_0)
        if "lora" in recipe:
            recipe["lora"] = _without(recipe["lora"], LORA_OF_1_0)
        recipe["quantisation"] = self.models.configured(wildcards.model)
        recipe["template"] = self.models.template(wildcards.model)
        budget = self._budget(wildcards)
        return {**recipe, "budget": budget.kind} if budget else recipe

    def learning_rate(self, wildcards: Wildcards) -> float:
        """The learning rate behind {lr}."""
        return self.study.learning_rates[wildcards.lr]

    def memory(self, wildcards: Wildcards, attempt: int) -> int:
        """Host memory of one fine-tuning of {model}, in MB; half as much again on a further attempt."""
        gpu = self.models.gpus_to_train(wildcards)
        needed = gpu_plan.host_mb(self.study.config, wildcards.model, gpu)
        return needed * (1 + attempt) // 2

    def minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes of one fine-tuning of {model}; an unfinished one continues when tried again."""
        return training_jobs.runtime_minutes(
            self.models.parameters(wildcards),
            attempt,
            self.models.gpus_to_train(wildcards),
            quantisation=self.models.quantisation(wildcards.model),
            card=self.models.card(wildcards.model),
            whole=is_whole(self.study.config, wildcards.model),
        )

    def work(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """Where the checkpoint of a condition is kept."""
        pattern = TUNED if Path(output.adapter).name == Path(TUNED).name else ADAPTER
        return Layout.around(output.adapter, pattern).unfinished(Path(output.adapter).parent)

    @property
    def track(self) -> str:
        """The tracker that losses are also written to, or none."""
        return str(self._finetune.get("track", "none"))

    def adapters(self) -> list[str]:
        """Every adapter of the study."""
        whole = {name: is_whole(self.study.config, name) for name in self.study.models}
        return [
            IN_RULES.of(TUNED if whole[one.model] else ADAPTER, one)
            for one in self.study.conditions
        ]

    def models_by(self, method: str) -> str:
        """The models that are tuned by a method, as a pattern of the wildcard {model}."""
        config = self.study.config
        names = [name for name in self.study.models if is_whole(config, name) == (method == FULL)]
        return "|".join(map(re.escape, names)) or "(?!)"  # none: a pattern that nothing matches
