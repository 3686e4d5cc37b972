"""Portions of a dataset: a number of rows, or a share of all, in an order that each draw has of its own.

The rows that judge epochs are the same for every portion: those of the source's own split. A portion of
N rows has N training rows, and as many validation rows beside them as the split's share asks for.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import InputError
from .draw import ranked
from .rows import Row

ALL = "all"


@dataclass(frozen=True, slots=True)
class Halves:
    """A source's rows: those that may be trained on, and those that judge epochs."""

    training: list[Row]
    validation: list[Row]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Which rows are drawn. `draw`: None where all rows are taken, so that nothing is drawn.

    `nested`: the order depends on the draw alone, so that a larger portion holds the smaller one.
    `turn` of `turns`: this portion and others take the rows of the order by turns.
    """

    draw: int | None
    nested: bool = True
    turn: int = 0
    turns: int = 1

    def order(self, rows: Sequence[Row], number: int, seed: int) -> list[Row]:
        """The rows of this portion's turn, in the order in which they are taken.

        Ids decide, so that rows with the same ids are drawn together, whatever their language is.
        """
        if self.draw is None:
            return list(rows)
        purpose = f"draw:{self.draw}" if self.nested else f"draw:{self.draw}:{number}"
        return ranked(rows, seed, purpose)[self.turn :: self.turns]


def beside(number: int, share: float) -> int:
    """Validation rows of so many training rows, where the split holds out a share."""
    return max(1, round(number * share / (1 - share)))


def most(shares: Mapping[str, float], there: Mapping[str, int]) -> int:
    """The most rows that a mixture of shares can have, when each part has so many rows."""
    return min(math.floor(there[name] / share + 1e-9) for name, share in shares.items())


def draw_portion(
    halves: Halves, wanted: int | str, how: Drawing, *, share: float, seed: int, what: str
) -> list[Row]:
    """Training rows, then validation rows, of one portion; `what` names it where rows are short."""
    if wanted == ALL:
        return [*halves.training, *halves.validation]
    number = int(wanted)
    training = how.order(halves.training, number, seed)
    if number > len(training):
        raise InputError(
            f"{what}: {number} training rows are asked for, but there are {len(training)}"
            f" (of {len(halves.training) + len(halves.validation)} rows"
            + f", divided by {how.turns}" * (how.turns > 1)
            + "); take a smaller number, or all"
        )
    validation = how.order(halves.validation, number, seed)
    return training[:number] + validation[: beside(number, share)]
