"""The recipe of a fine-tuning and the job that follows it, as frozen records.

Both are made once, from the parameters of a rule, and are then passed whole.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

LORA, FULL = "lora", "full"  # what is trained: an adapter, or all weights
# Fields of a job that are paths.
FILES = (
    "training_set",
    "validation_set",
    "adapter",
    "adapter_config",
    "history",
    "provenance",
    "folder",
    "last",
)


@dataclass(frozen=True, slots=True)
class Lora:
    """The shape of an adapter (fields in the order in which provenance.json has them).

    `targets`: qkv, attention, all-linear, or names of modules.
    """

    alpha: float = 16
    dropout: float = 0.05
    r: int = 8
    targets: str | tuple[str, ...] = "qkv"
    rank_stabilised: bool = False
    dora: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Lora":
        """From the study's section, or from JSON, where names are a list."""
        targets = settings.get("targets", "qkv")
        return cls(
            **{**settings, "targets": targets if isinstance(targets, str) else tuple(targets)}
        )

    def settings(self) -> dict[str, Any]:
        """By name; what version 1.0.0 did not have is left out where it has its default."""
        new = ("targets", "rank_stabilised", "dora")
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in new or getattr(self, field.name) != field.default
        }


@dataclass(frozen=True, slots=True)
class Recipe:
    """All numbers and choices that decide an adapter, beside its data and its base.

    studies/paper.yaml holds the paper's. `equal` (rows, tokens or steps) names what is held equal
    with other training sets, if anything.
    """

    learning_rate: float
    epochs: int = 10
    effective_batch: int = 64
    schedule: str = "linear"
    warmup: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float | None = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    early_stopping: int | None = None
    seed: int = 1
    method: str = LORA
    lora: Lora = Lora()
    template: str | Mapping[str, Any] = "alpaca"  # a name, chat, or the words of a study's own
    max_length: int = 512
    too_long: str = "truncate"
    loss: str = "all-turns"
    quantisation: str = "int8"
    dtype: str = "auto"
    attention: str | None = None
    token_budget: int | str = "auto"
    gradient_checkpointing: bool | str = "auto"
    equal: str | None = None
    steps: int | None = None  # of the optimiser, instead of epochs

    @classmethod
    def from_params(
        cls, settings: Mapping[str, Any], *, learning_rate: float, seed: int
    ) -> "Recipe":
        """The recipe that a rule's parameters describe: the study's section `finetune`."""
        adam = settings["adam"]
        return cls(
            learning_rate=learning_rate,
            epochs=settings["epochs"],
            effective_batch=settings["effective_batch"],
            schedule=settings["schedule"],
            warmup=settings["warmup"],
            weight_decay=settings["weight_decay"],
            clip_norm=settings["clip_norm"],
            betas=(adam["beta1"], adam["beta2"]),
            epsilon=adam["epsilon"],
            early_stopping=settings["early_stopping"],
            seed=seed,
            method=settings.get("method", "lora"),
            lora=Lora.of(settings.get("lora", {})),  # a full fine-tuning has none
            template=settings["template"],
            max_length=settings["max_length"],
            too_long=settings.get("too_long", "truncate"),
            loss=settings.get("loss", "all-turns"),
            quantisation=settings["quantisation"],
            dtype=settings["dtype"],
            attention=settings.get("attention"),
            token_budget=settings["token_budget"],
            gradient_checkpointing=settings["gradient_checkpointing"],
            equal=settings.get("budget"),
            steps=settings.get("steps"),
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Recipe":
        """A recipe that went through JSON, where a tuple is a list and a record an object."""
        fields = {**content, "betas": tuple(content["betas"]), "lora": Lora.of(content["lora"])}
        return cls(**fields)

    @property
    def is_whole(self) -> bool:
        """Whether all weights are trained, not an adapter."""
        return self.method == FULL

    @property
    def smaller(self) -> str:
        """What needs less memory of a card, in words."""
        return "use finetune.method: lora" if self.is_whole else "use quantisation nf4"

    def encoding(self) -> dict[str, Any]:
        """How rows become tokens, by name; what has its default is left out where 1.0.0 had no choice."""
        found: dict[str, Any] = {"template": self.template, "max_length": self.max_length}
        if self.too_long != "truncate":
            found["too_long"] = self.too_long
        if self.loss != "all-turns":
            found["loss"] = self.loss
        return found

    def optimisation(self) -> dict[str, Any]:
        """The numbers of the optimisation by name, as provenance.json has them."""
        names = (
            "learning_rate",
            "epochs",
            "effective_batch",
            "schedule",
            "warmup",
            "weight_decay",
            "clip_norm",
            "betas",
            "epsilon",
            "early_stopping",
            "seed",
        )
        found = {name: getattr(self, name) for name in names}
        return found if self.steps is None else {**found, "steps": self.steps}


@dataclass(frozen=True, slots=True)
class Base:
    """Which base model an adapter is trained on: a hub id at a revision, or a folder."""

    base: str
    revision: str | None = None
    trust_remote_code: bool = False

    @classmethod
    def from_params(cls, model: Mapping[str, Any]) -> "Base":
        """The base that a rule's parameter `model` describes."""
        trusted = bool(model.get("trust_remote_code", False))
        return cls(model["base"], model.get("revision"), trusted)


@dataclass(frozen=True, slots=True)
class Job:
    """One fine-tuning: what is trained on which rows by which recipe, and the files it leaves.

    `adapter` is the adapter's weights, or the folder of the whole model (which has no `adapter_config`,
    but `last`, the folder of its weights after the last step). `folder` holds checkpoints until the job
    is done; `others` are the training sets with which `recipe.equal` is held equal; `track` names a tracker
    of accelerate that losses are also written to.
    """

    training_set: Path
    validation_set: Path
    adapter: Path
    adapter_config: Path | None
    history: Path
    provenance: Path
    folder: Path
    condition: Mapping[str, str]
    base: Base
    recipe: Recipe
    threads: int = 1
    checkpoint_minutes: float = 10.0
    others: tuple[Path, ...] = ()
    last: Path | None = None
    track: str = "none"

    def to_json(self) -> str:
        """The job as JSON, for other processes that share it."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """The job that `to_json` wrote."""
        content = json.loads(text)
        recipe = Recipe.from_json(content["recipe"])
        content |= {name: Path(content[name]) for name in FILES if content[name] is not None}
        content["others"] = tuple(map(Path, content["others"]))
        return cls(**{**content, "base": Base(**content["base"]), "recipe": recipe})
