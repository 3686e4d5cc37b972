"""List what a study will call, train and evaluate, for the estimate to count."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from ..correlate.describe import main_learning_rate
from ..correlate.planning import Planned
from ..errors import InputError
from ..evaluate.read import read_rows
from ..files import existing_files, load_yaml, read_json_rows
from ..judge import rating_settings
from ..judge.probes import files_of
from ..prompts.judging import PAIRWISE
from ..study import MULTI, ROUND_TRIP, AnswerSet, Judge, Study, Translator
from ..study.engines import SERVER, engine_of
from ..study.engines import STAGES as ENGINE_STAGES
from ..study.gpu_memory import shape_of
from ..study.gpu_plan import card_of, chosen, disk_of, needs_of
from ..study.grid import BASE
from ..study.inference_jobs import OTHER_TASK, TASKS
from ..study.mixes import Portion, is_sized
from ..study.paths import (
    ANSWERS,
    DRAWN,
    ENGLISH,
    NATIVE,
    QUANTISATION,
    THERE_PORTION,
    TRANSLATED,
    wildcards_of,
)
from ..study.recipes import as_of, is_whole
from ..study.training_jobs import gpus
from ..translate import determining, operating
from .sheets import JudgeSheet, ModelSheet, PeopleSheet, PowerSheet, TranslationSheet

QUESTIONS = 50  # of a set whose file is not there yet
PASSAGES = {"xquad": 5, "belebele": 2}  # questions of a passage
PROFILE = Path(__file__).resolve().parents[3] / "slurm" / "config.yaml"
PAID = ("google-cloud", "cohere", "openai")


class Calling(TypedDict):
    """How a service is called and paid; `priced`: it is free, or the table has a price for it."""

    name: str
    api: Mapping[str, Any]
    price: Mapping[str, float]
    priced: bool


def calling(study: Study, service: Translator | Judge) -> Calling:
    """What the estimate must know of a translator or judge."""
    settings = operating(service, study.config["replies"], study.config["prices"])
    free = service.backend not in PAID or service.base_url
    priced = free or any(settings["price"].values())
    return {
        "name": service.name,
        "api": settings["api"],
        "price": settings["price"],
        "priced": bool(priced),
    }


def translations(study: Study) -> list[TranslationSheet]:
    """One sheet per set that is to be translated; round trips start from native rows."""
    sheets = []
    for data, scope in study.data_and_scope():
        name = data.removesuffix(ROUND_TRIP)
        if name in study.translators:
            trip = data != name
            stage, target = ("roundtrip", "en") if trip else ("translate", "target_language")
            service = study.translators[name]
            if service.keep and service.keep.goes_back:
                stage = "keep"
            sheets.append(
                TranslationSheet(
                    **calling(study, service),
                    stage=stage,
                    what=scope,
                    entry=determining(service),
                    target=target,
                )
            )
    return sheets + drawn_translations(study)


def drawn_translations(study: Study) -> list[TranslationSheet]:
    """One sheet per translator and language for all rows that are drawn for sets of some size."""
    found: dict[tuple[str, str], list[Portion]] = {}
    for one, scope in study.translated_portions():
        found.setdefault((one.data, scope), []).append(one)
    sheets = []
    for (data, scope), some in found.items():
        service, trip = study.translators[data.removesuffix(ROUND_TRIP)], data.endswith(ROUND_TRIP)
        own = {"translator": service.name, "scope": scope}
        sheets.append(
            TranslationSheet(
                **calling(study, service),
                stage="roundtrip" if trip else "translate",
                what=f"{scope}, drawn rows",
                entry=determining(service),
                target="en" if trip else "target_language",
                sources=[drawn_file(one, scope) for one in some],
                pivots=[THERE_PORTION.format(portion=one.token, **own) for one in some],
            )
        )
    return sheets


def drawn_file(one: Portion, scope: str) -> str:
    """The rows of a portion before they are translated, relative to <results>."""
    return DRAWN.format(source=one.source, scope=scope, portion=one.token)


def drawn(study: Study, data: str, scope: str) -> list[str]:
    """The files of a training set's portions."""
    return [drawn_file(one, scope) for one in study.portions_of(data)]


def sampled(study: Study, data: str, scope: str) -> str:
    """The rows that a training set has, or is translated from; relative to <results>."""
    if data in study.translated:
        return TRANSLATED.format(translator=data, scope=scope)
    native = data == "native" or data.endswith(ROUND_TRIP)
    return (NATIVE if native else ENGLISH).format(scope=scope)


