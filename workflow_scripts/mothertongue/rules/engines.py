"""What evaluations and answers ask of a scheduler where another engine than transformers computes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from snakemake.iocontainers import Wildcards

from ..study import gpu_plan, inference_jobs
from ..study.engines import SERVER, VLLM, why_no_vllm
from ..study.inference_jobs import Tokens
from .models import Models
from .plan import Plan


class Elsewhere(Models):
    """Common to the other engines: the first job of a base compares it with transformers on the CPU."""

    compared = True

    def reading_memory(self, wildcards: Wildcards, attempt: int) -> int:
        """Host memory in MB: the libraries, and the base where transformers is asked as well."""
        compares = self.compared and self.plan.config["engines"]["agreement"]
        if not compares and self.gpus_to_read(wildcards):
            return super().reading_memory(wildcards, attempt)
        parameters = self.parameters(wildcards) if compares else 0
        return inference_jobs.memory_mb(parameters, attempt, gpu=0)


class Served(Elsewhere):
    """A server computes: no GPU here."""

    computes_here = False

    def gpus_to_read(self, wildcards: Wildcards) -> int:
        """None: the server has them."""
        return 0

    def reading_minutes(self, tokens: Callable[[Wildcards], Tokens]) -> Callable[..., int]:
        """Minutes that the reference card would take."""

        def minutes(wildcards: Wildcards, attempt: int) -> int:
            return inference_jobs.minutes(self.parameters(wildcards), tokens(wildcards), attempt)

        return minutes


class InVllm(Elsewhere):
    """vLLM computes on the job's own GPU, in 16 bits."""

    def gpu_memory(self, stage: str) -> Callable[[Wildcards], int]:
        """GPU memory in MB that jobs of a stage ask for; 0 on a CPU."""

        def memory(wildcards: Wildcards) -> int:
            if not self.gpus_to_read(wildcards):
                return 0
            return gpu_plan.memory_mb(self.plan.config, wildcards.model, stage, "none")

        return memory


def reading(plan: Plan, stage: str) -> Models:
    """How the jobs of `evaluate` or `answer` load a model, by the engine of that section."""
    kind = {SERVER: Served, VLLM: InVllm}.get(plan.config[stage]["engine"], Models)
    found = kind(plan)
    if isinstance(found, Elsewhere):
        found.compared = stage == "evaluate"
    return found


def absent_engine(config: Mapping[str, Any], rules: Iterable[str]) -> str | None:
    """A line where jobs of these rules ask for an engine that is not installed here, before the first runs."""
    asked = {"evaluate": "evaluate_benchmark", "answer": "answer_questions"}
    for stage, rule in asked.items():
        if rule in rules and config[stage]["engine"] == VLLM and (line := why_no_vllm()):
            return f"{stage}.{line}"
    return None
