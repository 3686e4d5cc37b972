"""The grid of a study: which adapters, evaluations, answers and ratings a configuration asks for.

Pure Python over the completed configuration (see `config.py`); no Snakemake, no model library.
A *condition* is what an adapter was tuned on: data x scope x learning rate x seed, for a model
(design section 2). Names in conditions are keys of the configuration.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import load_yaml
from .comparison import Budget, Cell, budgets, common_rows, comparison_mistakes
from .references import reference_mistakes
from .schema import Json, Schema, complete, repeated_keys, structural_mistakes
from .tasks import read_task
from .validation import MULTI, ROUND_TRIP, grid_mistakes, mapping

__all__ = ["MULTI", "ROUND_TRIP", "Study", "read_study"]


# What a task tests: the column of the report's first table, unless the benchmark names its own.
GROUPS = {
    "mt-mmlu": "knowledge",
    "ht-mmlu": "knowledge",
    "cmmlu": "knowledge",
    "ceval": "knowledge",
    "multiple-choice": "knowledge",
    "xquad": "reading",
    "tydiqa": "reading",
    "extractive-qa": "reading",
    "mgsm": "reasoning",
    "arithmetic": "reasoning",
    "native-perplexity": "text",
}
OPEN_ANSWERS = "open answers"
OTHER = "other tests"


class Condition(NamedTuple):
    """One adapter (or the untuned base: data `base`, scope and lr `none`, seed 0)."""

    model: str
    data: str
    scope: str
    lr: str
    seed: int

    @property
    def path(self) -> str:
        """`model/data/scope/lr/seedN`, the same in every stage's folder."""
        return f"{self.model}/{self.data}/{self.scope}/{self.lr}/seed{self.seed}"


class Evaluation(NamedTuple):
    """One condition on one benchmark in one language."""

    condition: Condition
    benchmark: str
    language: str


class AnswerSet(NamedTuple):
    """One condition's answers to one question set in one language."""

    condition: Condition
    questions: str
    language: str


class Judgement(NamedTuple):
    """One judge's ratings of one answer set."""

    judge: str
    answers: AnswerSet


def base_condition(model: str) -> Condition:
    """The untuned model as a condition."""
    return Condition(model, "base", "none", "none", 0)


def pick(selection: str | list[str], known: Iterable[str]) -> list[str]:
    """Turn `all` or a list of names into names, in the order of `known`."""
    return [name for name in known if selection == "all" or name in selection]


