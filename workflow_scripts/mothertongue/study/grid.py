"""The grid of a study: which adapters, evaluations, answers and ratings a configuration asks for.

Pure Python over the completed configuration (see `schema.py`); no Snakemake, no model library.
A *condition* is what an adapter was tuned on: data x scope x learning rate x seed, for a model
(design section 2). Names in conditions are keys of the configuration.
"""

from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from ..prompts.judging import PAIRWISE, RATING
from .comparison import ENGLISH, Budget, Common, budgets, common_rows
from .conditions import Cell, Finetuning, Product
from .mixes import Mix, Portion, is_sized
from .records import NO_DATASET, Dataset, Language, Model, Translated, Translator
from .tested import Benchmark, Judge, QuestionSet
from .validation import MULTI, ROUND_TRIP

OPEN_ANSWERS = "open answers"
OTHER = "other tests"
NATIVE, BASE = "native", "base"  # data of conditions that are no translation


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


class Pair(NamedTuple):
    """One judge's verdicts on one answer set against that of other data, `against`."""

    judge: str
    answers: AnswerSet
    against: str

    @property
    def other(self) -> AnswerSet:
        """The answer set that it meets."""
        return self.answers._replace(condition=self.answers.condition._replace(data=self.against))


def base_condition(model: str) -> Condition:
    """The untuned model as a condition."""
    return Condition(model, "base", "none", "none", 0)


