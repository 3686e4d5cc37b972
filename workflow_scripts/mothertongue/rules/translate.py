"""Input functions and parameters of rules/translate.smk, translator.smk and roundtrip.smk."""

from collections.abc import Iterable
from typing import Any

from snakemake.iocontainers import OutputFiles, Wildcards

from ..process.devices import gpus_to_ask
from ..study import MULTI, ROUND_TRIP, Translator
from ..study.paths import (
    BACK,
    BACK_REPORT,
    KEPT_BACK,
    KEPT_QE,
    NATIVE,
    QUALITY,
    REPLIES,
    TRANSLATED,
    TRANSLATED_PORTION,
    TRANSLATED_REPORT,
    Layout,
)
from ..study.records import Keep
from ..translate import determining, language_facts, memory_files, operating
from .plan import IN_RULES, Plan


class Translating:
    """Translators, what their jobs ask for, and the sets that they translate."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def entry(self, wildcards: Wildcards) -> Translator:
        """The configuration entry of {translator}."""
        return self.plan.study.translators[wildcards.translator]

    # -- a translator ----------------------------------------------------------------------------

    def determining(self, wildcards: Wildcards) -> dict[str, Any]:
        """What determines the translations of {translator}: a change re-translates."""
        return determining(self.entry(wildcards))

    def facts(self, wildcards: Wildcards) -> dict[str, dict[str, str | None]]:
        """Names, scripts and codes of the languages that the scope goes between."""
        scope = wildcards.scope
        languages = self.plan.study.pot if scope == MULTI else [scope]
        return language_facts(self.plan.root, self.plan.study.languages, ["en", *languages])

    def operating(self, wildcards: Wildcards, threads: int) -> dict[str, Any]:
        """Concurrency, limits, prices: Snakemake compares no parameter that asks for `threads`."""
        config = self.plan.config
        return operating(self.entry(wildcards), config["replies"], config["prices"])

    def store(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """The store of replies beside what a rule of translate or roundtrip makes."""
        drawn = hasattr(wildcards, "portion")
        return Layout.around(output[0], TRANSLATED_PORTION if drawn else TRANSLATED).at(REPLIES)

    def memory(self, wildcards: Wildcards) -> list[str]:
        """Translation memory files there are; the script names those that are missing."""
        return memory_files(self.entry(wildcards))

    # -- the best of a translator's rows ---------------------------------------------------------

    @property
    def choosy(self) -> list[str]:
        """Translators that keep the best of their rows alone."""
        return [name for name, one in self.plan.study.translators.items() if one.keep]

    @property
    def plain(self) -> list[str]:
        """Translators that keep every row."""
        return [name for name, one in self.plan.study.translators.items() if not one.keep]

    def keep(self, wildcards: Wildcards) -> Keep:
        """What {translator} keeps."""
        found = self.entry(wildcards).keep
        assert found, wildcards.translator
        return found

    def best(self, wildcards: Wildcards) -> float:
        """The share of rows that {translator} keeps."""
        return self.keep(wildcards).best

    def by(self, wildcards: Wildcards) -> str:
        """The score by which {translator} keeps rows."""
        return self.keep(wildcards).by

    def rated(self, wildcards: Wildcards) -> list[str]:
        """What the score of {translator} is made from, beside rows and their sources."""
        keep = self.keep(wildcards)
        patterns = [KEPT_BACK] * keep.goes_back + [KEPT_QE] * keep.is_learned
        return [IN_RULES.at(pattern, **wildcards) for pattern in patterns]

    def rating_model(self, wildcards: Wildcards) -> str:
        """The model that estimates quality for {translator}."""
        return self.keep(wildcards).model

    def rating_gpus(self, wildcards: Wildcards) -> int:
        """GPUs of that model: one where there is one."""
        wanted = gpus_to_ask(None, local=self.plan.local)
        return 1 if wanted is None else wanted

    def rating_gpu_memory(self, wildcards: Wildcards) -> int:
        """GPU memory in MB: XLM-R large in 32 bits, and a batch of it."""
        return 8000 if self.rating_gpus(wildcards) else 0

    # -- what its jobs ask for -------------------------------------------------------------------

    @property
    def only_services(self) -> bool:
        """Whether no translator is a local model, so that all calls go out from this host.

        Services are called from the submitting host, which has the network; local models run in jobs.
        """
        return all(e["backend"] != "huggingface" for e in self.plan.study.translators.values())

    def runs_locally(self, wildcards: Wildcards) -> bool:
        """Whether {translator} is a model that runs in the job."""
        return bool(self.entry(wildcards)["backend"] == "huggingface")

    def environment(self, wildcards: Wildcards) -> str:
        """The conda environment: only a local model needs the model libraries."""
        return "../envs/seq2seq.yaml" if self.runs_locally(wildcards) else "../envs/data.yaml"

    def gpus(self, wildcards: Wildcards) -> int:
        """GPUs of a local model, by default one where there is one; a service needs none."""
        if not self.runs_locally(wildcards):
            return 0
        wanted = gpus_to_ask(self.entry(wildcards)["gpus"], local=self.plan.local)
        return 1 if wanted is None else wanted

    def host_memory(self, wildcards: Wildcards) -> int:
        """Host memory in MB: a local model's weights pass through it."""
        return 16000 if self.runs_locally(wildcards) else 2000

    def gpu_memory(self, wildcards: Wildcards) -> int:
        """GPU memory in MB: a model of 3 billion weights in 16 bits, and a batch of it."""
        return 12000 if self.gpus(wildcards) else 0

    # -- sets ------------------------------------------------------------------------------------

    def _portions(self, *, back: bool) -> list[str]:
        """Portions that are translated for drawn training sets: there alone, or there and back."""
        return [
            IN_RULES.portion(one, scope)
            for one, scope in self.plan.study.translated_portions()
            if one.data.endswith(ROUND_TRIP) == back
        ]

    def translations(self) -> list[str]:
        """Every translated set of the study."""
        return self._portions(back=False) + [
            IN_RULES.at(TRANSLATED, translator=data, scope=scope)
            for data, scope in self.plan.study.data_and_scope()
            if data in self.plan.study.translators
        ]

    def round_trips(self) -> list[str]:
        """Every round trip of the study."""
        return self._portions(back=True) + [
            IN_RULES.at(BACK, translator=data.removesuffix(ROUND_TRIP), scope=scope)
            for data, scope in self.plan.study.data_and_scope()
            if data.endswith(ROUND_TRIP)
        ]

    def pages(self, measured: Iterable[str]) -> list[str]:
        """The table and figure of `measure_translation`; none in a study without translated sets."""
        return list(measured) if self.translations() or self.round_trips() else []

    def measured(self, wildcards: Wildcards, output: OutputFiles) -> list[dict[str, str]]:
        """Translator, kind, scope and files of every translated set, literal paths."""
        files = Layout.around(output[0], QUALITY)
        sets = []
        for data, scope in self.plan.study.data_and_scope():
            name = data.removesuffix(ROUND_TRIP)
            if name not in self.plan.study.translators:
                continue
            trip = data != name
            own = {"translator": name, "scope": scope}
            sets.append(
                {
                    "translator": name,
                    "kind": "roundtrip" if trip else "translate",
                    "scope": scope,
                    "report": files.at(BACK_REPORT if trip else TRANSLATED_REPORT, **own),
                    "back": files.at(BACK if trip else TRANSLATED, **own),
                    "native": files.at(NATIVE, scope=scope),
                }
            )
        return sets

    @property
    def labels(self) -> dict[str, str]:
        """Translators as a reader knows them."""
        return {name: e.get("label") or name for name, e in self.plan.study.translators.items()}
