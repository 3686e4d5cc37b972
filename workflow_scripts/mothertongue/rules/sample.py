"""Input functions and parameters of rules/sample.smk."""

from typing import Any

from snakemake.iocontainers import Wildcards

from ..files import existing_files
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
        return {key: self.plan.config["sample"][key] for key in ROW_RULES}

    @property
    def dataset(self) -> dict[str, Any]:
        """The instruction data, with the lock of the hub."""
        return self.plan.with_lock(self.plan.config["sample"]["dataset"])

    def data(self, wildcards: Wildcards) -> list[str]:
        """Local data files there are; the script names those that are missing."""
        return existing_files(self.plan.config["sample"]["dataset"].get("path", []))

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
