"""Several judges taken together: the mean of their ratings or verdicts, or what most of them say.

A jury has a rating of an answer only where every member has one: a mean over other members would be
on another scale.
"""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from ..errors import InputError
from .pairs import PairRow, verdict_of
from .records import Rating

MEAN, MAJORITY = "mean", "majority"
Row = TypeVar("Row", Rating, PairRow)


def together(values: Sequence[float], by: str) -> float:
    """The mean; or what more than half of the values are, else their median."""
    if by == MEAN:
        return statistics.fmean(values)
    value, times = Counter(values).most_common(1)[0]
    return value if 2 * times > len(values) else statistics.median(values)


def join_ratings(members: Mapping[str, Sequence[Rating]], by: str) -> list[Rating]:
    """One row per answer from the rows of every member, which are about the same answers."""
    joined = []
    for rows in _aligned(members):
        known = {name: row.rating for name, row in rows.items()}
        lacking = [name for name, value in known.items() if value is None]
        one = next(iter(rows.values()))
        values = [value for value in known.values() if value is not None]
        replies = [
            {"text": f"{name}: {'none' if value is None else f'{value:g}'}", "rating": value}
            for name, value in known.items()
        ]
        joined.append(
            Rating(
                one.id,
                None if lacking else together(values, by),
                f"no rating by {', '.join(lacking)}" if lacking else None,
                replies,
                one.characters,
                one.flags,
            )
        )
    return joined


def join_verdicts(members: Mapping[str, Sequence[PairRow]], by: str) -> list[PairRow]:
    """One row per pair of answers, order by order."""
    joined = []
    for rows in _aligned(members):
        lacking = [name for name, row in rows.items() if row.verdict is None]
        one = next(iter(rows.values()))
        scores = [
            None if lacking else together([s for s in order if s is not None], by)
            for order in zip(*((row.first, row.second) for row in rows.values()))
        ]
        replies = [{"text": f"{name}: {row.verdict or 'none'}"} for name, row in rows.items()]
        joined.append(
            PairRow(
                one.id,
                verdict_of(scores[0], scores[1]),
                f"no verdict by {', '.join(lacking)}" if lacking else None,
                scores[0],
                scores[1],
                replies,
                one.characters,
                one.flags,
            )
        )
    return joined


def _aligned(members: Mapping[str, Sequence[Row]]) -> list[dict[str, Row]]:
    """The members' rows of each answer."""
    by_id = {name: {row.id: row for row in rows} for name, rows in members.items()}
    first, *others = by_id
    for name in others:
        if by_id[name].keys() != by_id[first].keys():
            raise InputError(
                f"judges {first} and {name} have judged different questions; delete the older of"
                " their files and run again"
            )
    return [{name: rows[key] for name, rows in by_id.items()} for key in by_id[first]]
