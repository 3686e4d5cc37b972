"""Brings the runs of a comparison together: which models, tasks and items are the same.

What makes two runs of a task different tests (prompts, shots, versions, templates) is listed, not
repaired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import InputError
from .matching import Cell, Scores, check, matrix, mismatches
from .records import Block, Log


@dataclass(frozen=True)
class Run:
    """One side of a comparison."""

    name: str
    log: Log


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
        matrices.append(matrix(paired.runs, blocks, cell))
    names = pl.concat([clusters for _, _, clusters in matrices])
    if names.n_unique() == len(names):  # no clusters
        codes = np.arange(len(names))
    else:
        codes = names.rank("dense").to_numpy().astype(np.int64) - 1
    start = 0
    for (scores, unpaired, clusters), cell in zip(matrices, cells, strict=True):
        own = codes[start : start + len(clusters)]
        start += len(clusters)
        paired.cells.append(replace(scores, codes=own, clusters=int(codes.max()) + 1))
        if any(unpaired.values()):
            alone = " and ".join(f"{n:,} of {run}" for run, n in unpaired.items() if n)
            paired.notes.append(f"{cell}: items that not all runs have, left out: {alone}")
