"""Input functions and parameters of rules/sample.smk."""

from typing import Any

from snakemake.iocontainers import Wildcards

from ..files import existing_files, patterns_of
from ..study import MULTI
from ..study.paths import NATIVE
from .plan import IN_RULES, Plan

ROW_RULES = ("empty", "duplicates", "max_characters")


class Sampling:
    """Instruction data as it comes, and the rows drawn from it."""

    def __init__(self, plan: Plan):
        self.plan = plan

    @property
    def row_rules(self) -> dict[str, Any]:
        """Which rows are left out, of native and English data alike."""
        sample = self.plan.config["sample"]
        found = {key: sample[key] for key in ROW_RULES}
        check = sample["language_check"]
        if check == "report":  # version 1.0.0 had no such key: nothing of it is made again
            return found
        # Snakemake compares the values of parameters without their names, and `drop` is one already.
        return {**found, "language_check": {"language_check": check}}

    # -- where rows come from ----------------------------------------------------------------------

    def _settings(self, code: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.plan.config["languages"][code]
        return entry

    @property
    def shared(self) -> dict[str, Any]:
        """The data of several languages and English, with the lock of the hub."""
        return self.plan.with_lock(self.plan.config["sample"]["dataset"])

    def dataset(self, wildcards: Wildcards) -> dict[str, Any]:
        """The data that {language}'s native rows come from: its own, or the shared one."""
        own: dict[str, Any] | None = self._settings(wildcards.language).get("native")
        return self.plan.with_lock(own) if own else self.shared

    def rows_of(self, wildcards: Wildcards) -> dict[str, Any] | None:
        """Which rows of it are {language}'s; None where all of them are."""
        settings = self._settings(wildcards.language)
        return None if settings.get("native") else settings["aya"]

    @property
    def english(self) -> dict[str, Any]:
        """Which rows of the shared data are English, or where English rows of their own come from."""
        return self.plan.with_lock(self.plan.config["sample"]["english"])

    def english_beside(self, wildcards: Wildcards) -> dict[str, Any]:
        """The same for the number of English rows that may cap a language's own."""
        own = self._settings(wildcards.language).get("native")
        if own is None or self.plan.study.english:
            return self.english
        return {**self.english, "dataset": self.shared}

    def data(self, wildcards: Wildcards) -> list[str]:
        """Local files of {language}'s data that are there; the script names those that are missing."""
        paths = patterns_of(self.dataset(wildcards).get("path", []))
        if self._settings(wildcards.language)["cap"] == "english":
            paths = [*paths, *self._english_paths()]
        return existing_files(list(dict.fromkeys(paths)))

    def english_data(self, wildcards: Wildcards) -> list[str]:
        """Local files of the English rows that are there."""
        return existing_files(self._english_paths())

    def _english_paths(self) -> list[str]:
        source = self.english if self.plan.study.english else self.shared
        return patterns_of(source.get("path", []))

    def row_lists(self, wildcards: Wildcards) -> dict[str, str]:
        """Languages of the scope that bring their own list of English rows."""
        scope = wildcards.scope
        languages = self.plan.study.pot if scope == MULTI else [scope]
        lists = {code: self.plan.study.languages[code]["english_rows"] for code in languages}
        return {code: path for code, path in lists.items() if path}

    def list_files(self, wildcards: Wildcards) -> list[str]:
        """Those lists that are there."""
        return existing_files(self.row_lists(wildcards).values())

    def pot(self) -> list[str]:
        """The native rows of every language of the multilingual mix."""
        return [IN_RULES.at(NATIVE, scope=language) for language in self.plan.study.pot]

    def samples(self) -> list[str]:
        """The native rows of every scope of the study."""
        scopes = dict.fromkeys(scope for _, scope in self.plan.study.data_and_scope())
        return [IN_RULES.at(NATIVE, scope=scope) for scope in scopes]