class Study:
    """A completed configuration read as a grid. Construct it with `read_study`."""

    def __init__(self, config: dict[str, Any]):
        self.config = config
        self.languages: dict[str, dict] = config["languages"]
        self.models: dict[str, dict] = config["models"]
        self.translators: dict[str, dict] = config["translate"]["translators"]
        self.benchmarks: dict[str, dict] = config["evaluate"]["benchmarks"]
        self.questions: dict[str, dict] = config["answer"]["questions"]
        self.judges: dict[str, dict] = config["judge"]["judges"]
        self.learning_rates: dict[str, float] = config["finetune"]["learning_rates"]

    @property
    def pot(self) -> list[str]:
        """Languages of the multilingual mix."""
        return self.config["sample"]["multi"]["languages"] or list(self.languages)

    @cached_property
    def _cells(self) -> dict[Condition, tuple[set[str], set[str]]]:
        """Condition -> names of its benchmarks and question sets (entries united)."""
        cells: dict[Condition, tuple[set[str], set[str]]] = {}
        for entry in self.config["conditions"]:
            benchmarks = pick(entry["benchmarks"], self.benchmarks)
            questions = pick(entry["questions"], self.questions)
            for model in pick(entry["models"], self.models):
                for data in entry["data"]:
                    for scope in entry["scope"]:
                        for lr in entry["lr"]:
                            for seed in self.config["finetune"]["seeds"]:
                                condition = Condition(model, data, scope, lr, seed)
                                known = cells.setdefault(condition, (set(), set()))
                                known[0].update(benchmarks)
                                known[1].update(questions)
        return cells

    @property
    def conditions(self) -> list[Condition]:
        """Every adapter of the study."""
        return list(self._cells)

    @cached_property
    def tuned_models(self) -> list[str]:
        """Models that appear in a condition."""
        used = {condition.model for condition in self._cells}
        return [model for model in self.models if model in used]

    @cached_property
    def evaluated_languages(self) -> list[str]:
        """Languages that a benchmark of the study tests, in the order of the configuration."""
        tested = {lang for spec in self.benchmarks.values() for lang in spec["languages"]}
        scopes = {condition.scope for condition in self._cells}
        wanted = tested if MULTI in scopes else tested & scopes
        return [language for language in self.languages if language in wanted]

    def languages_of_questions(self, name: str) -> list[str]:
        """Languages of a question set; default every evaluated language."""
        return self.questions[name].get("languages") or self.evaluated_languages

    def _covers(self, condition: Condition, language: str) -> bool:
        if condition.scope in (MULTI, "none"):
            return language in self.evaluated_languages
        return condition.scope == language

    @cached_property
    def evaluations(self) -> list[Evaluation]:
        """Every condition x benchmark x language to be evaluated, base models included."""
        cells = [(condition, names[0]) for condition, names in self._cells.items()]
        if self.config["evaluate"]["base"]:
            cells += [(base_condition(model), set(self.benchmarks)) for model in self.tuned_models]
        return [
            Evaluation(condition, benchmark, language)
            for condition, names in cells
            for benchmark, spec in self.benchmarks.items()
            if benchmark in names
            for language in spec["languages"]
            if self._covers(condition, language)
        ]

    @cached_property
    def answers(self) -> list[AnswerSet]:
        """Every condition x question set x language to be answered."""
        cells = [(condition, names[1]) for condition, names in self._cells.items()]
        if self.config["answer"]["base"]:
            cells += [(base_condition(model), set(self.questions)) for model in self.tuned_models]
        return [
            AnswerSet(condition, name, language)
            for condition, names in cells
            for name in self.questions
            if name in names
            for language in self.languages_of_questions(name)
            if self._covers(condition, language)
        ]

    @cached_property
    def judgements(self) -> list[Judgement]:
        """Every judge x answer set to be rated."""
        return [Judgement(judge, answers) for judge in self.judges for answers in self.answers]

    @cached_property
    def _common(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return common_rows(self.config["conditions"])

    def common_with(self, data: str, scope: str) -> tuple[str, ...]:
        """The other data whose rows a training set is cut to; none if it keeps its own rows."""
        return self._common.get((data, scope), ())

    @cached_property
    def _budgets(self) -> dict[Cell, Budget]:
        entries = self.config["conditions"]
        return budgets((entry, pick(entry["models"], self.models)) for entry in entries)

    def budget_of(self, model: str, data: str, scope: str, lr: str) -> Budget | None:
        """What an adapter's training holds equal with that of other data; None: nothing."""
        return self._budgets.get(Cell(model, data, scope, lr))

    def data_and_scope(self) -> list[tuple[str, str]]:
        """The training sets that the conditions need, each once."""
        return list(dict.fromkeys((c.data, c.scope) for c in self._cells))


def task_names(folder: Path) -> list[str]:
    """Tasks of the task pack: one sub-folder or YAML file each; names starting with _ are shared."""
    if not folder.is_dir():
        return []
    entries = [p for p in folder.iterdir() if p.is_dir() or p.suffix == ".yaml"]
    return sorted({p.stem for p in entries if not p.name.startswith(("_", "."))})


def tasks_of(config: Json, folder: Path) -> dict[str, dict | None]:
    """Every task's name -> its content, read only for tasks that a benchmark of the study uses."""
    benchmarks = mapping(mapping(mapping(config).get("evaluate")).get("benchmarks"))
    used = {str(mapping(spec).get("task")) for spec in benchmarks.values()}
    names = task_names(folder)
    return {name: read_task(name, folder) if name in used else None for name in names}


@cache
def _laid_down(root: Path) -> tuple[Schema, dict]:
    """The schema and the table of languages."""
    return load_yaml(root / "config.schema.yaml"), load_yaml(root / "resources" / "languages.yaml")


# What stands for the sections that the configuration of a module leaves out.
NOTHING: dict[str, Any] = {
    "study": "module",
    "languages": {},
    "sample": {"dataset": {"path": ["sample.dataset-is-not-configured"]}},
    "models": {},
    "conditions": [],
    "evaluate": {"benchmarks": {}},
}


def refuse(mistakes: list[str]) -> None:
    """Raise one error that lists every mistake; do nothing without any."""
    if mistakes:
        raise InputError(
            f"{len(mistakes)} mistake{'s' * (len(mistakes) > 1)} in the study configuration:\n"
            + "\n".join(f"  - {' '.join(line.split())}" for line in mistakes)
        )


def read_study(
    raw: Json, root: Path, files: Iterable[str | Path] = (), *, module: bool = False
) -> Study:
    """Complete and check a configuration; raise one `InputError` that lists every mistake.

    `root` is the folder of config.schema.yaml, resources/ and tasks/; `files` are the YAML files
    that `raw` was read from, whose repeated keys no longer show in it. The configuration of a
    `module` (another workflow's use of some rules) may leave out the sections it does not need.
    """
    schema, known_languages = _laid_down(root)
    given = mapping(raw)
    if isinstance(raw, Mapping) and "study" not in given and not module:
        where = f" in {', '.join(map(str, files))}" if files else ""
        raise InputError(
            "1 mistake in the study configuration:\n"
            f"  - study: missing{where}; give the study a name (study: my-study). The demo runs"
            " without --configfile, and with changes as --configfile config.yaml yours.yaml"
        )
    config = complete({**NOTHING, **given} if module else raw, schema, schema)
    mistakes = structural_mistakes(config, schema)
    mistakes += [line for file in files for line in repeated_keys(file)]
    mistakes += grid_mistakes(config, tasks_of(config, root / "tasks"), known_languages)
    mistakes += comparison_mistakes(config)
    if module:  # nobody made a mistake in a section that nobody wrote
        mistakes = [line for line in mistakes if re.match(r"[^.:\[]+", line)[0] in given]
    refuse(mistakes)
    for code, entry in config["languages"].items():
        known = known_languages.get(code, {})
        entry.setdefault("name", known.get("name", code))
        entry["aya"] = {
            "code": known.get("aya"),
            "language": None,
            "annotation_type": None,
            **entry.get("aya", {}),
        }
    for section in (
        config["models"],
        config["evaluate"]["benchmarks"],
        config["translate"]["translators"],
        config["answer"]["questions"],
        config["judge"]["judges"],
    ):
        for name, entry in section.items():
            entry.setdefault("label", name)
    for entry in config["evaluate"]["benchmarks"].values():
        entry.setdefault("group", GROUPS.get(entry["task"], OTHER))
    for entry in config["models"].values():
        entry.setdefault("family", entry["label"])
    study = Study(config)
    if not module:
        refuse(list(reference_mistakes(study)))
    return study
