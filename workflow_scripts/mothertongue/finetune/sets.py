"""Training and validation rows: the same split for every version of the data."""

from collections.abc import Iterable
from pathlib import Path

from ..files import text_hash
from ..sample.portions import Halves
from ..sample.rows import Row, read_rows
from ..translate.counts import ids_left_out

Rows = list[Row]


FLAGS = ("flags", "pivot_flags")  # in `origin`: of the translation, and of the way out before it


def usable(rows: Rows, flagged: str) -> Rows:
    """Rows to train on: all of them, or (`flagged` is `drop`) those that no check flagged."""
    if flagged == "keep":
        return rows
    return [row for row in rows if not any(row.origin.get(flag) for flag in FLAGS)]


def shared(rows: Rows, others: Iterable[Rows]) -> Rows:
    """Rows whose ids all the other sets have, too."""
    for other in others:
        ids = {row.id for row in other}
        rows = [row for row in rows if row.id in ids]
    return rows


def related(rows: Rows, others: Iterable[Rows]) -> list[Rows]:
    """Those of the other sets that have any of these ids."""
    ids = {row.id for row in rows}
    return [other for other in others if any(row.id in ids for row in other)]


def ids_of_source(dataset: Path, rows: Rows) -> set[str]:
    """Ids of the set's source: its own, and those that its translation, there or back, left out."""
    reports = [dataset.with_suffix(".report.json"), dataset.with_suffix(".pivot.report.json")]
    return {row.id for row in rows} | ids_left_out(path for path in reports if path.is_file())


def halves_of(source: Path, *, share: float, seed: int) -> Halves:
    """The rows of a source that may be trained on, and those that judge epochs."""
    rows = read_rows(source)
    ids = ids_of_source(source, rows)
    return Halves(*split_parallel(rows, share=share, seed=seed, ids=ids))


def split_rows(
    rows: Rows, *, share: float, seed: int, ids: Iterable[str] | None = None
) -> tuple[Rows, Rows]:
    """Training and validation rows in their given order; at least one row on either side.

    `ids`: what the split is drawn from, if that is more than the rows.
    """
    ranked = sorted({row.id for row in rows} if ids is None else ids)
    ranked.sort(key=lambda name: text_hash(str(seed), name))
    count = min(max(1, round(share * len(ranked))), len(ranked) - 1)
    chosen = set(ranked[:count])
    training = [row for row in rows if row.id not in chosen]
    validation = [row for row in rows if row.id in chosen]
    if ids is not None and not (training and validation):  # a side has lost all its rows
        return split_rows(rows, share=share, seed=seed)
    return training, validation


def split_parallel(
    rows: Rows, *, share: float, seed: int, ids: set[str] | None
) -> tuple[Rows, Rows]:
    """Split rows of which some have ids of another set: those as that set, the others by themselves."""
    marked = {row.id for row in rows if row.origin.get("parallel_to")}
    apart = [row for row in rows if row.id not in marked]
    if not marked or not apart:
        return split_rows(rows, share=share, seed=seed, ids=ids)
    others = {row.id for row in apart}
    pair = [row for row in rows if row.id in marked]
    halves = (
        split_rows(pair, share=share, seed=seed, ids=None if ids is None else ids - others),
        split_rows(apart, share=share, seed=seed),
    )
    chosen = {row.id for _, validation in halves for row in validation}
    training = [row for row in rows if row.id not in chosen]
    return training, [row for row in rows if row.id in chosen]
