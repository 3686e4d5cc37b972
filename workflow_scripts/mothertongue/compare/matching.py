"""Matches the items of a task that several runs have, and says what makes it different tests.

Items pair by the hash of their content where every run has one, else by their id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import InputError
from .records import Block

if TYPE_CHECKING:
    import polars as pl


class Cell(NamedTuple):
    """Where runs are compared."""

    task: str
    metric: str
    language: str

    def __str__(self) -> str:
        """`belebele, es`."""
        return ", ".join(part for part in (self.task, self.language) if part)


@dataclass(frozen=True)
class Scores:
    """The scores of a cell: values and weights are items x adapters, NaN where there is none."""

    cell: Cell
    values: np.ndarray
    weights: np.ndarray
    columns: dict[tuple[str, str], list[int]]  # run and model -> its replicates
    codes: np.ndarray  # cluster of each item, counted over the languages of a task
    clusters: int  # of the task
    percent: bool
    lower_is_better: bool
    chance: float  # NaN: unknown

    @property
    def scale(self) -> float:
        """What a score is multiplied with: fractions are shown in points of 100."""
        top = np.nanmax(self.values) if self.values.size else 0.0
        return 100.0 if self.percent and top <= 1 else 1.0

    @property
    def unit(self) -> str:
        """Unit of a difference."""
        return "points" if self.percent else self.cell.metric


def check(blocks: list[list[Block]]) -> None:
    """No item twice, and a number for each."""
    for block in (one for own in blocks for one in own):
        rows = block.rows
        wrong = rows.filter(~rows["score"].is_finite().fill_null(False))
        if len(wrong):
            first = wrong.row(0, named=True)
            said = "empty" if first["score"] is None else f"{first['score']:g}"
            raise InputError(
                f"{block.source}: {block.metric} of {len(wrong):,} items is no finite number (first:"
                f" item {first['item']}, {said}); score them again, or leave them out of all runs"
            )
        if rows["item"].n_unique() < len(rows):
            twice = rows.filter(rows["item"].is_duplicated())["item"][0]
            raise InputError(
                f"{block.source}: item {twice} stands twice in {block.task}; give items ids of"
                " their own, and trainings a column 'replicate'"
            )


def mismatches(names: Sequence[str], blocks: list[list[Block]], cell: Cell) -> list[str]:
    """What makes a task of the runs different tests, said once per run."""
    import polars as pl

    found = []
    first = blocks[0][0]
    for name, own in zip(names[1:], blocks[1:], strict=True):
        said = first.settings.differences(own[0].settings)
        one, two = first.rows, own[0].rows
        if documents_differ(one, two):
            said.append("the content of all items")
        key = "document" if has(one, "document") and has(two, "document") else "item"
        if has(one, "prompt") and has(two, "prompt") and not said:
            if one[key].equals(two[key]):
                differs, shared = int((one["prompt"] != two["prompt"]).sum()), len(one)
            else:
                both = one.select(key, "prompt").join(two.select(key, "prompt"), on=key)
                differs = len(both.filter(pl.col("prompt") != pl.col("prompt_right")))
                shared = len(both)
            if differs:
                said.append(f"prompts of {differs:,} of {shared:,} items (demonstrations?)")
        if said:
            found.append(f"{cell}: {names[0]} and {name} differ in {'; '.join(said)}")
    return found


def has(rows: "pl.DataFrame", column: str) -> bool:
    """Whether every row has something in a column."""
    return not rows[column].has_nulls()


def documents_differ(one: "pl.DataFrame", two: "pl.DataFrame") -> bool:
    """Whether runs have no document in common, although their items have the same ids."""
    if not (has(one, "document") and has(two, "document")):
        return False
    if one["document"][0] == two["document"][0]:
        return False
    return not one["document"].is_in(two["document"].implode()).any() and bool(
        one["item"].is_in(two["item"].implode()).any()
    )


def keys_of(blocks: list[list[Block]]) -> list["pl.Series"]:
    """What each block's items pair by: content where all have it, else ids."""
    import polars as pl

    every = [block.rows for own in blocks for block in own]
    known = all(has(rows, "document") for rows in every)
    if not known or documents_differ(blocks[0][0].rows, blocks[-1][0].rows):
        return [rows["item"] for rows in every]
    found = []
    for rows in every:
        if rows["document"].n_unique() < len(rows):  # the same item more than once in a test
            number = pl.int_range(pl.len()).over("document").cast(pl.String)
            found.append(rows.select(pl.col("document") + "/" + number)["document"])
        else:
            found.append(rows["document"])
    return found


def matrix(
    runs: Sequence[str], blocks: list[list[Block]], cell: Cell
) -> tuple[Scores, dict[str, int], "pl.Series"]:
    """The scores of a cell over the items that every run has; how many are left out by run."""
    import polars as pl

    keys = keys_of(blocks)
    every = [(name, block) for name, own in zip(runs, blocks, strict=True) for block in own]
    if all(key.equals(keys[0]) for key in keys[1:]):
        places, size = [np.arange(len(keys[0]))] * len(keys), len(keys[0])
    else:
        codes = pl.concat([key.alias("key") for key in keys]).rank("dense").to_numpy() - 1
        ends = np.cumsum([len(key) for key in keys])
        places = [part.astype(np.int64) for part in np.split(codes, ends[:-1])]
        size = int(codes.max()) + 1
    values = np.full((size, len(every)), np.nan)
    weights = np.full((size, len(every)), np.nan)
    chances = np.full(size, np.nan)
    clusters = np.full(size, None, dtype=object)
    columns: dict[tuple[str, str], list[int]] = {}
    for column, ((name, block), place) in enumerate(zip(every, places, strict=True)):
        values[place, column] = block.rows["score"].to_numpy()
        weights[place, column] = block.rows["weight"].to_numpy()
        chances[place] = block.rows["chance"].to_numpy()
        columns.setdefault((name, block.model), []).append(column)
    clustered = all(has(block.rows, "cluster") for _, block in every)
    for (_, block), place, key in zip(every, places, keys, strict=True):
        clusters[place] = (block.rows["cluster"] if clustered else key).to_numpy()
        if len(place) == size:
            break  # this run has every item
    there = {name: np.zeros(size, dtype=bool) for name in runs}
    for (name, _), own in columns.items():
        there[name] |= np.isfinite(values[:, own]).any(axis=1)
    shared = np.logical_and.reduce(list(there.values()))
    counts = {name: int((own & ~shared).sum()) for name, own in there.items()}
    if not shared.any():
        raise InputError(f"{cell}: the runs have no item in common; are these the same data?")
    block = blocks[0][0]
    percent = block.percent
    if percent is None:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        percent = low >= 0 and high <= 1
    found = Scores(
        cell,
        values[shared],
        weights[shared],
        columns,
        np.empty(0, np.int64),
        0,
        percent,
        block.lower_is_better,
        float(np.nan if np.isnan(chances[shared]).any() else 100 * chances[shared].mean()),
    )
    return found, counts, pl.Series("cluster", clusters[shared], dtype=pl.String)
