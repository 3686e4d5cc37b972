"""Which benchmarks of the task pack a first study of a language gets."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..study import catalogue


@dataclass(frozen=True, slots=True)
class Known:
    """A benchmark that has items in a language, and a task of this workflow that asks them."""

    task: str
    label: str
    origin: str
    kind: str
    limit: int | None


def benchmarks_in(language: str) -> Iterator[Known]:
    """Every benchmark of the catalogue that the task pack holds in a language, native ones first."""
    for test in catalogue.benchmarks_in(language):
        if test.pack:
            yield Known(test.pack.name, test.label, test.origin, test.kind, test.pack.limit)