class Study:
    """A completed configuration read as records and as a grid. Make it with `read_study`.

    `config` is the configuration itself, for the parameters of rules.
    """

    def __init__(self, config: dict[str, Any]):
        self.config = config
        self.name: str = config["study"]
        self.languages = {code: Language.read(code, e) for code, e in config["languages"].items()}
        self.models = {name: Model.read(name, e) for name, e in config["models"].items()}
        self.translators = {
            name: Translator.read(name, e) for name, e in config["translate"]["translators"].items()
        }
        self.translated = {
            name: Translated.read(name, e) for name, e in config.get("data", {}).items()
        }
        self.benchmarks = {
            name: Benchmark.read(name, e) for name, e in config["evaluate"]["benchmarks"].items()
        }
        self.questions = {
            name: QuestionSet.read(name, e) for name, e in config["answer"]["questions"].items()
        }
        self.judges = {name: Judge.read(name, e) for name, e in config["judge"]["judges"].items()}
        self.juries = {
            name: Judge.jury(name, e, self.judges.values())
            for name, e in config["judge"]["juries"].items()
        }
        self.instructions = Dataset.read(config["sample"]["dataset"])
        english = config["sample"]["english"]
        own = english.get("path") or english.get("hub")
        self.english = Dataset.read(english) if own else None  # None: rows of `instructions`
        self.finetuning = Finetuning.read(config["finetune"])
        self.products = [
            Product.read(entry, self.models, self.benchmarks, self.questions, self.translating)
            for entry in config["conditions"]
        ]

    @property
    def learning_rates(self) -> dict[str, float]:
        """Name -> learning rate."""
        return dict(self.finetuning.learning_rates)

    @property
    def has_english(self) -> bool:
        """Whether the study names English rows: a source of their own, or the shared data."""
        return self.english is not None or self._has_shared_rows

    @property
    def _has_shared_rows(self) -> bool:
        return self.instructions != Dataset.read(NO_DATASET)

    @property
    def languages_with_rows(self) -> list[str]:
        """Languages that have native rows; the others are only tested."""
        return [code for code, e in self.languages.items() if e.native or self._has_shared_rows]

    @property
    def pot(self) -> list[str]:
        """Languages of the multilingual mix."""
        chosen: list[str] | None = self.config["sample"]["multi"]["languages"]
        return chosen or list(self.languages)

    @property
    def heldout(self) -> int:
        """Native rows of each language that are kept out of all training."""
        return int(self.config["sample"]["heldout"])

    @property
    def answer_tokens(self) -> int:
        """The most tokens of an answer to an open question."""
        return int(self.config["answer"]["max_new_tokens"])

    def limit_of(self, benchmark: str) -> int | None:
        """Items of a benchmark at most, by its own limit and that of all benchmarks."""
        limits = (self.benchmarks[benchmark].limit, self.config["evaluate"]["limit"])
        return min((limit for limit in limits if limit), default=None)

    @cached_property
    def _cells(self) -> dict[Condition, tuple[set[str], set[str]]]:
        """Condition -> names of its benchmarks and question sets (entries united)."""
        cells: dict[Condition, tuple[set[str], set[str]]] = {}
        for product in self.products:
            for cell in product.cells():
                for seed in self.finetuning.seeds:
                    benchmarks, questions = cells.setdefault(Condition(*cell, seed), (set(), set()))
                    benchmarks.update(product.benchmarks)
                    questions.update(product.questions)
        return cells

    @cached_property
    def _elsewhere(self) -> dict[Condition, set[tuple[str, str]]]:
        """Condition -> benchmarks and languages of `evaluate_on`, its own language among them."""
        found: dict[Condition, set[tuple[str, str]]] = {}
        for product in self.products:
            wanted = {
                (name, language)
                for name in product.benchmarks
                for language in self.benchmarks[name].languages
                if product.tests_in(language)
            }
            for cell in product.cells() if wanted else ():
                for seed in self.finetuning.seeds:
                    found.setdefault(Condition(*cell, seed), set()).update(wanted)
        return found

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
        tested = {lang for spec in self.benchmarks.values() for lang in spec.languages}
        scopes = {condition.scope for condition in self._cells}
        wanted = tested if MULTI in scopes else tested & scopes
        return [language for language in self.languages if language in wanted]

    def languages_of_questions(self, name: str) -> list[str]:
        """Languages of a question set; default every evaluated language."""
        return list(self.questions[name].languages) or self.evaluated_languages

    def _covers(self, condition: Condition, language: str) -> bool:
        if condition.scope in (MULTI, "none"):
            return language in self.evaluated_languages
        return condition.scope == language

    @cached_property
    def evaluations(self) -> list[Evaluation]:
        """Every condition x benchmark x language to be evaluated, base models included."""
        return self.own_evaluations + self.other_evaluations

    @cached_property
    def other_evaluations(self) -> list[Evaluation]:
        """Tests of `evaluate_on`, in languages that an adapter was not tuned on, bases included.

        A base is here only where no adapter of the study has the test as one in its own language.
        """
        own = set(self.own_evaluations)
        cells = dict(self._elsewhere)
        if self.config["evaluate"]["base"]:
            for condition, tests in self._elsewhere.items():
                cells.setdefault(base_condition(condition.model), set()).update(tests)
        found = [
            Evaluation(condition, benchmark, language)
            for condition, tests in cells.items()
            for benchmark, spec in self.benchmarks.items()
            for language in spec.languages
            if (benchmark, language) in tests
        ]
        return [one for one in found if one not in own]

    @cached_property
    def own_evaluations(self) -> list[Evaluation]:
        """Tests of adapters in their own language, and of bases in the languages of adapters.

        Gaps between training data are made of these alone.
        """
        cells = [(condition, names[0]) for condition, names in self._cells.items()]
        if self.config["evaluate"]["base"]:
            cells += [(base_condition(model), set(self.benchmarks)) for model in self.tuned_models]
        return [
            Evaluation(condition, benchmark, language)
            for condition, names in cells
            for benchmark, spec in self.benchmarks.items()
            if benchmark in names
            for language in spec.languages
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

    @property
    def checked_answers(self) -> list[AnswerSet]:
        """The answers that are looked at without a judge, if the study wants that."""
        return self.answers if self.config["answer"]["fidelity"] else []

    def raters(self, mode: str = RATING) -> dict[str, Judge]:
        """Judges of a mode, and after them its juries."""
        every = {**self.judges, **self.juries}
        return {name: judge for name, judge in every.items() if judge.mode == mode}

    @cached_property
    def judgements(self) -> list[Judgement]:
        """Every judge and jury x answer set to be rated."""
        return [Judgement(judge, answers) for judge in self.raters() for answers in self.answers]

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every pairwise judge x two answer sets of one model, scope, learning rate and seed.

        Native data stands first where it is one of the two.
        """
        met: dict[AnswerSet, list[AnswerSet]] = {}
        for answers in self.answers:
            if answers.condition.data != BASE:
                place = answers._replace(condition=answers.condition._replace(data=""))
                met.setdefault(place, []).append(answers)
        found = []
        for name, judge in self.raters(PAIRWISE).items():
            for own in met.values():
                own.sort(key=lambda one: one.condition.data != NATIVE)
                found += [
                    Pair(name, one, other.condition.data)
                    for one, other in combinations(own, 2)
                    if judge.against == "all" or one.condition.data == NATIVE
                ]
        return found

    @cached_property
    def _common(self) -> dict[tuple[str, str], Common]:
        return common_rows(self.products, self.translated)

    def common_with(self, data: str, scope: str) -> Common:
        """The other data whose rows a training set is cut to; none if it keeps its own rows."""
        return self._common.get((data, scope), Common())

    @cached_property
    def _budgets(self) -> dict[Cell, Budget]:
        return budgets(self.products)

    def budget_of(self, model: str, data: str, scope: str, lr: str) -> Budget | None:
        """What an adapter's training holds equal with that of other data; None: nothing."""
        return self._budgets.get(Cell(model, data, scope, lr))

    def pairs_with_english(self, data: str, scope: str) -> bool:
        """Whether data that is translated already is drawn beside the English rows of a scope."""
        asked = self.translated[data].parallel_to
        translated = any(
            d in self.translators for d, place in self.data_and_scope() if place == scope
        )
        return asked == ENGLISH or (asked is None and translated)

    @cached_property
    def _sets(self) -> dict[tuple[str, str], bool]:
        """Data and scope of every training set -> whether its rows are drawn."""
        return {(c.data, c.scope): is_sized(c.data) for c in self._cells}

    def data_and_scope(self) -> list[tuple[str, str]]:
        """The training sets of data as it is that the conditions need, each once."""
        return [one for one, sized in self._sets.items() if not sized]

    def sized_sets(self) -> list[tuple[str, str]]:
        """The training sets whose rows are drawn: segment of the path and scope, each once."""
        return [one for one, sized in self._sets.items() if sized]

    def parts(self) -> list[tuple[str, str]]:
        """Kinds of data that training sets consist of, with their scopes, each once."""
        found = {
            (part.data, scope): None for data, scope in self._sets for part in Mix.parse(data).parts
        }
        return list(found)

    @cached_property
    def translating(self) -> set[str]:
        """Translators whose portions are translated from English rows; others keep the best of a set."""
        return {name for name, one in self.translators.items() if one.keep is None}

    @cached_property
    def portions(self) -> dict[tuple[str, str, str], tuple[Mix, Portion]]:
        """(source, scope, token) -> the portion that it names, and one of the mixes that it is for."""
        found: dict[tuple[str, str, str], tuple[Mix, Portion]] = {}
        for data, scope in self.sized_sets():
            mix = Mix.parse(data)
            for one in mix.portions(self.translating):
                found.setdefault((one.source, scope, one.token), (mix, one))
        return found

    def portions_of(self, data: str) -> list[Portion]:
        """The portions of a training set; none of data as it is."""
        return Mix.parse(data).portions(self.translating)

    def translated_portions(self) -> list[tuple[Portion, str]]:
        """Portions that a translator translates, there or there and back, each with its scope, once."""
        found = {
            (one.data, scope, one.token): (one, scope)
            for data, scope in self.sized_sets()
            for one in self.portions_of(data)
            if one.data.removesuffix(ROUND_TRIP) in self.translating
        }
        return list(found.values())
