"""Input functions and parameters of rules/contamination.smk."""

from typing import Any

from snakemake.iocontainers import InputFiles, Wildcards

from ..study import MULTI
from ..study.paths import CONTAMINATION
from .evaluate import Evaluating
from .plan import IN_RULES


class Contamination:
    """Training sets that are searched for the test items of a benchmark in a language."""

    def __init__(self, evaluating: Evaluating):
        self.evaluating, self.study = evaluating, evaluating.study

    def _sets(self, wildcards: Wildcards) -> list[tuple[str, str]]:
        """Data and scope of every training set that holds rows of {language}."""
        scopes = (MULTI, wildcards.language)
        return [(data, scope) for data, scope in self.study.data_and_scope() if scope in scopes]

    def datasets(self, wildcards: Wildcards) -> list[str]:
        """The files of these sets."""
        return [IN_RULES.dataset(data, scope) for data, scope in self._sets(wildcards)]

    def names(self, wildcards: Wildcards) -> list[str]:
        """Their names, `data/scope`, in the order of the files."""
        return [f"{data}/{scope}" for data, scope in self._sets(wildcards)]

    def task(self, wildcards: Wildcards) -> dict[str, Any]:
        """What decides the items of {benchmark}."""
        task = self.evaluating.task(wildcards)
        return {key: task[key] for key in ("name", "hub", "digest")}

    def files(self, wildcards: Wildcards, input: InputFiles) -> list[str]:
        """The items' files; none where the hub is read."""
        return self.evaluating.test_files(wildcards, input)

    def searches(self, wildcards: Wildcards | None = None) -> list[str]:
        """The result of every benchmark in every language that has a training set."""
        found = dict.fromkeys((one.benchmark, one.language) for one in self.study.evaluations)
        trained = {scope for _, scope in self.study.data_and_scope()}
        return [
            IN_RULES.at(CONTAMINATION, benchmark=benchmark, language=language)
            for benchmark, language in found
            if language in trained or MULTI in trained
        ]
