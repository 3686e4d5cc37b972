"""What a condition is trained on: one kind of data or a mixture, how many rows, and which draw of them.

A `Mix` stands in the segment `data` of a condition's path; this is the one place that spells the
segment and reads it. Data as it is has its name alone (`native`). Rows that are drawn are spelled with
their numbers: `native_250_draw1`, `google_750+native_250_draw2`, `google_all`. A mixture of shares of
all rows keeps its shares (`google_0.75+native_0.25_draw1`), since nobody has counted the rows yet.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from ..scores import ROUND_TRIP
from .schema import Json

ALL = "all"  # as many rows as there are
NATIVE, ENGLISH = "native", "english"  # sources of rows, beside data that is translated already
NAME = "[a-z0-9][a-z0-9-]*"
INDEPENDENT = "-independent"  # of draws that do not hold the smaller ones
_PART = rf"{NAME}_(?:{ALL}|[0-9.]+)"
SIZED = rf"{_PART}(?:\+{_PART})*(?:_draw[0-9]+(?:{INDEPENDENT})?)?"  # as a pattern
SEGMENT = rf"(?:{NAME}|{SIZED})"

Amount = int | float | str | None  # rows, a share (below 1) of all, ALL, or None: as the data is


class Part(NamedTuple):
    """One kind of data in a mix, and how much of it."""

    data: str
    amount: Amount = None


class Portion(NamedTuple):
    """Rows that are drawn from a source for one part of a mix.

    `token` names the portion in paths. Parts that are drawn from the same source take turns in its
    order (the first of two takes the rows at even places), so that no row is in both of them.
    """

    data: str
    source: str
    token: str
    turn: int = 0
    turns: int = 1


@dataclass(frozen=True, slots=True)
class Mix:
    """Data of a condition: its parts, and the draw of its rows (None: nothing is drawn).

    `nested`: a larger set of the same draw holds the smaller one.
    """

    parts: tuple[Part, ...]
    draw: int | None = None
    nested: bool = True

    @classmethod
    def of(
        cls, amounts: Mapping[str, Amount], draw: int | None = None, nested: bool = True
    ) -> Self:
        """A mix of some amounts, its parts in alphabetical order, so that it has one spelling."""
        parts = (Part(name, _whole(amount)) for name, amount in sorted(amounts.items()))
        return cls(tuple(parts), draw, nested or draw is None)

    @classmethod
    def parse(cls, segment: str) -> Self:
        """The mix of a path's segment; `path` gives the segment back."""
        if not re.fullmatch(SIZED, segment):
            return cls((Part(segment),))
        body, _, draw = segment.partition("_draw")
        pairs = (one.split("_") for one in body.split("+"))
        number = int(draw.removesuffix(INDEPENDENT)) if draw else None
        amounts = {name: _amount(text) for name, text in pairs}
        return cls.of(amounts, number, not draw.endswith(INDEPENDENT))

    @property
    def path(self) -> str:
        """The segment of a condition's path."""
        if self.is_plain:
            return self.parts[0].data
        body = "+".join(f"{one.data}_{_spelled(one.amount)}" for one in self.parts)
        return f"{body}{self._draw}"

    @property
    def _draw(self) -> str:
        return f"_draw{self.draw}{'' if self.nested else INDEPENDENT}" if self.draw else ""

    @property
    def is_plain(self) -> bool:
        """Whether it is data as it is, without a number of rows."""
        return self.parts[0].amount is None

    def label(self, label_of: Callable[[str], str]) -> str:
        """`250 rows of native + 750 of Google, draw 1`; `label_of`: the label of a kind of data."""
        if self.is_plain:
            return label_of(self.parts[0].data)
        words = [f"{_words(one.amount)} {label_of(one.data)}" for one in self.parts]
        kind = "" if self.nested else " (independent)"
        return " + ".join(words) + (f", draw {self.draw}{kind}" if self.draw else "")

    def shares(self) -> dict[str, float] | None:
        """Data -> its share of all rows, if the mix is one of shares."""
        found = {one.data: one.amount for one in self.parts if isinstance(one.amount, float)}
        return found or None

    def portions(self, translators: Collection[str]) -> list[Portion]:
        """What has to be drawn for each part; nothing for data as it is."""
        if self.is_plain:
            return []
        sources = [source_of(one.data, translators) for one in self.parts]
        found = []
        for place, (one, source) in enumerate(zip(self.parts, sources, strict=True)):
            turn, turns = sources[:place].count(source), sources.count(source)
            own = f"{turn + 1}of{turns}-" if turns > 1 else ""
            amount = self.path if self.shares() else f"{_spelled(one.amount)}{self._draw}"
            found.append(Portion(one.data, source, own + amount, turn, turns))
        return found


def is_sized(segment: str) -> bool:
    """Whether a segment names numbers of rows, beside kinds of data."""
    return bool(re.fullmatch(SIZED, segment))


def source_of(data: str, translators: Collection[str]) -> str:
    """Where the rows of data come from: native rows, English rows, or a name in `data`."""
    if data in translators:
        return ENGLISH
    return NATIVE if data == NATIVE or data.endswith(ROUND_TRIP) else data


def _amount(text: str) -> Amount:
    if text == ALL:
        return ALL
    return float(text) if "." in text else int(text)


def _whole(amount: Amount) -> Amount:
    """200.0 as 200; a share with six digits, as it is spelled."""
    if not isinstance(amount, float):
        return amount
    return int(amount) if amount.is_integer() else round(amount, 6)


def _spelled(amount: Amount) -> str:
    return f"{amount:g}" if isinstance(amount, float) else str(amount)


def _words(amount: Amount) -> str:
    return f"{amount:.0%}" if isinstance(amount, float) else str(amount)


def apportion(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Rows of each part: the largest remainders are rounded up, so that they sum to `total`."""
    exact = {name: share * total for name, share in shares.items()}
    found = {name: math.floor(value + 1e-9) for name, value in exact.items()}
    short = total - sum(found.values())
    for name in sorted(exact, key=lambda name: found[name] - exact[name])[: max(0, short)]:
        found[name] += 1
    return found


def rows_asked(entry: Json) -> list[Json] | None:
    """Numbers of rows that an entry of `conditions` asks for; None: sets as they are."""
    rows = entry.get("rows") if isinstance(entry, Mapping) else None
    return rows if isinstance(rows, list) else None


def mixes_of(entry: Json, translators: Collection[str]) -> list[Mix]:
    """Every mix of an entry of `conditions`, each once, in its order."""
    rows, draws = rows_asked(entry), entry.get("draws") or [1]
    nested = entry.get("nested", True)
    found: list[Mix] = []
    for wanted in [*(entry.get("data") or ()), *(entry.get("mix") or ())]:
        if isinstance(wanted, str):
            for number in rows or [None]:
                if isinstance(number, int):
                    found += [Mix.of({wanted: number}, draw, nested) for draw in draws]
                else:  # all native rows are the set as it is; of English there may be more
                    more = number == ALL and wanted in translators
                    found.append(Mix.of({wanted: ALL if more else None}))
        elif all(isinstance(_whole(amount), int) for amount in wanted.values()):
            found += [Mix.of(wanted, draw, nested) for draw in draws]
        else:
            for number in rows or [ALL]:
                amounts = wanted if number == ALL else apportion(wanted, number)
                found += [Mix.of(amounts, draw, nested) for draw in draws]
    return list(dict.fromkeys(found))
