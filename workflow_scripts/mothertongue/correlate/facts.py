"""What about.json says of a source's scores: labels, order and nature, as one typed record.

`about.json` lies beside a scores file. It is read once, into `Facts`, and passed whole; a name that
it does not hold stands for itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..scores import read_about

LANGUAGE_FIDELITY = "language-fidelity"  # the kind of answers looked at without a judge
WON = "% won"  # unit of win rates
PUBLISHED = "published"  # the source of the paper's scores
Chance = float | Mapping[str, float] | None  # one level, or one per language
Levels = Mapping[str, Mapping[str, Mapping[str, float]]]  # by language, metric and kind of guessing


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model's label and the family that it belongs to."""

    label: str
    family: str


@dataclass(frozen=True, slots=True)
class DataFacts:
    """A kind of training data; `kind` is empty where it is not stated."""

    label: str
    kind: str = ""
    translator: str = ""


@dataclass(frozen=True, slots=True)
class BenchmarkFacts:
    """A benchmark, or a question set whose answers are judged; what is not stated is empty."""

    label: str
    group: str = ""
    origin: str | None = None
    kind: str | None = None
    paper_kind: str | None = None  # the paper's own word for its kind
    task: str | None = None
    margin: float | None = None  # the smallest difference that matters
    metrics: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    higher: Mapping[str, bool] = field(default_factory=dict)  # by metric: more is better
    chance: Chance = None
    chance_levels: Levels = field(default_factory=dict)
    items: Mapping[str, int] = field(default_factory=dict)  # scored, by language
    sizes: Mapping[str, int] = field(default_factory=dict)  # of the public test set, by language
    stated: Mapping[str, str] = field(default_factory=dict)  # our metric -> the paper's name of it

    @property
    def is_check(self) -> bool:
        """Whether it says what answers look like, without any judge of how good they are."""
        return self.kind == LANGUAGE_FIDELITY

    @classmethod
    def read(cls, name: str, entry: Mapping[str, Any]) -> "BenchmarkFacts":
        """The record of an entry of about.json."""
        return cls(
            label=str(entry.get("label", name)),
            group=str(entry.get("group") or ""),
            origin=entry.get("origin"),
            kind=entry.get("kind"),
            paper_kind=entry.get("paper_kind"),
            task=entry.get("task"),
            margin=entry.get("margin"),
            metrics=tuple(entry.get("metrics") or ()),
            units=entry.get("units") or {},
            higher=entry.get("higher") or {},
            chance=entry.get("chance"),
            chance_levels=entry.get("chance_levels") or {},
            items=entry.get("items") or {},
            sizes=entry.get("sizes") or {},
            stated=entry.get("stated") or {},
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """The description of one source's scores; sections keep the order of the file."""

    source: str
    models: Mapping[str, ModelFacts]
    data: Mapping[str, DataFacts]
    languages: Mapping[str, str]
    benchmarks: Mapping[str, BenchmarkFacts]
    judges: Mapping[str, str]
    learning_rate: float | None = None  # of the main analysis
    quantisation: str | None = None
    margin: float | None = None  # the smallest difference that matters, in points
    missing: tuple[str, ...] = ()
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # the paper's names
    figures: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> "Facts":
        """The record of a description, as it stands in about.json."""
        models = content.get("models", {})
        data = content.get("data", {})
        judges = content.get("judges", {})
        return cls(
            source=str(content.get("source", "")),
            models={
                name: ModelFacts(str(entry.get("label", name)), str(entry.get("family") or name))
                for name, entry in models.items()
            },
            data={
                name: DataFacts(
                    str(entry.get("label", name)),
                    str(entry.get("kind", "")),
                    str(entry.get("translator") or ""),
                )
                for name, entry in data.items()
            },
            languages={code: str(name) for code, name in content.get("languages", {}).items()},
            benchmarks={
                name: BenchmarkFacts.read(name, entry)
                for name, entry in content.get("benchmarks", {}).items()
            },
            judges={name: str(entry.get("label", name)) for name, entry in judges.items()},
            learning_rate=content.get("learning_rate"),
            quantisation=content.get("quantisation"),
            margin=content.get("margin"),
            missing=tuple(content.get("missing", ())),
            tables=content.get("tables", {}),
            figures=content.get("figures", {}),
            remarks={slug: tuple(lines) for slug, lines in content.get("remarks", {}).items()},
        )

    @property
    def is_published(self) -> bool:
        """Whether these are the paper's own scores."""
        return self.source == PUBLISHED

    def benchmark(self, name: str) -> BenchmarkFacts:
        """A benchmark; one that is not described has its name as label and no more."""
        return self.benchmarks.get(name) or BenchmarkFacts(name)

    def model_label(self, name: str) -> str:
        """A model's label."""
        return self.models[name].label if name in self.models else name

    def family(self, name: str) -> str:
        """A model's family; the model itself where none is stated."""
        return self.models[name].family if name in self.models else name

    def data_label(self, name: str) -> str:
        """A training data condition's label."""
        return self.data[name].label if name in self.data else name

    def data_kind(self, name: str) -> str:
        """native, translated, roundtrip, base or sized; told from the name where it is not stated."""
        stated = self.data[name].kind if name in self.data else ""
        if stated:
            return stated
        if name in ("native", "base"):
            return name
        return "roundtrip" if name.endswith("-rtt") else "translated"

    def translator(self, name: str) -> str:
        """The translator that a round trip went through."""
        stated = self.data[name].translator if name in self.data else ""
        return stated or name.removesuffix("-rtt")

    def language(self, code: str) -> str:
        """A language's English name."""
        return self.languages.get(code, code)

    def judge(self, name: str) -> str:
        """A judge's label."""
        return self.judges.get(name, name)


def read_facts(path: str | Path) -> Facts:
    """Read about.json; a section that is missing is an `InputError`."""
    return Facts.read(read_about(path))
