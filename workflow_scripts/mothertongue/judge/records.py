"""What the files of answers and ratings hold, as frozen records."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_jsonl


class Item(NamedTuple):
    """One answer to be rated, or two to be compared."""

    id: str
    prompt: str
    answer: str
    reference: str | None = None
    answer_b: str | None = None  # the answer that a pairwise judge sees second
    language: str | None = None  # code of the answers' language


class Reply(NamedTuple):
    """One reply of a judge: its raw text, the rating read from it, or why there is none.

    `model` is the model that the server says has answered; `criteria` and `said`: see `Parsed`.
    """

    text: str
    rating: float | None
    problem: str | None = None
    model: str | None = None
    criteria: dict[str, float] | None = None
    said: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The reply as a file holds it; what most judges do not have is left out."""
        rare = ("criteria", "said")
        return {k: v for k, v in self._asdict().items() if k not in rare or v is not None}


class Rated(NamedTuple):
    """The replies for one item, one per repeat."""

    id: str
    replies: list[Reply]


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of a ratings file: an answer's rating from 1 to 5, or why there is none.

    `characters`: length of the answer; `flags`: signs that the answer addresses the judge.
    """

    id: str
    rating: float | None
    unscored: str | None
    replies: Sequence[Mapping[str, Any]]
    characters: int
    flags: Sequence[str]

    @classmethod
    def of(cls, item: Item, rated: Rated, flags: Sequence[str]) -> "Rating":
        """The mean of the repeats that could be scored."""
        values = [reply.rating for reply in rated.replies if reply.rating is not None]
        problems = [reply.problem for reply in rated.replies if reply.problem]
        return cls(
            item.id,
            sum(values) / len(values) if values else None,
            None if values else (problems or ["no reply"])[-1],
            [reply.as_json() for reply in rated.replies],
            len(item.answer),
            flags,
        )

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Rating":
        """A row of a ratings file, also of one that an earlier version wrote."""
        return cls(
            row["id"],
            row["rating"],
            row.get("unscored"),
            row.get("replies", ()),
            row.get("characters", 0),
            row.get("flags", ()),
        )

    def as_json(self) -> dict[str, Any]:
        """The row as the file holds it."""
        return asdict(self)


class Place(NamedTuple):
    """Which answers a ratings file is about, and whose ratings they are."""

    judge: str
    model: str
    data: str
    scope: str
    lr: str
    seed: int
    questions: str
    language: str

    @classmethod
    def of(cls, path: str | Path) -> "Place":
        """From …/{judge}/{model}/{data}/{scope}/{lr}/seed{n}/{questions}/{language}."""
        parts = Path(path).with_suffix("").parts
        if len(parts) < 8 or not parts[-3].startswith("seed"):
            raise InputError(f"{path}: not the path of a ratings file")
        judge, model, data, scope, lr, seed, questions, language = parts[-8:]
        number = int(seed.removeprefix("seed"))
        return cls(judge, model, data, scope, lr, number, questions, language)

    @property
    def answers(self) -> "Place":
        """The same answers, whoever rates them."""
        return self._replace(judge="")


def read_items(path: Path, language: str | None = None) -> list[Item]:
    """The answers of a file, to be rated. `language`: default the name of the file."""
    language = language or path.stem
    items = []
    for number, row in enumerate(read_jsonl(path), start=1):
        if not isinstance(row.get("answer"), str) or not isinstance(row.get("prompt"), str):
            raise InputError(f"{path}, row {number}: needs id, prompt and answer (text)")
        own = (row["id"], row["prompt"], row["answer"], row.get("reference"))
        items.append(Item(*own, language=language))
    return items


def read_ratings(path: str | Path) -> list[Rating]:
    """The ratings of a file."""
    return [Rating.from_json(row) for row in read_jsonl(path)]