def questions_asked(study: Study, name: str, language: str) -> int:
    """Questions of a set: its own number, or those in its local file."""
    asked = study.questions[name]
    number = asked.draw.rows if asked.draw else QUESTIONS
    path = Path(asked.path_in(language))
    if path.is_file():
        number = len(read_json_rows(path))
    return min(number, asked.limit or number)


def answers_of(study: Study, answers: AnswerSet) -> tuple[str, int]:
    """An answer set's file, relative to <results>, and its number of questions."""
    path = ANSWERS.format(**wildcards_of(answers))
    return path, questions_asked(study, answers.questions, answers.language)


def answered(study: Study) -> list[str]:
    """Languages of answers; of a study without answers of its own, its languages."""
    found = {one.language for one in study.answers} or set(study.languages)
    return [code for code in study.languages if code in found]


def probed(study: Study) -> list[str]:
    """Languages of answers in which judges are put on trial (judge.probe)."""
    trial = study.config["judge"]["probe"]
    if trial is None:
        return []
    return [code for code in answered(study) if files_of(code, trial["path"])]


def judgements(study: Study) -> list[JudgeSheet]:
    """Answer sets per paid judge, relative to <results>."""
    sheets = []
    for name, judge in study.judges.items():
        languages = {code: entry.label for code, entry in study.languages.items()}
        spec = rating_settings(name, judge, languages)
        if "repeats" not in spec:
            continue  # it calls no service
        sheets.append(
            JudgeSheet(
                **calling(study, judge),
                spec=spec,
                discount=judge.batch_discount,
                answer_tokens=study.answer_tokens,
                answers=[answers_of(study, a) for who, a in study.judgements if who == name],
                pairs=[
                    (answers_of(study, one.answers)[0], *answers_of(study, one.other))
                    for one in study.pairs
                    if one.judge == name
                ],
                probes=[
                    (list(map(str, files_of(code, study.config["judge"]["probe"]["path"]))), code)
                    for code in probed(study)
                ],
            )
        )
    return sheets


def items_asked(study: Study, name: str, language: str) -> int:
    """Items of a benchmark in one language that will really run.

    Those of the study's own files are counted, those of known tasks are known, else `OTHER_TASK`.
    """
    benchmark, limit = study.benchmarks[name], study.limit_of(name)
    number = TASKS.get(benchmark.task, OTHER_TASK)[0]
    files = existing_files(benchmark.paths_in(language))
    if files:
        number = counted_items(tuple(files))
    elif benchmark.task == "native-perplexity" and benchmark.dataset is None:
        number = study.heldout
    return number if limit is None else min(number, limit)


@cache
def counted_items(files: tuple[str, ...]) -> int:
    """Items of local files: rows, or the questions of passages."""
    try:
        rows = [row for file in files for row in read_rows(file)]
    except InputError:
        return OTHER_TASK[0]  # told before the first job (evaluate/check.py)
    return len(rows)


@cache
def groups() -> dict[str, tuple[str, int]]:
    """Rules whose jobs share a job on a cluster: rule -> (pattern of wildcards, so many at most)."""
    profile = load_yaml(PROFILE)
    sizes = dict(entry.split("=") for entry in profile.get("group-components", []))
    named = [entry.split("=", 1) for entry in profile.get("groups", [])]
    return {rule: (group, int(sizes.get(group, 1))) for rule, group in named}


def loads(stages: Mapping[str, tuple[str, Iterable[Mapping[str, Any]]]]) -> dict[str, int]:
    """How often each stage loads a base: once a job, or once a group of jobs.

    `stages`: stage -> (its rule, wildcards of its jobs). A group that stages share is counted with
    the first of them.
    """
    found = dict.fromkeys(stages, 0)
    members: Counter[str] = Counter()
    first: dict[str, tuple[str, int]] = {}
    for stage, (rule, cells) in stages.items():
        for cell in cells:
            if rule not in groups():
                found[stage] += 1
                continue
            pattern, size = groups()[rule]
            group = pattern.format(**cell)
            members[group] += 1
            first.setdefault(group, (stage, size))
    for group, count in members.items():
        stage, size = first[group]
        found[stage] += math.ceil(count / size)
    return found


def choice_file(root: Path, model: str) -> Path:
    """Where `choose_quantisation` writes a model's choice, below <results>."""
    return root / QUANTISATION.format(model=model)


def models(study: Study, root: Path, *, local: bool) -> list[ModelSheet]:
    """A sheet per model."""
    return [model_sheet(study, root, name, local=local) for name in study.models]


