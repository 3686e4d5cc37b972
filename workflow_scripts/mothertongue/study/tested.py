"""What adapters are tested by, as typed records: benchmarks, sets of open questions and judges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from .records import Dataset, Entry, pick
from .schema import Json

HARNESS = "harness"  # `demonstrations` of a benchmark: those of lm-eval's own task


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark(Entry):
    """A test of the study: a task of the task pack, its data and its languages."""

    label: str
    task: str
    codes: Mapping[str, str]
    metric: str | None
    languages: tuple[str, ...]
    origin: str
    kind: str
    group: str
    shots: int | None
    limit: int | None
    margin: float | None
    dataset: Dataset | None
    demonstrations: str | None
    max_new_tokens: int | None
    cluster: str | None
    missing: str

    @classmethod
    def read(cls, name: str, entry: Json) -> Self:
        """From `evaluate.benchmarks.NAME`."""
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            task=entry["task"],
            codes=entry["codes"],
            metric=entry["metric"],
            languages=tuple(entry["languages"]),
            origin=entry["origin"],
            kind=entry["kind"],
            group=entry["group"],
            shots=entry["shots"],
            limit=entry["limit"],
            margin=entry["margin"],
            dataset=Dataset.read(entry["dataset"]) if entry["dataset"] else None,
            demonstrations=entry["demonstrations"],
            max_new_tokens=entry["max_new_tokens"],
            cluster=entry["cluster"],
            missing=entry["missing"],
        )

    def task_in(self, language: str) -> str:
        """The task's name in a language: `{language}` by `codes`, else by the language's own code."""
        return self.task.replace("{language}", self.codes.get(language, language))

    @property
    def demonstration_path(self) -> str | None:
        """The file of demonstrations that the study names, if it names one."""
        return None if self.demonstrations == HARNESS else self.demonstrations

    def demonstrations_in(self, language: str) -> list[str]:
        """That file in a language, if there is one."""
        path = self.demonstration_path
        return [path.replace("{language}", language)] if path else []

    def paths_in(self, language: str) -> list[str]:
        """The study's own files of items in a language."""
        return self.dataset.paths_in(language) if self.dataset else []


@dataclass(frozen=True, slots=True)
class Draw:
    """How many questions are drawn from which dataset."""

    dataset: Dataset
    rows: int

    @classmethod
    def read(cls, entry: Json) -> Self:
        """From an entry `draw`."""
        return cls(Dataset.read(entry["dataset"]), entry["rows"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuestionSet(Entry):
    """Open questions: a file or an address (`path`), or drawn ones (`draw`)."""

    label: str
    origin: str
    path: str | None
    draw: Draw | None
    languages: tuple[str, ...]
    limit: int | None

    @classmethod
    def read(cls, name: str, entry: Json) -> Self:
        """From `answer.questions.NAME`; without languages it is asked in every evaluated one."""
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            origin=entry["origin"],
            path=entry.get("path"),
            draw=Draw.read(entry["draw"]) if entry.get("draw") else None,
            languages=tuple(entry.get("languages") or ()),
            limit=entry["limit"],
        )

    def path_in(self, language: str) -> str:
        """Its file or address in a language; "" for a drawn set."""
        return (self.path or "").replace("{language}", language)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judge(Entry):
    """Who judges answers: a model of a server, an offline baseline, or a jury of other judges.

    `mode`: rating, or pairwise; `against`: what a pairwise judge compares native data with, or "all"
    where every two conditions meet; `members`: the judges of a jury.
    """

    label: str
    backend: str
    model: str | None
    base_url: str | None
    prompt: str | None
    batch_discount: float
    mode: str = "rating"
    against: str = "native"
    members: tuple[str, ...] = ()

    @classmethod
    def read(cls, name: str, entry: Json) -> Self:
        """From `judge.judges.NAME`."""
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            backend=entry["backend"],
            model=entry.get("model"),
            base_url=entry["base_url"],
            prompt=entry["prompt"],
            batch_discount=(entry["batch"] or {}).get("discount", 0.0),
            mode=entry["mode"],
            against=entry["against"],
        )

    @classmethod
    def jury(cls, name: str, entry: Json, members: Iterable["Judge"]) -> Self:
        """From `judge.juries.NAME`; its mode is that of its members."""
        chosen = [one for one in members if one.name in pick(entry["members"], [one.name])]
        mode = entry["mode"]
        own = [one for one in chosen if one.mode == mode]
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            backend="jury",
            model=None,
            base_url=None,
            prompt=None,
            batch_discount=0.0,
            mode=mode,
            against="all" if all(one.against == "all" for one in own) else "native",
            members=tuple(one.name for one in own),
        )
