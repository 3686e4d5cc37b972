"""What a study will call, train, evaluate and find: the sheets that the estimate counts."""

from pathlib import Path
from typing import Any

from .config import Json
from .correlate.about import main_learning_rate
from .files import read_json_rows
from .judge import rating_settings
from .study import MULTI, ROUND_TRIP, AnswerSet, Study
from .translate import determining, operating

Sheet = dict[str, Any]
QUESTIONS = 50  # of a set whose file is not there yet
PASSAGES = {"xquad": 5, "belebele": 2}  # questions of a passage
PAID = ("google-cloud", "cohere", "openai")


def calling(study: Study, name: str, entry: Json) -> Sheet:
    """How a service is called and paid; `priced`: it is free, or the table has a price for it."""
    settings = operating(entry, study.config["replies"], study.config["prices"])
    priced = entry["backend"] not in PAID or entry["base_url"] or any(settings["price"].values())
    return {
        "name": name,
        "api": settings["api"],
        "price": settings["price"],
        "priced": bool(priced),
    }


def translations(study: Study) -> list[Sheet]:
    """One sheet per set that is to be translated; round trips start from native rows."""
    sheets = []
    for data, scope in study.data_and_scope():
        name = data.removesuffix(ROUND_TRIP)
        if name in study.translators:
            trip = data != name
            stage, target = ("roundtrip", "en") if trip else ("translate", "target_language")
            entry = determining(study.translators[name])
            sheet = {"stage": stage, "what": scope, "entry": entry, "target": target}
            sheets.append({**calling(study, name, study.translators[name]), **sheet})
    return sheets


def sampled(data: str, scope: str) -> str:
    """The rows that a training set has, or is translated from; relative to <results>."""
    kind = "native" if data == "native" or data.endswith(ROUND_TRIP) else "english"
    return f"sample/{kind}/{scope}.jsonl"


def questions_asked(study: Study, name: str, language: str) -> int:
    """Questions of a set: its own number, or those in its local file."""
    entry = study.questions[name]
    number = entry["draw"]["rows"] if entry.get("draw") else QUESTIONS
    path = Path((entry.get("path") or "").format(language=language))
    if path.is_file():
        number = len(read_json_rows(path))
    return min(number, entry["limit"] or number)


def answers_of(study: Study, answers: AnswerSet) -> tuple[str, int]:
    """An answer set's file, relative to <results>, and its number of questions."""
    path = f"{answers.condition.path}/{answers.questions}/{answers.language}"
    return f"answer/{path}.jsonl", questions_asked(study, answers.questions, answers.language)


def judgements(study: Study) -> list[Sheet]:
    """Answer sets per paid judge, relative to <results>."""
    sheets = []
    for name, entry in study.judges.items():
        sheet = {
            "spec": rating_settings(name, entry),
            "discount": (entry["batch"] or {}).get("discount", 0.0),
            "answer_tokens": study.config["answer"]["max_new_tokens"],
            "answers": [answers_of(study, a) for judge, a in study.judgements if judge == name],
        }
        if entry["backend"] != "overlap":
            sheets.append({**calling(study, name, entry), **sheet})
    return sheets


def models(study: Study) -> list[Sheet]:
    """Training sets, benchmarks and answer sets per model."""
    return [
        {
            "name": name,
            "parameters": model["parameters"],
            "epochs": study.config["finetune"]["epochs"],
            "max_length": study.config["finetune"]["max_length"],
            "limit": study.config["finetune"]["limit"],
            "trained": [sampled(c.data, c.scope) for c in study.conditions if c.model == name],
            "evaluated": [
                (study.benchmarks[e.benchmark]["task"], study.benchmarks[e.benchmark]["limit"])
                for e in study.evaluations
                if e.condition.model == name
            ],
            "answered": [
                questions_asked(study, a.questions, a.language)
                for a in study.answers
                if a.condition.model == name
            ],
            "answer_tokens": study.config["answer"]["max_new_tokens"],
        }
        for name, model in study.models.items()
    ]


def power(study: Study) -> list[Sheet]:
    """Benchmarks and question sets as the power of the study depends on them."""
    rate = main_learning_rate(study)
    main = [c for c in study.conditions if c.lr == rate and c.data == "native" and c.scope != MULTI]
    trained = {c.model for c in main}
    sheets = []
    for name in [*study.benchmarks, *(f"qa-{name}" for name in study.questions if study.judges)]:
        asked = name.removeprefix("qa-") if name not in study.benchmarks else None
        cells = study.answers if asked else study.evaluations
        languages = {
            cell.language
            for cell in cells
            if cell.condition in main
            and (cell.questions if asked else cell.benchmark) == (asked or name)
        }
        task = "open questions" if asked else study.benchmarks[name]["task"]
        translators = {
            c.data for c in study.conditions if c.lr == rate and c.data in study.translators
        }
        if not languages or not translators or task == "native-perplexity":
            continue  # perplexity is not in points
        limit = (
            questions_asked(study, asked, min(languages))
            if asked
            else study.benchmarks[name]["limit"]
        )
        sheets.append(
            {
                "name": name,
                "task": task,
                "models": len(trained),
                "families": len({study.models[m]["family"] for m in trained}),
                "languages": len(languages),
                "seeds": len(study.config["finetune"]["seeds"]),
                "translators": len(translators),
                "items": limit,
                "rating": bool(asked),
                "questions": PASSAGES.get(task, 1),
            }
        )
    return sheets
