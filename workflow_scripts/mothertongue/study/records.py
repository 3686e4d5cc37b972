"""The named entries of a study as typed records: here languages, models and translators.

Tests and judges are in tested.py, the entries of `conditions` in conditions.py. All are made once, by
`Study`, from the completed configuration. Code of this package reads their fields. Rules, whose
parameters have to stay as the YAML has them, use a record as a mapping: it then is the entry of the
configuration.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from .schema import Json

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
