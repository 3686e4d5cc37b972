"""The records of an evaluation: items of a test, notes on how they were read, and the score file.

Rows of files and lm-eval's `doc` dictionaries are the edges: items are made of the former once, and
become the latter when a task is handed to lm-eval.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, TypedDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What every item of a test has. Other programs may read its fields by name: `item["id"]`."""

    id: str = ""
    cluster: str = ""
    subject: str

    def __getitem__(self, name: str) -> Any:
        """A field by its name."""
        if name not in set(self.keys()):
            raise KeyError(name)
        return getattr(self, name)

    def keys(self) -> Iterator[str]:
        """The names of the fields, so that `dict(item)` works."""
        return (field.name for field in fields(self))

    def content(self) -> dict[str, Any]:
        """What makes the item what it is: all but its id, cluster and subject."""
        names = {"id", "cluster", "subject"}
        return {name: value for name, value in asdict(self).items() if name not in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceItem(Item):
    """A question with four options; `gold` is the number of the right one."""

    context: str
    question: str
    A: str
    B: str
    C: str
    D: str
    gold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClozeItem(Item):
    """The beginning of a sentence, or a question, and two or more ways to go on."""

    context: str
    question: str
    options: list[str]
    gold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortAnswerItem(Item):
    """A question on a passage, with one or more right answers."""

    context: str
    question: str
    answers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberItem(Item):
    """A word problem; `answer_written` shows the marks with which the gold answer is written."""

    question: str
    answer_number: str
    answer_written: str
    solution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem(Item):
    """A native row whose output's likelihood is measured."""

    instruction: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationItem(TextItem):
    """A native row of several turns, whose last answer's likelihood is measured.

    `instruction` is what the user says last; `earlier`: the turns before, `system`: the system message.
    """

    earlier: list[str]
    system: str | None


class Report(TypedDict, total=False):
    """What a reader of a score should know of its items."""

    sources: dict[str, str]  # part -> what its rows were read from
    dropped: dict[str, int]  # reason -> rows
    notes: list[str]


class Metric(TypedDict):
    """A metric as score files hold it."""

    value: float
    stderr: float | None
    n: int


class Summary(TypedDict):
    """All metrics of an evaluation, with their units and directions."""

    metrics: dict[str, Metric]
    unit: dict[str, str]
    higher_is_better: dict[str, bool]


class Chance(TypedDict):
    """What a model that knows nothing would reach."""

    chance: float | None
    chance_levels: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Score:
    """The score file without its condition and provenance (docs/results.md)."""

    task: str
    language: str
    metric: str
    metrics: dict[str, Metric]
    unit: dict[str, str]
    higher_is_better: dict[str, bool]
    chance: float | None
    chance_levels: dict[str, dict[str, float]]
    n: int
    version: Any  # as the task's YAML file has it
    shots: int
    output: dict[str, Any] | None
    ties: int | None
    with_end: dict[str, float] | None
    cut: dict[str, int] | None
    data: dict[str, str]
    dropped: dict[str, int]
    notes: list[str]
