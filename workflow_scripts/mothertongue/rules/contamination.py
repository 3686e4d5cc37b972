"""Input functions and parameters of rules/contamination.smk."""

from typing import Any

from snakemake.iocontainers import InputFiles, Wildcards

from ..study import MULTI
from ..study.paths import CONTAMINATION, REPORT_PART
from .evaluate import Evaluating
from .plan import IN_RULES, Plan


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

    def pages(self) -> list[str]:
        """The page of the report; none where no training set has a benchmark in its language."""
        page = IN_RULES.at(REPORT_PART, source="study", part="contamination")
        return [page] if self.searches() else []


class Decontaminating:
    """Benchmarks whose items are kept out of the sampled rows (`sample.decontaminate: drop`).

    Where it is not asked for, rules have no such input and no such parameter: nothing of earlier
    versions is made again.
    """

    def __init__(self, plan: Plan):
        self.evaluating, self.study = Evaluating(plan), plan.study
        self.asked = plan.config["sample"]["decontaminate"] == "drop"
        pack, *own = map(str, plan.tasks)
        self.common = {"tasks_folder": [pack, *own] if own else pack, "lock": plan.lock}

    def _tests(self, language: str) -> list[Wildcards]:
        """Benchmarks in a language; held-out rows are no test of others."""
        found = dict.fromkeys(
            one.benchmark
            for one in self.study.evaluations
            if one.language == language
            and self.study.benchmarks[one.benchmark].task != "native-perplexity"
        )
        return [Wildcards(fromdict={"benchmark": name, "language": language}) for name in found]

    def _files(self, language: str) -> list[str]:
        return [path for test in self._tests(language) for path in self.evaluating.items(test)]

    def _params(self, language: str) -> list[dict[str, Any]]:
        found = []
        for test in self._tests(language):
            task = self.evaluating.task(test)
            found.append(
                {
                    **{key: task[key] for key in ("name", "hub", "digest")},
                    "benchmark": test.benchmark,
                    "language": language,
                    "files": len(self.evaluating.items(test)),
                }
            )
        return found

    def files(self, language: str | None = None) -> dict[str, Any]:
        """The input `tests` of a rule: of {language}, or of one language."""
        if not self.asked:
            return {}
        return {"tests": lambda wildcards: self._files(language or wildcards.language)}

    def params(self, language: str | None = None) -> dict[str, Any]:
        """The parameter `decontaminate` of a rule."""
        if not self.asked:
            return {}

        def params(wildcards: Wildcards) -> dict[str, Any]:
            return {**self.common, "tests": self._params(language or wildcards.language)}

        return {"decontaminate": params}
