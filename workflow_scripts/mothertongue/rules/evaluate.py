"""Input functions and parameters of rules/evaluate.smk and fetch.smk."""

from functools import cache
from typing import Any

import yaml
from snakemake.iocontainers import InputFiles, OutputFiles, Wildcards

from ..files import existing_files, patterns_of
from ..study import Benchmark, inference_jobs
from ..study.engines import engine_params, engine_that_matters
from ..study.inference_jobs import Tokens
from ..study.paths import CHUNKS, CMMLU, HELDOUT, SCORE, Layout
from ..study.tasks import HARNESS, demonstration_path, task_digest
from .plan import IN_RULES, Plan

digest_of = cache(task_digest)  # asked for every job when planning

SAME = "same"  # benchmarks are asked through the template of the fine-tuning


class Evaluating:
    """Files and settings of the benchmarks."""

    def __init__(self, plan: Plan):
        self.plan, self.study = plan, plan.study

    def _benchmark(self, wildcards: Wildcards) -> Benchmark:
        return self.study.benchmarks[wildcards.benchmark]

    # -- files -----------------------------------------------------------------------------------

    def _configured(self, wildcards: Wildcards, key: str) -> list[str]:
        """Configured files of {benchmark} in {language}: its items (`dataset`) or `demonstrations`.

        A pattern stands for the files that it names, or for itself where it names none.
        """
        entry = self._benchmark(wildcards)
        dataset = (entry["dataset"] or {}).get("path", [])
        paths = dataset if key == "dataset" else demonstration_path(entry) or []
        patterns = [path.replace("{language}", wildcards.language) for path in patterns_of(paths)]
        return [path for pattern in patterns for path in existing_files(pattern) or [pattern]]

    def items(self, wildcards: Wildcards) -> list[str]:
        """Files of {benchmark} in {language} that are there; nothing where the hub is read.

        Configured ones that are missing are named before the first job (cluster.smk).
        """
        entry = self._benchmark(wildcards)
        if entry["task"] == "native-perplexity" and entry["dataset"] is None:
            return [IN_RULES.at(HELDOUT, language=wildcards.language)]
        if entry["task"] == "cmmlu" and entry["dataset"] is None:
            return [IN_RULES.at(CMMLU, split="test")]
        return existing_files(self._configured(wildcards, "dataset"))

    def demonstrations(self, wildcards: Wildcards) -> list[str]:
        """Local demonstrations of {benchmark} in {language}, if any are named and there."""
        entry = self._benchmark(wildcards)
        if entry["task"] == "cmmlu" and entry["dataset"] is None:
            return [IN_RULES.at(CMMLU, split="dev")]
        return existing_files(self._configured(wildcards, "demonstrations"))

    def files(self, wildcards: Wildcards, input: InputFiles) -> dict[str, list[str]]:
        """What the script reads; a configured file that vanished is its error, not the hub's turn."""
        return {
            "test": self.test_files(wildcards, input),
            "demonstrations": self._configured(wildcards, "demonstrations")
            or list(input.demonstrations),
        }

    def test_files(self, wildcards: Wildcards, input: InputFiles) -> list[str]:
        """The files of the items alone."""
        return self._configured(wildcards, "dataset") or list(input.test)

    def chunks(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """Where finished parts of evaluations are kept."""
        return Layout.around(output.score, SCORE).at(CHUNKS)

    def scores(self, wildcards: Wildcards | None = None) -> list[str]:
        """Every score file of the study."""
        return [IN_RULES.of(SCORE, one) for one in self.study.evaluations]

    def _task_name(self, wildcards: Wildcards) -> str:
        return self._benchmark(wildcards).task_in(wildcards.language)

    # -- settings --------------------------------------------------------------------------------

    def _limit(self, wildcards: Wildcards) -> int | None:
        """Items at most, by the benchmark's own limit and that of all; None: every item."""
        own, of_all = self._benchmark(wildcards)["limit"], self.plan.config["evaluate"]["limit"]
        return min([n for n in (own, of_all) if n], default=None)

    def task(self, wildcards: Wildcards) -> dict[str, Any]:
        """What decides the items and prompts of {benchmark}: nothing else of the study."""
        entry = self._benchmark(wildcards)
        dataset = entry["dataset"] or {}
        return {
            "name": self._task_name(wildcards),
            "shots": entry["shots"],
            "limit": self._limit(wildcards),
            "max_new_tokens": entry["max_new_tokens"],
            "hub": {k: v for k, v in dataset.items() if k != "path" and v} or None,
            "cluster": entry["cluster"],
            "parallel": entry["origin"] != "native",  # translations of another language's rows
            "missing": entry["missing"],
            **({"harness": True} if entry["demonstrations"] == HARNESS else {}),
            **({"template": SAME} if self.plan.config["evaluate"]["template"] == SAME else {}),
            **({"metric": entry["metric"]} if entry["metric"] else {}),
            **engine_that_matters(self.plan.config, "evaluate"),
            "digest": digest_of(self._task_name(wildcards), self.plan.tasks),
        }

    def engine(self, wildcards: Wildcards, threads: int) -> dict[str, Any] | None:
        """Who computes; None: transformers. Snakemake compares no parameter that asks for `threads`."""
        return engine_params(self.plan.config, "evaluate", wildcards.model)

    def learning_rate(self, wildcards: Wildcards) -> float | None:
        """The learning rate behind {lr}; none for the untuned base."""
        return self.study.learning_rates.get(wildcards.lr)

    def tokens(self, wildcards: Wildcards) -> Tokens:
        """Tokens that a benchmark reads and writes."""
        task = self._benchmark(wildcards)["task"]
        return inference_jobs.evaluation_tokens(task, self._limit(wildcards))

    def cmmlu_archive(self, wildcards: Wildcards) -> Any:
        """Where CMMLU's archive is, as its task says."""
        path = self.plan.root / "tasks/cmmlu.yaml"
        task = yaml.safe_load(path.read_text(encoding="utf-8"))
        return task["metadata"]["archive"]
