"""Averages as the paper prints them: taken before rounding, so not always the mean of its scores."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..correlate.averages import Setting, Test
from .table import Mark, Table

SIGN = "*"
NOTE = (
    f"{SIGN} As printed in the paper, which averaged before rounding: the mean of the printed scores"
    " rounds to another digit and shows on hover."
)
Place = tuple[Test, str, str, str, Setting]  # test, metric, model, data, setting


@dataclass(frozen=True)
class Averages:
    """Printed averages over languages, by place; of a study without any, nothing changes."""

    printed: Mapping[Place, float] = field(default_factory=dict)

    def shown(
        self, test: Test, metric: str, model: str, setting: Setting, means: Mapping[str, float]
    ) -> dict[str, float]:
        """Averages by training data: the printed ones where there are such, else `means`."""
        return {
            name: self.printed.get((test, metric, model, name, setting), mean)
            for name, mean in means.items()
        }


def marked(mark: Mark, mean: float, digits: int) -> Mark:
    """A shown average with a sign and our mean on hover, if the two differ as they are written."""
    text = f"{mark.value:.{digits}f}"
    if text == f"{mean:.{digits}f}":
        return mark
    return replace(
        mark,
        text=text + SIGN,
        hint=f"printed: {text}; mean of the printed scores: {mean:.{digits + 1}f}",
    )


def with_note(table: Table) -> Table:
    """The table with a note on printed averages, if it shows one that differs from ours."""
    texts = [e.text for row in table.rows for e in row if isinstance(e, Mark) and e.text]
    if any(text.endswith(SIGN) for text in texts):
        table.notes.append(NOTE)
    return table


def read_averages(path: Path | None) -> Averages:
    """The printed averages of a file (benchmark, metric, judge, model, data, scope, …, score)."""
    if path is None:
        return Averages()
    with path.open(encoding="utf-8", newline="") as lines:
        return Averages(
            {
                (
                    Test(row["benchmark"], row["judge"] or None),
                    row["metric"],
                    row["model"],
                    row["data"],
                    Setting(row["scope"], float(row["learning_rate"])),
                ): float(row["score"])
                for row in csv.DictReader(lines)
            }
        )
