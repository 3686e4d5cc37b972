"""What the estimate is told of a study, as records; a rule's parameters hold them as dictionaries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ..correlate.planning import Planned


@dataclass(frozen=True, slots=True)
class ModelSheet:
    """What one model trains on, reads and writes, how often it is loaded, and on what.

    `trained`: files of its training sets, relative to <results>; `drawn`: the files of each set that is
    put together from portions; `steps`: of every training, of `batch` rows each, instead of epochs;
    `evaluated`: task and items of each
    benchmark; `answered`: questions of each set; `bytes`: of GPU memory, by quantisation and stage;
    `card`: name and memory of its card; `guessed`: the memory follows from its size alone. `whole`: all
    weights are trained; `left`, `unfinished`: bytes on disk of one fine-tuning when it is done, and
    beside them while it runs; `engines`: who computes evaluations and answers, by stage.
    """

    name: str
    parameters: float
    gpus: int | None
    quantisation: str
    auto: bool
    card: tuple[str, float | None] | None
    bytes: Mapping[str, Mapping[str, float]]
    guessed: bool
    epochs: int
    max_length: int
    limit: int | None
    trained: list[str]
    evaluated: list[tuple[str, int]]
    answered: list[int]
    answer_tokens: int
    loads: Mapping[str, int]
    drawn: tuple[list[str], ...] | list[list[str]] = ()
    steps: int | None = None
    batch: int = 1
    whole: bool = False
    left: float = 0
    unfinished: float = 0
    engines: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """The sheet that a rule's parameter holds."""
        return cls(**params)

    @property
    def sets(self) -> list[list[str]]:
        """The files of every adapter's training set."""
        return [*([file] for file in self.trained), *self.drawn]

    def params(self) -> dict[str, Any]:
        """The sheet as a rule's parameter."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TranslationSheet:
    """A set that a translator translates. `stage`: translate, roundtrip or keep; `what`: its scope.

    `sources`: the files that are translated, and `pivots` those that then go back, relative to <results>;
    none: the whole sample of the scope. `entry`: what determines the translations; `priced`: it is free, or the table has a price for it.
    """

    name: str
    api: Mapping[str, Any]
    price: Mapping[str, float]
    priced: bool
    stage: str
    what: str
    entry: Mapping[str, Any]
    target: str
    sources: tuple[str, ...] | list[str] = ()
    pivots: tuple[str, ...] | list[str] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """The sheet that a rule's parameter holds."""
        return cls(**params)

    def params(self) -> dict[str, Any]:
        """The sheet as a rule's parameter."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class JudgeSheet:
    """What a paid judge judges. `spec`: what determines it; `discount`: that of a batch.

    `answers`: file of each answer set that is rated, relative to <results>, and its number of
    questions; `pairs`: both files of each two answer sets that are compared, and that number; `probes`:
    files of probes and their language.
    """

    name: str
    api: Mapping[str, Any]
    price: Mapping[str, float]
    priced: bool
    spec: Mapping[str, Any]
    discount: float
    answer_tokens: int
    answers: list[tuple[str, int]]
    pairs: list[tuple[str, str, int]] = field(default_factory=list)
    probes: list[tuple[list[str], str]] = field(default_factory=list)

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """The sheet that a rule's parameter holds."""
        return cls(**params)

    def params(self) -> dict[str, Any]:
        """The sheet as a rule's parameter."""
        found = asdict(self)
        return {k: v for k, v in found.items() if v or k not in ("pairs", "probes")}


@dataclass(frozen=True, slots=True)
class PowerSheet:
    """A benchmark as the power of the study depends on it; `items`: in one language."""

    task: str
    planned: Planned

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """The sheet that a rule's parameter holds."""
        return cls(params["task"], Planned(**params["planned"]))

    def params(self) -> dict[str, Any]:
        """The sheet as a rule's parameter."""
        return asdict(self)


@dataclass(frozen=True)
class PeopleSheet:
    """What people are asked. `sides`: language -> items of a question (answers, or pairs)."""

    mode: str
    items: int
    overlap: float
    sides: Mapping[str, int]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """The sheet that a rule's parameter holds."""
        return cls(**params)

    def params(self) -> dict[str, Any]:
        """The sheet as a rule's parameter."""
        return asdict(self)
