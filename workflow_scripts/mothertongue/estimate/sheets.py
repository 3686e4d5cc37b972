"""What the estimate is told of a study, as a record; a rule's parameter holds it as a dictionary."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ModelSheet:
    """What one model trains on, reads and writes, how often it is loaded, and on what.

    `trained`: files of its training sets, relative to <results>; `evaluated`: task and items of each
    benchmark; `answered`: questions of each set; `bytes`: of GPU memory, by quantisation and stage;
    `card`: name and memory of its card; `guessed`: the memory follows from its size alone.
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

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """The sheet that a rule's parameter holds."""
        return cls(**params)

    def params(self) -> dict[str, Any]:
        """The sheet as a rule's parameter."""
        return asdict(self)
