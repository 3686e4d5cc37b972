"""Two conditions' answers to one question, shown to a judge in both orders: what the files hold.

`first` and `second` are the score of the own answer (1 preferred, .5 tie, 0 the other preferred) where
it is shown first and second. A verdict is what both orders say: win, loss or tie; inconsistent where
the order decides. A question of which an order has no readable reply is unscored, never guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import read_jsonl
from .flags import injection_flags
from .records import Item, Place, Rated, Reply

WIN, LOSS, TIE, INCONSISTENT = "win", "loss", "tie", "inconsistent"
AGAINST = ".against-"  # between the language and the other data in a file's name
SAME = "the same answer"  # word for word: a tie that nobody needs to be asked about


class Meeting(NamedTuple):
    """One question with the own and the other answer."""

    id: str
    prompt: str
    own: str
    other: str
    reference: str | None
    language: str | None

    @property
    def same(self) -> bool:
        """Whether both answers are the same, word for word."""
        return self.own == self.other

    def orders(self) -> tuple[Item, Item]:
        """What is asked: the own answer first, then second."""
        common = {"reference": self.reference, "language": self.language}
        return (
            Item(self.id, self.prompt, self.own, answer_b=self.other, **common),
            Item(self.id, self.prompt, self.other, answer_b=self.own, **common),
        )


class PairPlace(NamedTuple):
    """Which two answer sets a file of verdicts is about, and whose verdicts they are."""

    place: Place
    against: str

    @classmethod
    def of(cls, path: str | Path) -> "PairPlace":
        """From …/{questions}/{language}.against-{data}.jsonl."""
        own = Path(path).with_suffix("")
        language, found, against = own.name.partition(AGAINST)
        if not found:
            raise InputError(f"{path}: not the path of a file of verdicts")
        return cls(Place.of(own.with_name(f"{language}.jsonl")), against)


@dataclass(frozen=True, slots=True)
class PairRow:
    """One row of a file of verdicts. `replies`: with `own_shown`, first or second.

    `characters`: lengths of the own and the other answer; `flags`: signs that one addresses the judge.
    """

    id: str
    verdict: str | None
    unscored: str | None
    first: float | None
    second: float | None
    replies: Sequence[Mapping[str, Any]]
    characters: tuple[int, int]
    flags: Sequence[str]

    @classmethod
    def of(cls, meeting: Meeting, first: Rated | None, second: Rated | None) -> "PairRow":
        """From the replies in both orders; none where both answers are the same."""
        lengths = len(meeting.own), len(meeting.other)
        flags = sorted({*injection_flags(meeting.own), *injection_flags(meeting.other)})
        if first is None or second is None:
            return cls(meeting.id, TIE, None, 0.5, 0.5, [{"text": SAME}], lengths, flags)
        a, b = mean_score(first.replies), mean_score(second.replies)
        own_second = None if b is None else 1 - b
        shown = [("first", reply) for reply in first.replies]
        shown += [("second", reply) for reply in second.replies]
        problems = [
            reply.problem or "no reply"
            for rated, score in ((first, a), (second, b))
            if score is None
            for reply in rated.replies or [Reply("", None)]
        ]
        return cls(
            meeting.id,
            verdict_of(a, own_second),
            problems[-1] if problems else None,
            a,
            own_second,
            [{"own_shown": where, **reply.as_json()} for where, reply in shown],
            lengths,
            flags,
        )

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "PairRow":
        """A row of a file."""
        own, other = row["characters"]
        return cls(
            row["id"],
            row["verdict"],
            row["unscored"],
            row["first"],
            row["second"],
            row["replies"],
            (own, other),
            row["flags"],
        )

    def as_json(self) -> dict[str, Any]:
        """The row as the file holds it."""
        return asdict(self)


def mean_score(replies: Sequence[Reply]) -> float | None:
    """The mean of the readable replies of one order."""
    values = [reply.rating for reply in replies if reply.rating is not None]
    return sum(values) / len(values) if values else None


def verdict_of(first: float | None, second: float | None) -> str | None:
    """What both orders say about the own answer; None where one of them says nothing."""
    if first is None or second is None:
        return None
    sides = {(score > 0.5) - (score < 0.5) for score in (first, second)}
    if len(sides) > 1:
        return INCONSISTENT
    return {1: WIN, 0: TIE, -1: LOSS}[sides.pop()]


def meetings(own: Path, other: Path, language: str | None = None) -> list[Meeting]:
    """The questions of two answer sets, which have to be the same ones."""
    mine, theirs = ({row["id"]: row for row in read_jsonl(path)} for path in (own, other))
    if mine.keys() != theirs.keys():
        lone = sorted(mine.keys() ^ theirs.keys(), key=str)
        raise InputError(
            f"{own} and {other}: {len(lone)} questions stand in one of them only, {lone[0]} for one;"
            " answer both sets again"
        )
    found = []
    for name, row in mine.items():
        pair = row, theirs[name]
        if not all(isinstance(one.get(key), str) for one in pair for key in ("prompt", "answer")):
            raise InputError(f"{own} and {other}, {name}: need prompt and answer (text)")
        if row["prompt"] != theirs[name]["prompt"]:
            raise InputError(f"{own} and {other}: question {name} is not the same in both")
        answers = row["answer"], theirs[name]["answer"]
        where = language or own.stem
        found.append(Meeting(name, row["prompt"], *answers, row.get("reference"), where))
    return found


def asked_items(found: Sequence[Meeting]) -> list[Item]:
    """What a judge is asked about meetings, two items each."""
    return [item for one in found if not one.same for item in one.orders()]


def read_verdicts(path: str | Path) -> list[PairRow]:
    """The rows of a file of verdicts."""
    return [PairRow.from_json(row) for row in read_jsonl(path)]
