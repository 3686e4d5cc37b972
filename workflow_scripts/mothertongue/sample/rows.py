"""The one form of a row of instruction data, from sampling to training, in memory and on disk.

A dataset is JSON Lines, one object per row. A row of one question and one answer has the keys
`id, language, instruction, output, origin`. A row with several turns or a system message has
`turns` (objects of `role`, user or assistant, and `content`) and, if there is one, `system` in the
place of instruction and output. `origin` says where the row comes from and what was done to it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_jsonl, write_jsonl

ROLES = ("user", "assistant")  # turns alternate and begin with the user
FIELDS = ("instruction", "output")  # what a text is to its row: asked, or answered


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says. `role`: user or assistant."""

    role: str
    content: str


class Text(NamedTuple):
    """One text of a row. `place`: its name within the row; `field`: instruction or output."""

    place: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of instruction data. `turns` alternate, begin with the user and end with the assistant."""

    id: str
    language: str
    turns: tuple[Turn, ...]
    origin: Mapping[str, Any]
    system: str | None = None

    @classmethod
    def pair(
        cls, id: str, language: str, instruction: str, output: str, origin: Mapping[str, Any]
    ) -> "Row":
        """A row of one question and one answer."""
        return cls(id, language, (Turn("user", instruction), Turn("assistant", output)), origin)

    @property
    def is_pair(self) -> bool:
        """Whether the row is one question and one answer, without a system message."""
        return len(self.turns) == 2 and self.system is None

    @property
    def instruction(self) -> str:
        """The first thing that the user says."""
        return self.turns[0].content

    @property
    def output(self) -> str:
        """The last answer of the assistant."""
        return self.turns[-1].content

    @property
    def content(self) -> tuple[str, ...]:
        """What makes two rows exact duplicates: the system message, if any, and every turn."""
        return tuple(text.text for text in self.texts())

    def texts(self) -> Iterator[Text]:
        """Every text in order: system message first, then the turns."""
        if self.system is not None:
            yield Text("system", FIELDS[0], self.system)
        for number, turn in enumerate(self.turns):
            field = FIELDS[ROLES.index(turn.role)]
            yield Text(field if self.is_pair else f"turns.{number}", field, turn.content)

    def with_texts(self, texts: Mapping[str, str]) -> "Row":
        """The same row with other texts, given by place for every place of `texts()`."""
        made = [texts[text.place] for text in self.texts() if text.place != "system"]
        turns = tuple(
            replace(turn, content=text) for turn, text in zip(self.turns, made, strict=True)
        )
        return replace(self, turns=turns, system=texts.get("system"))

    def as_json(self) -> dict[str, Any]:
        """The row as a JSON object."""
        head = {"id": self.id, "language": self.language}
        if self.is_pair:
            return {
                **head,
                "instruction": self.instruction,
                "output": self.output,
                "origin": self.origin,
            }
        system = {} if self.system is None else {"system": self.system}
        turns = [{"role": turn.role, "content": turn.content} for turn in self.turns]
        return {**head, **system, "turns": turns, "origin": self.origin}

    @classmethod
    def of(cls, found: "Row | Mapping[str, Any]", place: str) -> "Row":
        """A row, or the object that a dataset's file has for it."""
        return found if isinstance(found, Row) else cls.from_json(found, place)

    @classmethod
    def from_json(cls, found: Mapping[str, Any], place: str) -> "Row":
        """The row of a JSON object; what breaks the contract is an `InputError` naming `place`."""
        several = "turns" in found
        keys = ("id", "language", *(("turns",) if several else FIELDS), "origin")
        missing = [key for key in keys if key not in found]
        if missing:
            raise InputError(
                f"{place}: no column {', '.join(missing)} (a dataset row has {', '.join(keys)})"
            )
        for key in ("id", "language"):
            _visible(found[key], place, key)
        if not isinstance(found["origin"], dict):
            raise InputError(f"{place}: 'origin' must be an object")
        if several:
            turns = _turns(found["turns"], place)
        else:
            turns = tuple(
                Turn(role, _visible(found[key], place, key))
                for role, key in zip(ROLES, FIELDS, strict=True)
            )
        system = found.get("system")
        if system is not None:
            _visible(system, place, "system")
        return cls(found["id"], found["language"], turns, found["origin"], system)


def _visible(value: Any, place: str, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{place}: '{key}' is empty or not text")
    return value


def _turns(found: Any, place: str) -> tuple[Turn, ...]:
    if not isinstance(found, list) or not found or len(found) % 2:
        raise InputError(
            f"{place}: 'turns' must be a list that ends with an answer of the assistant"
        )
    turns = []
    for number, said in enumerate(found):
        key, expected = f"turns.{number}", ROLES[number % 2]
        role = said.get("role") if isinstance(said, dict) else None
        if role != expected:
            raise InputError(f"{place}: '{key}' has the role {role!r} where {expected!r} should be")
        turns.append(Turn(expected, _visible(said.get("content"), place, key)))
    return tuple(turns)


def check_rows(rows: Iterable[Row], path: str | Path) -> None:
    """Refuse a dataset without a row, or with an id that stands twice."""
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        if row.id in seen:
            raise InputError(
                f"{path}, row {number}: id '{row.id}' already stands in row {seen[row.id]}"
            )
        seen[row.id] = number
    if not seen:
        raise InputError(f"{path}: the dataset is empty")


def read_rows(path: str | Path) -> list[Row]:
    """Read a dataset; the first breach of the contract is an `InputError` naming file and row."""
    rows = [
        Row.from_json(found, f"{path}, row {number}")
        for number, found in enumerate(read_jsonl(path), start=1)
    ]
    check_rows(rows, path)
    return rows


def iterate_rows(path: Path) -> Iterator[Row]:
    """Read a dataset row by row, so that memory does not grow with it (ids are kept by their hash)."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    seen: set[int] = set()
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, start=1):
            place = f"{path}, row {number}"
            try:
                found = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: not valid JSON ({error})") from None
            if not isinstance(found, dict):
                raise InputError(f"{place}: expected a JSON object {{…}}")
            row = Row.from_json(found, place)
            if hash(row.id) in seen:
                raise InputError(f"{place}: id '{row.id}' already stands above")
            seen.add(hash(row.id))
            yield row
    if not seen:
        raise InputError(f"{path}: the dataset is empty")


def write_rows(path: str | Path, rows: Iterable[Row]) -> None:
    """Check a dataset, then write it atomically."""
    rows = list(rows)
    for number, row in enumerate(rows, start=1):
        for text in row.texts():
            _visible(text.text, f"{path}, row {number}", text.place)
    check_rows(rows, path)
    write_jsonl(path, (row.as_json() for row in rows))
