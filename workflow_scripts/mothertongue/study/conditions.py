"""The entries of `conditions` and the section `finetune`, as typed records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, Self

from .mixes import mixes_of, rows_asked
from .records import pick
from .schema import Json


class Cell(NamedTuple):
    """One kind of adapter, over all seeds."""

    model: str
    data: str
    scope: str
    lr: str


@dataclass(frozen=True, slots=True)
class Product:
    """An entry of `conditions`: adapters of every model, data, scope and learning rate in it.

    `data`: segments of paths, which name a kind of data or a mix (`mixes.Mix`).
    """

    models: tuple[str, ...]
    data: tuple[str, ...]
    scope: tuple[str, ...]
    lr: tuple[str, ...]
    benchmarks: tuple[str, ...]
    questions: tuple[str, ...]
    rows: str
    budget: str | None
    evaluate_on: str | tuple[str, ...] = "own"  # or all, or languages beside an adapter's own

    @classmethod
    def read(
        cls,
        entry: Json,
        models: Iterable[str],
        benchmarks: Iterable[str],
        questions: Iterable[str],
        translators: Iterable[str],
    ) -> Self:
        """From an entry of `conditions`, and all names that `all` stands for."""
        wanted = entry.get("evaluate_on", "own")
        return cls(
            models=tuple(pick(entry["models"], models)),
            data=tuple(mix.path for mix in mixes_of(entry, set(translators))),
            scope=tuple(entry["scope"]),
            lr=tuple(entry["lr"]),
            benchmarks=tuple(pick(entry["benchmarks"], benchmarks)),
            questions=tuple(pick(entry["questions"], questions)),
            rows="own" if rows_asked(entry) else entry["rows"],
            budget=entry["budget"],
            evaluate_on=wanted if isinstance(wanted, str) else tuple(wanted),
        )

    def tests_in(self, language: str) -> bool:
        """Whether its adapters are tested in a language that is not their own."""
        if isinstance(self.evaluate_on, str):
            return self.evaluate_on == "all"
        return language in self.evaluate_on

    def cells(self) -> list[Cell]:
        """Every kind of adapter that the entry asks for, in its order."""
        return [Cell(*cell) for cell in product(self.models, self.data, self.scope, self.lr)]


@dataclass(frozen=True, slots=True)
class Finetuning:
    """What the study says of all fine-tunings, as far as plans and estimates need it."""

    learning_rates: Mapping[str, float]
    seeds: tuple[int, ...]
    epochs: int
    max_length: int
    limit: int | None
    quantisation: str
    gpus: int | None
    template: str

    @classmethod
    def read(cls, entry: Json) -> Self:
        """From the section `finetune`."""
        return cls(
            learning_rates=entry["learning_rates"],
            seeds=tuple(entry["seeds"]),
            epochs=entry["epochs"],
            max_length=entry["max_length"],
            limit=entry["limit"],
            quantisation=entry["quantisation"],
            gpus=entry["gpus"],
            template=entry["template"],
        )