def model_sheet(study: Study, root: Path, name: str, *, local: bool) -> ModelSheet:
    """What one model trains on, reads and writes, how often it is loaded, and on what."""
    config, model, tuning = study.config, study.models[name], study.finetuning
    tuned = [c for c in study.conditions if c.model == name]
    read = [e for e in study.evaluations if e.condition.model == name]
    asked = [a for a in study.answers if a.condition.model == name]
    card = card_of(config, name, local=local)
    cells = {
        "finetune": ("finetune_lora", [c._asdict() for c in tuned]),
        "evaluate": (
            "evaluate_benchmark",
            [e._asdict() | e.condition._asdict() for e in read],
        ),
        "answer": ("answer_questions", [a._asdict() | a.condition._asdict() for a in asked]),
    }
    engines = {stage: engine_of(config, stage) for stage in ENGINE_STAGES}
    here = {stage: some for stage, some in cells.items() if engines.get(stage) != SERVER}
    shape, own = shape_of(model), as_of(config, name)
    recipe, whole = own["finetune"], is_whole(config, name)
    needs = needs_of(own, shape)
    left, unfinished = disk_of(config, name, gpus(model.parameters, tuning.gpus))
    return ModelSheet(
        name=name,
        parameters=model.parameters,
        gpus=tuning.gpus,
        quantisation=chosen(config, name, choice_file(root, name), card),
        auto=recipe["quantisation"] == "auto" and not whole,
        card=(card.name, card.memory_gb) if card else None,
        bytes={"none": needs["none"]} if whole else needs,
        guessed=not (Path(model.base or "") / "config.json").is_file(),
        epochs=recipe["epochs"],
        max_length=recipe["max_length"],
        limit=tuning.limit,
        trained=[sampled(study, c.data, c.scope) for c in tuned if not is_sized(c.data)],
        drawn=[drawn(study, c.data, c.scope) for c in tuned if is_sized(c.data)],
        steps=recipe.get("steps"),
        batch=recipe["effective_batch"],
        evaluated=[
            (study.benchmarks[e.benchmark].task, items_asked(study, e.benchmark, e.language))
            for e in read
        ],
        answered=[questions_asked(study, a.questions, a.language) for a in asked],
        answer_tokens=study.answer_tokens,
        loads=loads(here),
        whole=whole,
        left=left,
        unfinished=unfinished,
        engines=engines,
    )


def power(study: Study) -> list[PowerSheet]:
    """Benchmarks and question sets as the power of the study depends on them."""
    rate = main_learning_rate(study)
    main = [c for c in study.conditions if c.lr == rate and c.data == "native" and c.scope != MULTI]
    trained = {c.model for c in main}
    sheets = []
    for name in [*study.benchmarks, *(f"qa-{name}" for name in study.questions if study.judges)]:
        asked = name.removeprefix("qa-") if name not in study.benchmarks else None
        languages = (
            {a.language for a in study.answers if a.condition in main and a.questions == asked}
            if asked
            else {
                e.language
                for e in study.own_evaluations
                if e.condition in main and e.benchmark == name
            }
        )
        task = "open questions" if asked else study.benchmarks[name].task
        known = {*study.translators, *study.translated}
        translators = {c.data for c in study.conditions if c.lr == rate and c.data in known}
        if not languages or not translators or task == "native-perplexity":
            continue  # perplexity is not in points
        limit = (
            questions_asked(study, asked, min(languages))
            if asked
            else items_asked(study, name, min(languages))
        )
        sheets.append(
            PowerSheet(
                task,
                Planned(
                    name,
                    models=len(trained),
                    families=len({study.models[m].family for m in trained}),
                    languages=len(languages),
                    seeds=len(study.finetuning.seeds),
                    translators=len(translators),
                    items=limit,
                    rating=bool(asked),
                    questions=PASSAGES.get(task, 1),
                ),
            )
        )
    return sheets


def people(study: Study) -> PeopleSheet | None:
    """What people are asked (judge.people), of the study's own answers."""
    asked = study.config["judge"]["people"]
    if not asked or asked["answers"]:
        return None
    data: dict[str, set[str]] = {}
    for one in study.answers:
        if one.condition.data != BASE:
            data.setdefault(one.language, set()).add(one.condition.data)
    alone = asked["mode"] == PAIRWISE
    sides = {code: len(names) - alone for code, names in data.items() if len(names) > 1}
    return PeopleSheet(asked["mode"], asked["items"], asked["overlap"], sides)
