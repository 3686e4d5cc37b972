"""The named entries of a study as typed records: languages, models, benchmarks, judges and so on.

They are made once, by `Study`, from the completed configuration. Code of this package reads their
fields. Rules, whose parameters have to stay as the YAML has them, use a record as a mapping: it then
is the entry of the configuration.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, NamedTuple, Self

from .mixes import mixes_of, rows_asked
from .schema import Json

HARNESS = "harness"  # `demonstrations` of a benchmark: those of lm-eval's own task


NO_DATASET = {"path": ["sample.dataset-is-not-configured"]}  # stands for sample.dataset


NOT_LANGUAGES = ("label", "parallel_to", "control")  # keys of an entry of `data`


def languages_of(data: Json) -> Iterator[tuple[str, Json]]:
    """The languages of an entry of `data`, each with its path or dataset."""
    yield from ((key, data[key]) for key in data if key not in NOT_LANGUAGES)


def pick(selection: str | Iterable[str], known: Iterable[str]) -> list[str]:
    """Turn `all` or a list of names into names, in the order of `known`."""
    return [name for name in known if selection == "all" or name in selection]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry(Mapping[str, Any]):
    """What all records have: a name, and the entry of the completed YAML for rules' parameters."""

    name: str
    settings: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, key: str) -> Any:
        """A value of the entry."""
        return self.settings[key]

    def __iter__(self) -> Iterator[str]:
        """The keys of the entry."""
        return iter(self.settings)

    def __len__(self) -> int:
        """The number of its keys."""
        return len(self.settings)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where rows come from: local files (`paths`), or a dataset of the hub."""

    paths: tuple[str, ...] = ()
    hub: str | None = None
    revision: str | None = None
    name: str | None = None
    split: str | None = None

    @classmethod
    def read(cls, entry: Json) -> Self:
        """From an entry `dataset`."""
        paths = entry.get("path") or ()
        return cls(
            paths=(paths,) if isinstance(paths, str) else tuple(paths),
            hub=entry.get("hub"),
            revision=entry.get("revision"),
            name=entry.get("name"),
            split=entry.get("split"),
        )

    def paths_in(self, language: str) -> list[str]:
        """Its files in a language."""
        return [path.replace("{language}", language) for path in self.paths]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language(Entry):
    """A language of the pot; `name` is its code, `label` its English name."""

    label: str
    english_rows: str | None
    native: Dataset | None  # its own rows, instead of those of sample.dataset

    @classmethod
    def read(cls, code: str, entry: Json) -> Self:
        """From `languages.CODE`."""
        return cls(
            name=code,
            settings=entry,
            label=entry["name"],
            english_rows=entry.get("english_rows"),
            native=Dataset.read(entry["native"]) if entry.get("native") else None,
        )


@dataclass(frozen=True, slots=True)
class Build:
    """A small base that the study trains from scratch."""

    hidden_size: int
    layers: int
    heads: int
    vocabulary: int
    context: int
    steps: int
    batch: int
    learning_rate: float
    seed: int
    languages: tuple[str, ...] | None
    corpus: str | None = None

    @classmethod
    def read(cls, entry: Json) -> Self:
        """From an entry `build`."""
        languages = entry["languages"]
        return cls(**{**entry, "languages": None if languages is None else tuple(languages)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Translated(Entry):
    """Data that is translated already. `languages`: code -> where its rows come from.

    `parallel_to` says whose ids its rows have: native, english or none; None where the ids tell.
    """

    label: str
    parallel_to: str | None
    control: bool
    languages: Mapping[str, Dataset]

    @classmethod
    def read(cls, name: str, entry: Json) -> Self:
        """From `data.NAME`."""
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            parallel_to=entry["parallel_to"],
            control=bool(entry.get("control")),
            languages={code: Dataset.read(source) for code, source in languages_of(entry)},
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model(Entry):
    """A base model: a hub id or a folder (`base`), or one that the study builds or unpacks (`gguf`)."""

    label: str
    family: str
    parameters: float
    base: str | None
    revision: str | None
    gated: bool
    gpu_type: str | None
    build: Build | None
    gguf: str | None = None

    @classmethod
    def read(cls, name: str, entry: Json) -> Self:
        """From `models.NAME`."""
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            family=entry["family"],
            parameters=entry["parameters"],
            base=entry.get("base"),
            revision=entry.get("revision"),
            gated=entry["gated"],
            gpu_type=entry["gpu_type"],
            build=Build.read(entry["build"]) if "build" in entry else None,
            gguf=entry.get("gguf"),
        )


class Keep(NamedTuple):
    """The share of a translator's rows that are kept, by what score, and (qe) by which model."""

    best: float
    by: str
    model: str

    @property
    def goes_back(self) -> bool:
        """Whether every row is translated back into English, to be scored by chrF++."""
        return self.by == "roundtrip-chrf"

    @property
    def is_learned(self) -> bool:
        """Whether a model estimates the quality of every row."""
        return self.by == "qe"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Translator(Entry):
    """A translation service, a local model, or recorded translations (`memory`).

    `keep`: only the best of its translations are training data.
    """

    label: str
    backend: str
    model: str | None
    revision: str | None
    base_url: str | None
    memory: tuple[str, ...]
    codes: Mapping[str, str]
    keep: Keep | None

    @classmethod
    def read(cls, name: str, entry: Json) -> Self:
        """From `translate.translators.NAME`."""
        return cls(
            name=name,
            settings=entry,
            label=entry["label"],
            backend=entry["backend"],
            model=entry["model"],
            revision=entry["revision"],
            base_url=entry["base_url"],
            memory=tuple(entry.get("memory") or ()),
            codes=entry["codes"],
            keep=Keep(**entry["keep"]) if entry.get("keep") else None,
        )


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
