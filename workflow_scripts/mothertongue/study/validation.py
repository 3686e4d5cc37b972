"""Check what the schema cannot: unknown names and impossible combinations in a study.

Every check tolerates structural mistakes, which `schema.structural_mistakes` reports beside them,
so that all are told at once and none twice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files import looked_in
from ..prompts.checks import translation_prompt_mistakes
from ..secrets import key_in_address
from .judging import judging_mistakes, jury_mistakes
from .recipes import recipe_mistakes
from .schema import Json, suggestion
from .tasks import demonstration_path
from .templates import template_mistakes

MULTI = "multi"  # the scope of the multilingual mix
ROUND_TRIP = "-rtt"  # ending of the data of a translator's round trip
RESERVED_PARAMETERS = {"model", "messages", "service", "base_url", "stream", "n"}
RESERVED = {  # names with a meaning of their own in paths or selections
    "data": {"native", "base", "none", "all"},
    "translate.translators": {"native", "base", "none", "all"},
    "models": {"base", "sets", "questions", "all"},
    "evaluate.benchmarks": {"all"},
    "answer.questions": {"all"},
    "judge.judges": {"all"},
    "judge.juries": {"all"},
    "finetune.learning_rates": {"none", "all"},
}
CHAT = ("openai", "cohere")  # back ends that name a model of a server
PLACEHOLDER = re.compile(r"\{([^{}]*)\}?")
Section = Mapping[str, Any]


def mapping(value: Json) -> Section:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Json) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


class Names:
    """The named sections of a configuration, however broken it is."""

    def __init__(self, config: Section):
        """`config`: a completed configuration."""
        self.config = config
        self.sample = mapping(config.get("sample"))
        self.languages = mapping(config.get("languages"))
        self.models = mapping(config.get("models"))
        self.rates = mapping(mapping(config.get("finetune")).get("learning_rates"))
        self.translators = mapping(mapping(config.get("translate")).get("translators"))
        self.data = mapping(config.get("data"))
        self.benchmarks = mapping(mapping(config.get("evaluate")).get("benchmarks"))
        self.questions = mapping(mapping(config.get("answer")).get("questions"))
        self.judges = mapping(mapping(config.get("judge")).get("judges"))
        self.juries = mapping(mapping(config.get("judge")).get("juries"))
        pot = listed(mapping(self.sample.get("multi")).get("languages"))
        self.pot = pot or list(self.languages)

    @property
    def has_english(self) -> bool:
        """Whether the study names English rows: a source of their own, or the shared data."""
        english = mapping(self.sample.get("english"))
        return bool(self.sample.get("dataset") or english.get("path") or english.get("hub"))

    def sections(self) -> dict[str, Section]:
        """Key of the configuration -> its named entries."""
        return {
            "translate.translators": self.translators,
            "data": self.data,
            "models": self.models,
            "evaluate.benchmarks": self.benchmarks,
            "answer.questions": self.questions,
            "judge.judges": self.judges,
            "judge.juries": self.juries,
            "finetune.learning_rates": self.rates,
        }


def grid_mistakes(config: Json, known_languages: Section) -> list[str]:
    """Every mistake, as `key.path: what is wrong and what to do`.

    Benchmarks, questions and conditions have modules of their own (`*_checks.py`).

    `known_languages`: code -> facts of resources/languages.yaml.
    """
    if not isinstance(config, Mapping):
        return []
    names = Names(config)
    return [
        *_naming(names),
        *_languages(names, known_languages),
        *_instructions(names),
        *_sources(names),
        *_models(names),
        *recipe_mistakes(mapping(names.config.get("finetune")), names.models),
        *template_mistakes(
            mapping(names.config.get("finetune")).get("template", "alpaca"), names.models
        ),
        *_services(names),
        *jury_mistakes(names.judges, names.juries),
    ]


def unknown(
    where: str, name: object, known: Iterable[object], what: str, *, optional: bool = False
) -> Iterator[str]:
    """One mistake if `name` is not known. A section that must not be empty is told elsewhere."""
    words = [str(word) for word in known]
    if (words or optional) and isinstance(name, str) and name not in words:
        yield f"{where}: unknown {what} '{name}'{suggestion(name, words)}"


def _naming(names: Names) -> Iterator[str]:
    """Reserved names; two entries that tables and figures could not tell apart."""
    of_data: dict[str, str] = {}  # translators and data translated already are shown side by side
    for section, entries in names.sections().items():
        conditions = section in ("translate.translators", "data")
        labels = of_data if conditions else {}
        for name, entry in entries.items():
            trip = conditions and str(name).endswith(ROUND_TRIP)
            if name in RESERVED[section] or trip:
                yield f"{section}.{name}: this name is reserved; choose another"
            label = str(mapping(entry).get("label", name))
            if label in labels:
                yield (
                    f"{section}.{name}: has the label '{label}' of {labels[label]}, and tables"
                    " could not tell them apart; give it another label"
                )
            labels.setdefault(label, f"{section}.{name}")


def _languages(names: Names, known_languages: Section) -> Iterator[str]:
    """Languages without a name or Aya code; languages of the mix that the study lacks."""
    for code, entry in names.languages.items():
        entry = mapping(entry)
        complete = entry.get("name") and mapping(entry.get("aya")).get("code")
        if re.fullmatch("[a-z]{2,3}", str(code)) and code not in known_languages and not complete:
            yield f"languages.{code}: not in resources/languages.yaml; give its name and aya.code"
    pot = listed(mapping(names.sample.get("multi")).get("languages"))
    for place, code in enumerate(pot):
        yield from unknown(f"sample.multi.languages[{place}]", code, names.languages, "language")


def _instructions(names: Names) -> Iterator[str]:
    """Rows that come from sample.dataset, where a study has none."""
    if names.sample.get("dataset"):
        return
    english = mapping(names.sample.get("english"))
    needed = set(map(str, _read_in(names)))
    without = [
        code
        for code, entry in names.languages.items()
        if str(code) in needed and not mapping(entry).get("native")
    ]
    own = bool(english.get("path") or english.get("hub"))
    if without:
        yield (
            "sample.dataset: missing, though"
            f" {', '.join(f'languages.{code}' for code in without)} has no native rows of its own; name"
            " the data (path or hub), or give languages.*.native"
        )
    elif names.translators and not own:
        yield (
            "sample.english: missing (a study without sample.dataset); name the English rows that are"
            " translated: path (local file) or hub (dataset id)"
        )
    for name, spec in names.questions.items():
        if mapping(spec).get("draw"):
            yield (
                f"answer.questions.{name}.draw: needs sample.dataset, whose rows drawn questions must"
                " not repeat"
            )


def _read_in(names: Names) -> Iterator[object]:
    """Languages whose native rows are read; the others are only tested (`evaluate_on`)."""
    for entry in map(mapping, listed(names.config.get("conditions"))):
        for scope in listed(entry.get("scope")):
            yield from names.pot if scope == MULTI else [scope]
    for spec in map(mapping, names.benchmarks.values()):
        if spec.get("task") == "native-perplexity" and not spec.get("dataset"):
            yield from listed(spec.get("languages"))
    for model in map(mapping, names.models.values()):
        if "build" in model and not mapping(model["build"]).get("corpus"):
            yield from listed(mapping(model["build"]).get("languages")) or names.languages


def _sources(names: Names) -> Iterator[str]:
    """Datasets that name no source or two, and paths that would not be filled in."""
    entries = [("sample.dataset", names.sample.get("dataset"), "")]
    for code, language in names.languages.items():
        entries.append((f"languages.{code}.native", mapping(language).get("native"), ""))
    english = mapping(names.sample.get("english"))
    if english.get("path") or english.get("hub"):
        entries.append(("sample.english", english, ""))
    for name, spec in names.benchmarks.items():
        entries.append(
            (f"evaluate.benchmarks.{name}.dataset", mapping(spec).get("dataset"), "language")
        )
    for name, spec in names.questions.items():
        draw = mapping(mapping(spec).get("draw"))
        entries.append((f"answer.questions.{name}.draw.dataset", draw.get("dataset"), "language"))
    for where, entry, field in entries:
        yield from source_mistakes(where, entry, field)
    for name, spec in names.benchmarks.items():
        path = demonstration_path(mapping(spec))
        yield from placeholders(f"evaluate.benchmarks.{name}.demonstrations", path, "language")


def source_mistakes(where: str, entry: Json, field: str) -> Iterator[str]:
    """A dataset that names no source or two; paths that would not be filled in."""
    if isinstance(entry, Mapping):
        if bool(entry.get("path")) == bool(entry.get("hub")):
            yield f"{where}: give either path (local file) or hub (dataset id)"
        paths = entry.get("path") or []
        for path in [paths] if isinstance(paths, str) else listed(paths):
            yield from placeholders(f"{where}.path", path, field)


def placeholders(where: str, path: Json, field: str) -> Iterator[str]:
    """Braces in a path that nothing will replace."""
    for found in PLACEHOLDER.finditer(path) if isinstance(path, str) else ():
        if not field or found[0] != f"{{{field}}}":
            allowed = f"only {{{field}}} is replaced" if field else "nothing is replaced"
            yield f"{where}: '{found[0]}' in '{path}' stands for nothing here ({allowed})"


def _models(names: Names) -> Iterator[str]:
    """Models without a base or with two, and shapes that cannot be built."""
    for name, spec in names.models.items():
        if not isinstance(spec, Mapping):
            continue
        given = [key for key in ("base", "build", "gguf") if key in spec and spec[key] != ""]
        if not given:
            yield (
                f"models.{name}: give base (hub id or folder), build (from scratch) or gguf (a file, or"
                " package:NAME)"
            )
        elif len(given) > 1:
            yield f"models.{name}: give only one of {' and '.join(given)}"
        build = mapping(spec.get("build"))
        corpus = build.get("corpus")
        if isinstance(corpus, str):
            if build.get("languages"):
                yield f"models.{name}.build: give languages or corpus, not both"
            if not Path(corpus).is_file():
                yield f"models.{name}.build.corpus: no such file '{corpus}'{looked_in(corpus)}"
        size, heads = build.get("hidden_size"), build.get("heads")
        if isinstance(size, int) and isinstance(heads, int) and heads > 0 and size % (2 * heads):
            yield f"models.{name}.build: hidden_size must be a multiple of 2 x heads"
        for place, code in enumerate(listed(build.get("languages"))):
            where = f"models.{name}.build.languages[{place}]"
            yield from unknown(where, code, names.languages, "language")


def _services(names: Names) -> Iterator[str]:
    """Translators and judges that lack what their back end needs, or cannot keep a budget."""
    prices = mapping(mapping(names.config.get("prices")).get("per_million"))
    for section in ("translate.translators", "judge.judges"):
        for name, spec in names.sections()[section].items():
            spec, where = mapping(spec), f"{section}.{name}"
            backend = spec.get("backend")
            local = backend == "huggingface" and section == "translate.translators"
            if (backend in CHAT or local) and not spec.get("model"):
                told = "hub id or folder" if local else "the server's name of the model"
                yield f"{where}.model: missing ({told})"
            paid = prices.get(str(spec.get("model"))) or prices.get(str(backend))
            if mapping(spec.get("api")).get("budget") and not mapping(paid):
                key = spec.get("model") or backend
                yield (
                    f"{where}.api.budget: cannot be kept without a price; give"
                    f" prices.per_million.{key}, or leave the budget out"
                )
            found = key_in_address(spec.get("base_url"))
            for name in RESERVED_PARAMETERS & set(map(str, mapping(spec.get("parameters")))):
                yield f"{where}.parameters.{name}: is not a parameter to be set here; leave it out"
            if found:
                yield f"{where}.base_url: holds {found}; name its variable in {where}.api.key instead"
            wrong = (
                judging_mistakes(spec)
                if section == "judge.judges"
                else translation_prompt_mistakes(spec.get("prompt"))
            )
            yield from (f"{where}.{line}" for line in wrong)
            if backend == "recorded" and "memory" not in spec:
                yield f"{where}.memory: missing (files to replay)"
            if spec.get("batch") is not None and section == "judge.judges" and backend != "openai":
                yield f"{where}.batch: only the back end openai has a Batch API; leave it out"
