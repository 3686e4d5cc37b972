"""Input functions of rules/quantisation.smk, and what every rule that loads a model asks of it."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from snakemake.iocontainers import InputFiles, Wildcards

from ..errors import InputError
from ..files import text_hash
from ..hub import commit_of, read_lock
from ..prompts.template import CHAT, chat_template_of, template_params
from ..study import gpu_plan, gpu_warnings, inference_jobs
from ..study.cards import Card
from ..study.inference_jobs import Tokens
from ..study.paths import ADAPTER, ADAPTER_CONFIG, BASE, QUANTISATION, TUNED
from ..study.recipes import is_whole, recipe_of
from ..study.templates import frame_warnings
from ..study.training_jobs import gpus
from .plan import IN_RULES, Plan

NOT_FOR_LOADING = (
    *("label", "family", "build", "gguf", "parameters", "gated", "gpu_type"),
    *("template", "finetune"),
)
BUILT = ("config.json", "model.safetensors", "tokenizer.json")  # files of a base that are read


class Models:
    """Bases and adapters, how they are loaded, and the cards and memory that they ask for."""

    computes_here = True  # else a server does

    def __init__(self, plan: Plan):
        self.plan = plan
        self._gpus = plan.gpus
        self._configured: dict[str, str] = {}  # by model, looked up once

    # -- what is loaded --------------------------------------------------------------------------

    def base(self, wildcards: Wildcards) -> list[str]:
        """Files of {model}'s base if the study makes it itself, else nothing (hub or local folder)."""
        if not {"build", "gguf"} & set(self.plan.study.models[wildcards.model]):
            return []
        folder = IN_RULES.at(BASE, model=wildcards.model)
        return [f"{folder}/{name}" for name in BUILT]

    def entry(self, wildcards: Wildcards, input: InputFiles) -> dict[str, Any]:
        """What a script needs to load {model}: its entry, `base` pointing at the folder if built.

        The rule names its input `base`; pathvars are not replaced in params, hence `input`.
        A revision that the study leaves open is the commit that `prefetch` found.
        """
        model = self.plan.study.models[wildcards.model]
        entry = {k: v for k, v in model.items() if k not in NOT_FOR_LOADING}
        whole = [path for path in input.get("adapter", ()) if Path(path).name == Path(TUNED).name]
        if whole:
            return {**entry, "base": whole[0], "revision": None}
        if input.base:
            return {**entry, "base": str(Path(input.base[0]).parent)}
        lock = read_lock(self.plan.lock)
        return {**entry, "revision": commit_of(lock, "model", entry["base"], entry.get("revision"))}

    def pinned(self, wildcards: Wildcards) -> list[str | bool | None]:
        """Which base {model} is, for what re-runs a job: a param that looks at `input` does not.

        A local folder's chat template is part of it where it is used.
        """
        entry = self.plan.study.models[wildcards.model]
        found = [entry.get("base"), entry.get("revision"), entry.get("trust_remote_code")]
        if "gguf" in entry:
            found.append(entry["gguf"])
        if self.template(wildcards.model) == CHAT and entry.get("base"):
            own = chat_template_of(Path(entry["base"]))
            found += [text_hash(own)] if own else []
        return found

    def adapter(self, wildcards: Wildcards) -> list[str]:
        """The adapter's files of a condition, or its whole model; nothing for the untuned base."""
        if wildcards.data == "base":
            return []
        if is_whole(self.plan.config, wildcards.model):
            return [IN_RULES.at(TUNED, **wildcards)]
        return [IN_RULES.at(name, **wildcards) for name in (ADAPTER, ADAPTER_CONFIG)]

    # -- how it is loaded ------------------------------------------------------------------------

    def configured(self, model: str) -> str:
        """How the study says that a model's base is loaded: `auto` leaves it open."""
        if model not in self._configured:
            results = Path(self.plan.results)
            self._configured[model] = gpu_plan.configured(self.plan.config, model, results)
        return self._configured[model]

    def choice(self, wildcards: Wildcards) -> str | list[str]:
        """The file that says how {model}'s base is loaded, where the study leaves it open."""
        auto = self.configured(wildcards.model) == "auto"
        return IN_RULES.at(QUANTISATION, model=wildcards.model) if auto else []

    def quantisation(self, model: str) -> str:
        """How a model's base is loaded, as far as a plan can know."""
        made = Path(self.plan.files.at(QUANTISATION, model=model))
        try:
            return gpu_plan.chosen(self.plan.config, model, made, self.card(model))
        except InputError as error:
            raise self.plan.refusal(error) from None

    def template(self, model: str) -> str | dict[str, Any]:
        """The template of a model: its name, or the words of a study's own file."""
        own = self.plan.study.models[model].get("template")
        return template_params(own or self.plan.config["finetune"]["template"])

    def loading(self, wildcards: Wildcards) -> dict[str, Any]:
        """How {model} is loaded and asked, for evaluations and answers alike."""
        return {
            "quantisation": self.configured(wildcards.model),
            "dtype": recipe_of(self.plan.config, wildcards.model)["dtype"],
            "template": self.template(wildcards.model),
        }

    # -- what it is loaded on --------------------------------------------------------------------

    def parameters(self, wildcards: Wildcards) -> float:
        """Number of weights of {model}."""
        found: float = self.plan.study.models[wildcards.model]["parameters"]
        return found

    def gpus_to_train(self, wildcards: Wildcards) -> int:
        """GPUs of one fine-tuning of {model}."""
        return gpus(self.parameters(wildcards), self._gpus)

    def gpus_to_read(self, wildcards: Wildcards) -> int:
        """One GPU; none where fine-tuning takes none either (tiny models, or finetune.gpus: 0)."""
        return min(1, self.gpus_to_train(wildcards))

    def card(self, model: str) -> Card | None:
        """The card of a model's jobs; None where it is not known."""
        return gpu_plan.card_of(self.plan.config, model, local=self.plan.local)

    def gpu_model(self, wildcards: Wildcards) -> str | None:
        """What SLURM calls the card that {model} asks for; nothing where any will do, or none."""
        if not self.gpus_to_read(wildcards):
            return None
        return gpu_plan.gpu_type(self.plan.config, wildcards.model)

    def gpu_memory(self, stage: str) -> Callable[[Wildcards], int]:
        """GPU memory in MB that jobs of a stage ask for; 0 on a CPU."""

        def memory(wildcards: Wildcards) -> int:
            if not self.gpus_to_read(wildcards):
                return 0
            model = wildcards.model
            return gpu_plan.memory_mb(self.plan.config, model, stage, self.quantisation(model))

        return memory

    def fall_back_to_cpu(self) -> bool:
        """Whether a model would take a GPU that this host does not have."""
        sizes = [entry["parameters"] for entry in self.plan.study.models.values()]
        asked = self.plan.config["finetune"]["gpus"] is not None
        return not asked and any(gpus(size) > gpus(size, self._gpus) for size in sizes)

    def warnings(self, cells: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Lines about models, by (rule, model) of jobs on GPUs, that may be larger than their card."""
        choices = Path(self.plan.files.at(QUANTISATION, model="")).parent
        yield from gpu_warnings.warnings(self.plan.config, cells, choices, local=self.plan.local)

    def frames(self, trained: Iterable[str]) -> Iterator[str]:
        """Lines about models to be trained whose own chat template is not used."""
        yield from frame_warnings(self.plan.config, trained)

    # -- the choice of a quantisation ------------------------------------------------------------

    def card_gb(self, wildcards: Wildcards) -> str:
        """GB of {model}'s card in the choice of its quantisation; 0 where the job has to look."""
        card = self.card(wildcards.model)
        return str(card.memory_gb or 0) if card else "0"

    def gpus_to_choose(self, wildcards: Wildcards) -> int:
        """GPUs of the choice: one where only a look at the card can tell."""
        return self.gpus_to_read(wildcards) if self.card_gb(wildcards) == "0" else 0

    def gpu_model_to_choose(self, wildcards: Wildcards) -> str | None:
        """The card that the choice asks SLURM for, where it has to look at one."""
        return self.gpu_model(wildcards) if self.gpus_to_choose(wildcards) else None

    # -- evaluations and answers -----------------------------------------------------------------

    def reading_memory(self, wildcards: Wildcards, attempt: int) -> int:
        """Host memory in MB of one evaluation or answer set of {model}."""
        gpu = self.gpus_to_read(wildcards)
        return inference_jobs.memory_mb(self.parameters(wildcards), attempt, gpu=gpu)

    def reading_minutes(self, tokens: Callable[[Wildcards], Tokens]) -> Callable[..., int]:
        """Minutes of what `tokens(wildcards)` says; an unfinished job goes on when tried again."""

        def minutes(wildcards: Wildcards, attempt: int) -> int:
            return inference_jobs.minutes(
                self.parameters(wildcards),
                tokens(wildcards),
                attempt,
                gpu=self.gpus_to_read(wildcards),
                quantisation=self.quantisation(wildcards.model),
                card=self.card(wildcards.model),
            )

        return minutes
