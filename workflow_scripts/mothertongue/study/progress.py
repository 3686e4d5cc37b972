"""Which cells of a study's grid are done, running, failed or to do, from the names of files alone."""

from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mothertongue.study import Study
    from mothertongue.study.paths import Cell as GridCell


MARKS = {"done": "#", "running": ">", "failed": "x", "to do": "."}


class Cell(NamedTuple):
    """One square of the matrix: a stage's job for a condition (row) and, say, a benchmark."""

    stage: str
    row: str
    column: str
    output: str
    log: str


def cells(study: "Study", results: str, logs: str) -> Iterator[Cell]:
    """Every adapter, evaluation, answer set and ratings file of a study."""
    from mothertongue.study.paths import (
        ADAPTER,
        ANSWERS,
        PAIRS,
        RATINGS,
        SCORE,
        TUNED,
        Layout,
        log_of,
    )

    made, logged = Layout(results), Layout(logs)

    def cell(stage: str, row: str, column: str, pattern: str, key: "GridCell") -> Cell:
        output, log = made.of(pattern, key), logged.of(log_of(pattern), key)
        return Cell(stage, row, column, output, log)

    from mothertongue.study.recipes import is_whole

    for c in study.conditions:
        pattern = TUNED if is_whole(study.config, c.model) else ADAPTER
        yield cell("finetune", c.path, "adapter", pattern, c)
    for e in study.evaluations:
        yield cell("evaluate", e.condition.path, f"{e.benchmark} {e.language}", SCORE, e)
    for a in study.answers:
        yield cell("answer", a.condition.path, f"{a.questions} {a.language}", ANSWERS, a)
    for j in study.judgements:
        a = j.answers
        column = f"{j.judge} {a.questions} {a.language}"
        yield cell("judge", a.condition.path, column, RATINGS, j)
    for p in study.pairs:
        a = p.answers
        column = f"{p.judge} {a.questions} {a.language} against {p.against}"
        yield cell("judge", a.condition.path, column, PAIRS, p)


def started_outputs(persistence: Path) -> set[str]:
    """Markers of outputs being written, while a Snakemake holds the lock of this folder.

    Snakemake keeps one file per output, named by the path in base 64 (long names cut into folders
    whose names start with @).
    """
    locks = persistence / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return set()
    folder = persistence / "incomplete"
    return {
        "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
        for path in folder.rglob("*")
        if path.is_file()
    }


def state(cell: Cell, started: set[str]) -> str:
    """`done`, `running`, `failed` or `to do`."""
    if urlsafe_b64encode(cell.output.encode()).decode() in started:
        return "running"
    if Path(cell.output).exists():
        return "done"
    return "failed" if Path(cell.log).exists() else "to do"


def matrix(states: dict[Cell, str]) -> str:
    """Lay the cells out as model/condition x (stage, column), with a legend and totals."""
    columns = list(dict.fromkeys((cell.stage, cell.column) for cell in states))
    rows: dict[str, dict[tuple[str, str], str]] = {}
    for cell, word in states.items():
        rows.setdefault(cell.row, {})[cell.stage, cell.column] = MARKS[word]
    width = max(map(len, rows), default=0)
    lines = ["   ".join(f"{mark} {word}" for word, mark in MARKS.items()), ""]
    for number, (stage, column) in enumerate(columns, start=1):
        lines.append(f"{number:>3} {stage}: {column}")
    lines += ["", " " * width + " " + "".join(f"{n:>3}" for n in range(1, len(columns) + 1))]
    for name, marks in rows.items():
        shown = "".join(f"{marks.get(column, ' '):>3}" for column in columns)
        lines.append(f"{name.ljust(width)} {shown}".rstrip())
    lines.append("")
    for stage in dict.fromkeys(cell.stage for cell in states):
        count = Counter(word for cell, word in states.items() if cell.stage == stage)
        parts = [f"{count[word]} {word}" for word in MARKS if count[word]]
        lines.append(f"{stage:<9} {count.total():>5}: {', '.join(parts)}")
    return "\n".join(lines)


def read_file(path: Path) -> "Study":
    """A study's file, completed and checked like the workflow does it."""
    from mothertongue.files import load_yaml
    from mothertongue.study import read_study

    return read_study(load_yaml(path), Path(__file__).resolve().parents[3])
