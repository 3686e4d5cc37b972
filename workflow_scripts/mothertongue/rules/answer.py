"""Input functions and parameters of rules/answer.smk."""

from functools import cached_property
from pathlib import Path
from typing import Any

from snakemake.iocontainers import OutputFiles, ResourceList, Wildcards

from ..estimate.workload import questions_asked
from ..files import existing_files, patterns_of
from ..study import AnswerSet, inference_jobs
from ..study.engines import engine_params, engine_that_matters
from ..study.inference_jobs import Tokens
from ..study.paths import ANSWERS, ANSWERS_PROVENANCE, CONDITION, FOUND, QUESTIONS, Layout
from .models import Models
from .plan import IN_RULES


class Answering:
    """Question sets, and the settings and files of their answers."""

    def __init__(self, models: Models):
        self.models, self.plan, self.study = models, models.plan, models.plan.study

    # -- question sets ---------------------------------------------------------------------------

    def source(self, wildcards: Wildcards) -> str | None:
        """Path or address of {questions} in {language}; None for a drawn set."""
        path: str | None = self.study.questions[wildcards.questions].get("path")
        return path.replace("{language}", wildcards.language) if path else None

    def drawn(self, wildcards: Wildcards) -> dict[str, Any] | None:
        """How {questions} is drawn, if it is."""
        drawn: dict[str, Any] | None = self.study.questions[wildcards.questions].get("draw")
        if not drawn:
            return drawn
        dataset = drawn["dataset"]
        if "path" not in dataset:
            return {**drawn, "dataset": self.plan.with_lock(dataset)}
        paths = patterns_of(dataset["path"])
        files = [path.replace("{language}", wildcards.language) for path in paths]
        return {**drawn, "dataset": {**dataset, "path": files}}

    def sources(self, wildcards: Wildcards) -> list[str]:
        """Local files that {questions} comes from, as far as they are there; the script names others."""
        drawn = self.drawn(wildcards)
        if not drawn:
            return existing_files(self.source(wildcards) or [])
        instructions = self.plan.config["sample"]["dataset"].get("path", [])
        own = patterns_of(drawn["dataset"].get("path", []))
        return existing_files([*own, *patterns_of(instructions)])

    def instructions(self, wildcards: Wildcards) -> dict[str, Any]:
        """The instruction data that drawn questions must not repeat."""
        if not self.drawn(wildcards):
            return {}
        return self.plan.with_lock(self.plan.config["sample"]["dataset"])

    def aya(self, wildcards: Wildcards) -> dict[str, Any]:
        """The rows of that data which are the language's."""
        if not self.drawn(wildcards):
            return {}
        found: dict[str, Any] = self.study.languages[wildcards.language]["aya"]
        return found

    def limit(self, wildcards: Wildcards) -> int | None:
        """Questions of {questions} at most."""
        found: int | None = self.study.questions[wildcards.questions]["limit"]
        return found

    def lock(self, wildcards: Wildcards, threads: int) -> str:
        """The lock of the hub; a parameter that asks for threads is not compared."""
        return self.plan.lock

    # -- answers ---------------------------------------------------------------------------------

    def answers(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every answer set of the study."""
        return [IN_RULES.of(ANSWERS, one) for one in self.study.answers]

    def generation(self, wildcards: Wildcards) -> dict[str, Any]:
        """How {model} is loaded and how it answers."""
        answer = self.plan.config["answer"]
        return {
            **self.models.loading(wildcards),
            "max_new_tokens": answer["max_new_tokens"],
            "temperature": answer["temperature"],
            **engine_that_matters(self.plan.config, "answer"),
        }

    def engine(self, wildcards: Wildcards, threads: int) -> dict[str, Any] | None:
        """Who generates; None: transformers. Snakemake compares no parameter that asks for `threads`."""
        return engine_params(self.plan.config, "answer", wildcards.model)

    def tokens(self, wildcards: Wildcards) -> Tokens:
        """Tokens that one answer set reads and writes."""
        number = questions_asked(self.study, wildcards.questions, wildcards.language)
        return inference_jobs.answer_tokens(number, self.plan.config["answer"]["max_new_tokens"])

    def partial(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """Where finished answers wait while a run is unfinished."""
        return Layout.around(output.answers, ANSWERS).unfinished(output.answers)

    def probes(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """The folder of what was found out about bases."""
        return Layout.around(output.answers, ANSWERS).at(FOUND)

    @cached_property
    def _by_condition(self) -> dict[str, list[AnswerSet]]:
        found: dict[str, list[AnswerSet]] = {}
        for one in self.study.answers:
            found.setdefault(one.condition.path, []).append(one)
        return found

    def beside(
        self, wildcards: Wildcards, output: OutputFiles, resources: ResourceList
    ) -> list[dict[str, str]]:
        """The adapter's other question sets; a job on a GPU answers them in the same passes.

        On a CPU the passes would not be cheaper, and the jobs of the sets run side by side. As a
        parameter that looks at `output` it re-runs nothing.
        """
        if not resources.get("gpu"):
            return []
        files = Layout.around(output.answers, ANSWERS)
        found = []
        for one in self._by_condition.get(CONDITION.format(**wildcards), []):
            answers = files.of(ANSWERS, one)
            if Path(answers) != Path(output.answers):
                found.append(
                    {
                        "questions": files.of(QUESTIONS, one),
                        "answers": answers,
                        "provenance": files.of(ANSWERS_PROVENANCE, one),
                        "partial": files.unfinished(answers),
                    }
                )
        return found
