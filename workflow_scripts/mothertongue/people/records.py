"""What people are asked and what they said, as frozen records."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_jsonl, text_hash

RATING, PAIRWISE = "rating", "pairwise"
MARKS = ("1", "2", "3", "4", "5")
CHOICES = ("A", "B", "tie")


class Unit(NamedTuple):
    """A question that adapters which differ in their training data alone have answered."""

    language: str
    questions: str
    question: str
    model: str
    scope: str
    lr: str
    seed: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be labelled, as the blind key has it; annotators see its `id` alone of this.

    `a` is the training data of the rated answer, or of the pair's first; `b` is the pair's other one.
    `order` is 1 where the pair is shown the other way round. `annotators` label the item. `texts` is
    the hash of what they see: labels of answers that have changed since are labels of other items.
    """

    unit: Unit
    a: str
    b: str | None
    order: int
    annotators: tuple[str, ...]
    texts: str

    @property
    def id(self) -> str:
        """An id that says nothing about the condition."""
        return text_hash(*map(str, self.unit), self.a, self.b or "", str(self.order), self.texts)[
            :12
        ]

    @property
    def mode(self) -> str:
        """rating or pairwise."""
        return PAIRWISE if self.b else RATING

    @property
    def labels(self) -> tuple[str, ...]:
        """What people may say of it."""
        return CHOICES if self.b else MARKS

    def as_json(self) -> dict[str, Any]:
        """A row of the key."""
        return {
            "item": self.id,
            **self.unit._asdict(),
            "a": self.a,
            "b": self.b,
            "order": self.order,
            "annotators": self.annotators,
            "texts": self.texts,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Item":
        """From a row of the key."""
        unit = Unit(*(row[name] for name in Unit._fields))
        return cls(unit, row["a"], row["b"], row["order"], tuple(row["annotators"]), row["texts"])


class Sheet(NamedTuple):
    """An item as an annotator sees it: a question, and an answer or two in the order shown."""

    item: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What one person said of one item, without the blindfold.

    `value`: a mark from 1 to 5; of a pair 1 where the answer of `a` is better, 0 where that of `b`
    is, .5 for a tie. `choice` is what was said: a mark, A, B or tie.
    """

    item: str
    annotator: str
    choice: str
    value: float
    unit: Unit
    a: str
    b: str | None
    order: int

    @classmethod
    def of(cls, item: Item, annotator: str, choice: str) -> "Label":
        """A choice with its meaning; the order in which a pair was shown is undone."""
        if item.b is None:
            value = float(choice)
        else:
            value = 0.5 if choice == "tie" else float((choice == "A") == (item.order == 0))
        return cls(item.id, annotator, choice, value, item.unit, item.a, item.b, item.order)

    def as_json(self) -> dict[str, Any]:
        """A row of labels.jsonl."""
        return {**asdict(self), "unit": self.unit._asdict()}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Label":
        """From a row of labels.jsonl."""
        return cls(**{**row, "unit": Unit(**row["unit"])})


def read_key(paths: Sequence[Path]) -> dict[str, Item]:
    """Item id -> item of the blind keys; two studies' keys cannot share an id by chance."""
    found: dict[str, Item] = {}
    for path in paths:
        for number, row in enumerate(read_jsonl(path), start=1):
            try:
                item = Item.from_json(row)
            except (KeyError, TypeError) as error:
                raise InputError(
                    f"{path}, row {number}: no row of a key ({error}); export again"
                ) from None
            found[item.id] = item
    return found


def read_labels(path: Path) -> list[Label]:
    """The labels of labels.jsonl."""
    return [Label.from_json(row) for row in read_jsonl(path)]
