"""Input functions and parameters of rules/translated.smk."""

from typing import Any

from snakemake.iocontainers import Wildcards

from ..files import existing_files, patterns_of
from ..study import MULTI
from ..study.paths import ENGLISH, HELDOUT, TRANSLATED
from .plan import IN_RULES, Plan


class TranslatedAlready:
    """Data of the study that nobody here has to translate."""

    def __init__(self, plan: Plan):
        self.plan, self.study = plan, plan.study

    def _languages(self, wildcards: Wildcards) -> list[str]:
        return self.study.pot if wildcards.scope == MULTI else [wildcards.scope]

    def sources(self, wildcards: Wildcards) -> dict[str, dict[str, Any]]:
        """Where the rows of each language of the scope come from."""
        entry = self.study.translated[wildcards.data]
        return {code: self.plan.with_lock(entry[code]) for code in self._languages(wildcards)}

    def files(self, wildcards: Wildcards) -> list[str]:
        """Their local files that are there; the script names those that are missing."""
        sources = self.sources(wildcards).values()
        return existing_files([p for one in sources for p in patterns_of(one.get("path", []))])

    def held_out(self, wildcards: Wildcards) -> list[str]:
        """The held-out native rows of each language of the scope."""
        return [IN_RULES.at(HELDOUT, language=code) for code in self._languages(wildcards)]

    def english(self, wildcards: Wildcards) -> list[str]:
        """The English rows of the scope, where {data} may have their ids."""
        paired = self.study.pairs_with_english(wildcards.data, wildcards.scope)
        return [IN_RULES.at(ENGLISH, scope=wildcards.scope)] if paired else []

    def parallel_to(self, wildcards: Wildcards) -> str | None:
        """Whose ids {data} has, where the study says so."""
        return self.study.translated[wildcards.data].parallel_to

    def sets(self) -> list[str]:
        """Every such set of the study."""
        return [
            IN_RULES.at(TRANSLATED, translator=data, scope=scope)
            for data, scope in self.study.data_and_scope()
            if data in self.study.translated
        ]
