"""A condition's ratings as figures: the mean over answers scored, a total only of complete sets.

And what a judge's job says of its rows, which rate an answer or compare two.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import InputError
from .pairs import PairRow
from .records import Rating

EXAMPLE = 60  # characters of a reply that a message shows


class Total(NamedTuple):
    """`mean` is over the answers scored; `total` is their sum (paper: 50-250 for 50 questions).

    There is no total unless every answer was scored, and neither without any rating.
    """

    asked: int
    scored: int
    mean: float | None
    total: float | None

    @property
    def complete(self) -> bool:
        """Whether every answer was scored."""
        return self.scored == self.asked

    def covers(self, share: float) -> bool:
        """Whether at least this share of the answers was scored (judge.coverage)."""
        return self.scored > 0 and self.scored >= share * self.asked - 1e-9


def summarise(ratings: Iterable[Rating]) -> Total:
    """Summarise the ratings of one set."""
    values = [one.rating for one in ratings]
    scored = [value for value in values if value is not None]
    asked = len(values)
    if not scored:
        return Total(asked, 0, None, None)
    total = sum(scored)
    return Total(asked, len(scored), total / len(scored), total if len(scored) == asked else None)


def why_unscored(ratings: Sequence[Rating]) -> str:
    """The most frequent reason of answers without a rating."""
    told = Counter(one.unscored or "no rating" for one in ratings if one.rating is None)
    return told.most_common(1)[0][0] if told else "no answers"


def why_empty(ratings: Sequence[Rating], share: float) -> str | None:
    """Why a set has no score, or None if enough of it was scored."""
    found = summarise(ratings)
    if found.covers(share):
        return None
    if not found.scored:
        return why_unscored(ratings)
    few = too_few(found.scored, found.asked, share, "answers scored")
    return f"{few}; most often: {why_unscored(ratings)}"


def too_few(known: int, asked: int, share: float, what: str) -> str:
    """`12 of 50 answers scored, fewer than judge.coverage (90%)`."""
    return f"{known} of {asked} {what}, fewer than judge.coverage ({share:.0%})"


def refuse_unscored(judge: str, rows: Sequence[Rating | PairRow], what: str) -> None:
    """Raise `InputError` where every row stayed unscored. `what`: `answers of … could be scored`."""
    if not rows or any(row.unscored is None for row in rows):
        return
    (why, most), *others = Counter(row.unscored for row in rows).most_common()
    raise InputError(
        f"judge {judge}: none of the {len(rows)} {what}"
        f" ({most} times: {why}{f'; and {len(others)} other reasons' if others else ''}{_said(rows)})."
        " All replies are kept (snakemake export_replies writes them out); check the judge's model and"
        " settings (judge.judges; reply: brackets asks for no JSON), then run again"
    )


def _said(rows: Sequence[Rating | PairRow]) -> str:
    """`; for example 'I cannot tell.'`: the first words that a judge has said."""
    texts = (str(reply.get("text") or "") for row in rows for reply in row.replies)
    text = next((" ".join(one.split()) for one in texts if one.strip()), "")
    if not text:
        return ""
    return f"; for example {text if len(text) <= EXAMPLE else text[: EXAMPLE - 1] + '…'!r}"


def print_remarks(rows: Iterable[Rating | PairRow]) -> None:
    """Print which rows stayed unscored, and whose answers address the judge."""
    for row in rows:
        if row.unscored:
            print(f"unscored {row.id}: {row.unscored}")
        if row.flags:
            print(f"{row.id} addresses the judge: {', '.join(row.flags)}")
