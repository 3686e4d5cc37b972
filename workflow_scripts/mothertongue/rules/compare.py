"""Input functions and parameters of rules/compare.smk."""

from pathlib import Path
from typing import Any

from snakemake.iocontainers import Wildcards

from ..errors import InputError
from ..files import looked_in
from ..study.paths import COMPARISON, ITEMS
from .plan import IN_RULES, Plan

LOGS = (".json", ".jsonl", ".ndjson", ".eval", ".parquet", ".csv", ".tsv")


class Comparing:
    """Logs that the study's `compare` names, and records of its own evaluations."""

    def __init__(self, plan: Plan):
        self.plan, self.study = plan, plan.study
        self.comparisons: dict[str, dict[str, Any]] = plan.config.get("compare") or {}
        self.check()

    def pages(self) -> list[str]:
        """The page of every comparison; none where the study names none."""
        return [IN_RULES.at(COMPARISON, comparison=name) for name in self.comparisons]

    def logs(self, wildcards: Wildcards) -> list[str]:
        """The files of all runs of {comparison}; a run that is not there is refused."""
        name = wildcards.comparison
        if name not in self.comparisons:
            raise self.plan.refusal(
                InputError(f"compare.{name}: the study has no comparison of this name")
            )
        found: list[str] = []
        for path in self.paths(name):
            below = sorted(path.rglob("*")) if path.is_dir() else [path]
            found += [str(one) for one in below if one.is_file() and one.suffix in LOGS]
        return found

    def paths(self, name: str) -> list[Path]:
        """The files and folders of a comparison's runs."""
        return [Path(run.partition("=")[2]) for run in self.comparisons[name]["runs"]]

    def check(self) -> None:
        """Refuse a run that is not there; results of this study may still be to come."""
        for name, entry in self.comparisons.items():
            for run, path in zip(entry["runs"], self.paths(name), strict=True):
                if not path.exists() and not path.is_relative_to(self.plan.results):
                    raise self.plan.refusal(
                        InputError(
                            f"compare.{name}.runs: {run}: no such file or folder{looked_in(path)}"
                        )
                    )

    def setting(self, name: str) -> Any:
        """A parameter that reads a setting of {comparison}."""
        return lambda wildcards: self.comparisons[wildcards.comparison][name]

    def items(self) -> list[str]:
        """The items of every evaluation of the study."""
        return [IN_RULES.of(ITEMS, one) for one in self.study.evaluations]
