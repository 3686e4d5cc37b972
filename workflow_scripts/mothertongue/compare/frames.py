"""Compares runs that are files, folders or rows of a frame."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .pairing import Paired, Run, pair
from .records import Log

if TYPE_CHECKING:
    from .results import Comparison

MARGIN = 2.0  # points of 100


def compare(
    frame: Any,
    *,
    runs: Sequence[str] = (),
    margin: float | Mapping[str, float] = MARGIN,
    confidence: float = 0.95,
    metrics: Sequence[str] = ("all",),
) -> "Comparison":
    """Compare the runs of a polars or pandas frame, every one with the first.

    Columns: run, item, score; where there are: task, metric, language, model, replicate (or seed),
    cluster, weight, chance. `runs`: which, and in which order (default: as they come). `margin`: the
    smallest difference that matters, in points of 100, or by metric. InputError where rows do not fit.
    """
    import polars as pl

    from .readers import later
    from .readers.plain import blocks_of

    table = frame if isinstance(frame, pl.DataFrame) else pl.from_pandas(frame)
    if "run" not in table.columns:
        raise InputError(f"frame: no column 'run'; found {', '.join(table.columns)}")
    names = list(runs) or [str(name) for name in table["run"].unique(maintain_order=True)]
    sides = []
    for name in names:
        own = table.filter(pl.col("run").cast(pl.String) == name)
        if own.is_empty():
            raise InputError(f"frame: no row of run '{name}'")
        sides.append(Run(name, later([Log(tuple(blocks_of(own.drop("run"), f"run {name}")))])))
    return finish(pair(sides, metrics=metrics), margin, confidence)


def compare_logs(
    paths: Sequence[str | Path],
    *,
    names: Sequence[str] = (),
    margin: float | Mapping[str, float] = MARGIN,
    confidence: float = 0.95,
    metrics: Sequence[str] = (),
    tasks: Sequence[str] = (),
    anyway: bool = False,
) -> "Comparison":
    """Compare logs, each a file or folder. `anyway`: even if they are of different tests.

    `metrics`: by default the first of each task; "all" for every one. InputError in one line where
    logs are broken, have nothing in common, or are of different tests.
    """
    from .readers import read

    named = list(names) or names_of([Path(path) for path in paths])
    sides = [Run(name, read(Path(path))) for name, path in zip(named, paths, strict=True)]
    paired = pair(sides, metrics=metrics, tasks=tasks)
    if paired.mismatches and not anyway:
        more = f" (and {len(paired.mismatches) - 1} more)" if len(paired.mismatches) > 1 else ""
        raise InputError(
            f"different tests: {paired.mismatches[0]}{more}; give --anyway to compare them all the same"
        )
    return finish(paired, margin, confidence)


def finish(paired: Paired, margin: float | Mapping[str, float], confidence: float) -> "Comparison":
    """The comparison of paired runs."""
    from .results import compare_pairs

    margins = dict(margin) if isinstance(margin, Mapping) else {"": float(margin)}
    if any(not value > 0 for value in margins.values()):
        raise InputError("margin: give a number above 0, the smallest difference that matters")
    return compare_pairs(paired, margins, confidence)


def names_of(paths: Sequence[Path]) -> list[str]:
    """A short name for each path: its last parts that tell them apart."""
    parts = [path.resolve().with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(own[-depth:]) for own in parts]
        if len(set(names)) == len(names):
            return names
    raise InputError(f"{paths[0]}: given twice; nothing to compare")
