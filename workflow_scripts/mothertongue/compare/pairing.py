"""Brings the runs of a comparison together: which models, tasks and items are the same.

Items pair by the hash of their content where every run has one, else by their id. What makes two runs
of a task different tests (prompts, shots, versions, templates) is listed, not repaired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import InputError
from .records import Block, Log

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
class Run:
    """One side of a comparison."""

    name: str
    log: Log


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


@dataclass
class Paired:
    """All cells of the runs, and what a reader should know before any number."""

    runs: list[str]
    cells: list[Scores]
    groups: dict[str, tuple[str, ...]]
    mismatches: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def with_models(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """The runs with the models that all of them have; one model each is the same by definition.

    A single run of several models becomes one run per model.
    """
    if len(runs) == 1:
        return of_models(runs[0]), []
    models = [list(dict.fromkeys(block.model for block in run.log.blocks)) for run in runs]
    if all(len(own) == 1 for own in models):
        return [renamed(run, "") for run in runs], []
    common = [name for name in models[0] if all(name in own for own in models[1:])]
    if not common:
        listed = "; ".join(f"{r.name}: {', '.join(own)}" for r, own in zip(runs, models))
        raise InputError(f"no model has logs in every run ({listed}); give one folder per model")
    found = []
    notes = []
    for run, own in zip(runs, models, strict=True):
        if left := [name for name in own if name not in common]:
            notes.append(f"only in {run.name}, left out: {', '.join(left)}")
        blocks = tuple(block for block in run.log.blocks if block.model in common)
        found.append(Run(run.name, replace(run.log, blocks=blocks)))
    return found, notes


def of_models(run: Run) -> list[Run]:
    """One run per model of a log."""
    models = list(dict.fromkeys(block.model for block in run.log.blocks))
    if len(models) < 2:
        raise InputError(f"{run.name}: one model; give a second file or folder to compare it with")
    return [
        Run(
            name,
            replace(
                run.log,
                blocks=tuple(replace(b, model="") for b in run.log.blocks if b.model == name),
            ),
        )
        for name in models
    ]


def renamed(run: Run, model: str) -> Run:
    """The run with one name for its model."""
    blocks = tuple(replace(block, model=model) for block in run.log.blocks)
    return Run(run.name, replace(run.log, blocks=blocks))


def pair(runs: Sequence[Run], *, metrics: Sequence[str] = (), tasks: Sequence[str] = ()) -> Paired:
    """The cells that every run has, by the main metric of each task or by those that are named."""
    runs, notes = with_models(runs)
    notes += [note for run in runs for note in run.log.notes]
    by_cell: list[dict[Cell, list[Block]]] = []
    for run in runs:
        own: dict[Cell, list[Block]] = {}
        for block in run.log.blocks:
            own.setdefault(Cell(block.task, block.metric, block.language), []).append(block)
        by_cell.append(own)
    common = [cell for cell in by_cell[0] if all(cell in own for own in by_cell[1:])]
    notes += missing_cells(runs, by_cell)
    chosen = [
        cell
        for cell in common
        if (not tasks or cell.task in tasks)
        and (cell.metric in metrics or "all" in metrics if metrics else is_main(by_cell, cell))
    ]
    if not chosen:
        known = sorted({f"{cell.task} ({cell.metric})" for own in by_cell for cell in own})
        raise InputError(
            f"no task, metric and language is in every run; there are {', '.join(known[:12])}"
        )
    paired = Paired([run.name for run in runs], [], {}, notes=notes)
    for key in dict.fromkeys((cell.task, cell.metric) for cell in chosen):
        add_task(paired, [cell for cell in chosen if cell[:2] == key], by_cell)
    for run in runs:
        for name, below in run.log.groups.items():
            there = tuple(t for t in below if any(s.cell.task == t for s in paired.cells))
            if len(there) > 1:
                paired.groups[name] = there
    return paired


def is_main(by_cell: list[dict[Cell, list[Block]]], cell: Cell) -> bool:
    """Whether a cell is of the metric that the first run has first for its task."""
    return by_cell[0][cell][0].main


def missing_cells(runs: Sequence[Run], by_cell: list[dict[Cell, list[Block]]]) -> list[str]:
    """Tasks that not all runs have."""
    found = []
    for run, own in zip(runs, by_cell, strict=True):
        tasks = {cell.task for cell in own}
        alone = sorted(t for t in tasks if not all(any(c.task == t for c in o) for o in by_cell))
        if alone:
            found.append(f"not in every run, left out: {', '.join(alone)} of {run.name}")
    return found


def add_task(paired: Paired, cells: list[Cell], by_cell: list[dict[Cell, list[Block]]]) -> None:
    """Add the cells of a task and metric; their clusters are counted together."""
    import polars as pl

    matrices = []
    for cell in cells:
        blocks = [own[cell] for own in by_cell]
        check(blocks)
        paired.mismatches += mismatches(paired.runs, blocks, cell)
        matrices.append(matrix(paired, blocks, cell))
    names = pl.concat([clusters for _, _, clusters in matrices])
    codes = names.rank("dense").to_numpy().astype(np.int64) - 1
    start = 0
    for (scores, unpaired, clusters), cell in zip(matrices, cells, strict=True):
        own = codes[start : start + len(clusters)]
        start += len(clusters)
        paired.cells.append(replace(scores, codes=own, clusters=int(codes.max()) + 1))
        if any(unpaired.values()):
            alone = " and ".join(f"{n:,} of {run}" for run, n in unpaired.items() if n)
            paired.notes.append(f"{cell}: items that not all runs have, left out: {alone}")


def check(blocks: list[list[Block]]) -> None:
    """No item twice, and a number for each."""
    for block in (one for own in blocks for one in own):
        rows = block.rows
        wrong = rows.filter(rows["score"].is_null() | rows["score"].is_nan())
        if len(wrong):
            raise InputError(
                f"{block.source}: {block.metric} of {len(wrong):,} items is NaN or empty (first:"
                f" {wrong['item'][0]}); score them again, or leave them out of all runs"
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
            said.append("the content of all items differs")
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
    paired: Paired, blocks: list[list[Block]], cell: Cell
) -> tuple[Scores, dict[str, int], "pl.Series"]:
    """The scores of a cell over the items that every run has; how many are left out by run."""
    import polars as pl

    keys = keys_of(blocks)
    every = [(name, block) for name, own in zip(paired.runs, blocks, strict=True) for block in own]
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
    there = {name: np.zeros(size, dtype=bool) for name in paired.runs}
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
