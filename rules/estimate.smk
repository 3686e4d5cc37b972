# estimate: what the study will cost, before anything is spent.
# in:   <results>/sample/…, the store of replies (what it holds is free), prices in the config;
#       pivots and answers as far as they exist
# out:  <results>/estimate/cost.csv   calls, characters, tokens, US dollars, hours, GPU-hours
#       <results>/estimate/power.csv  smallest gap per benchmark, and what one more of each gives
# Made anew whenever it is asked for: the store has changed.


include: "common.smk"
include: "translator.smk"


import os
import time

from mothertongue.files import read_json_rows
from mothertongue.judge import rating_settings

QUESTIONS = 50  # of a set whose file is not there yet
PAID = ("google-cloud", "cohere", "openai")


def calling(name, entry):
    """How a service is called and paid; `priced`: it is free, or the table has a price for it."""
    settings = operating(entry, config["replies"], config["prices"])
    priced = entry["backend"] not in PAID or entry["base_url"] or any(settings["price"].values())
    return {
        "name": name,
        "api": settings["api"],
        "price": settings["price"],
        "priced": bool(priced),
    }


def translations_planned():
    """One sheet per set that is to be translated; round trips start from native rows."""
    sheets = []
    for data, scope in STUDY.data_and_scope():
        name = data.removesuffix(ROUND_TRIP)
        if name in STUDY.translators:
            trip = data != name
            stage, target = ("roundtrip", "en") if trip else ("translate", "target_language")
            entry = determining(STUDY.translators[name])
            sheet = {"stage": stage, "what": scope, "entry": entry, "target": target}
            sheets.append({**calling(name, STUDY.translators[name]), **sheet})
    return sheets


def sampled(data, scope):
    """The rows that a training set has, or is translated from; relative to <results>."""
    kind = "native" if data == "native" or data.endswith(ROUND_TRIP) else "english"
    return f"sample/{kind}/{scope}.jsonl"


def questions_asked(name, language):
    """Questions of a set: its own number, or those in its local file."""
    entry = STUDY.questions[name]
    number = entry["draw"]["rows"] if entry.get("draw") else QUESTIONS
    path = Path((entry.get("path") or "").format(language=language))
    if path.is_file():
        try:
            number = len(read_json_rows(path))
        except InputError as error:
            raise refusal(error) from None
    return min(number, entry["limit"] or number)


def answers_of(answers):
    """An answer set's file, relative to <results>, and its number of questions."""
    path = f"{answers.condition.path}/{answers.questions}/{answers.language}"
    return f"answer/{path}.jsonl", questions_asked(answers.questions, answers.language)


def judges_planned():
    """Answer sets per paid judge, relative to <results>."""
    sheets = []
    for name, entry in STUDY.judges.items():
        sheet = {
            "spec": rating_settings(name, entry),
            "discount": (entry["batch"] or {}).get("discount", 0.0),
            "answer_tokens": config["answer"]["max_new_tokens"],
            "answers": [answers_of(a) for judge, a in STUDY.judgements if judge == name],
        }
        if entry["backend"] != "overlap":
            sheets.append({**calling(name, entry), **sheet})
    return sheets


def gpu_planned():
    """Training sets, benchmarks and answer sets per model."""
    return [
        {
            "name": name,
            "parameters": model["parameters"],
            "epochs": config["finetune"]["epochs"],
            "max_length": config["finetune"]["max_length"],
            "limit": config["finetune"]["limit"],
            "trained": [sampled(c.data, c.scope) for c in STUDY.conditions if c.model == name],
            "evaluated": [
                (STUDY.benchmarks[e.benchmark]["task"], STUDY.benchmarks[e.benchmark]["limit"])
                for e in STUDY.evaluations
                if e.condition.model == name
            ],
            "answered": [
                questions_asked(a.questions, a.language)
                for a in STUDY.answers
                if a.condition.model == name
            ],
            "answer_tokens": config["answer"]["max_new_tokens"],
        }
        for name, model in STUDY.models.items()
    ]


PASSAGES = {"xquad": 5, "belebele": 2}  # questions of a passage


def power_planned():
    """Benchmarks and question sets as the power of the study depends on them."""
    from mothertongue.correlate.about import main_learning_rate

    rate = main_learning_rate(STUDY)
    main = [c for c in STUDY.conditions if c.lr == rate and c.data == "native" and c.scope != MULTI]
    models = {c.model for c in main}
    sheets = []
    for name in [*STUDY.benchmarks, *(f"qa-{name}" for name in STUDY.questions if STUDY.judges)]:
        asked = name.removeprefix("qa-") if name not in STUDY.benchmarks else None
        cells = STUDY.answers if asked else STUDY.evaluations
        languages = {
            cell.language
            for cell in cells
            if cell.condition in main
            and (cell.questions if asked else cell.benchmark) == (asked or name)
        }
        task = "open questions" if asked else STUDY.benchmarks[name]["task"]
        translators = {
            c.data for c in STUDY.conditions if c.lr == rate and c.data in STUDY.translators
        }
        if not languages or not translators or task == "native-perplexity":
            continue  # perplexity is not in points
        limit = questions_asked(asked, min(languages)) if asked else STUDY.benchmarks[name]["limit"]
        sheets.append(
            {
                "name": name,
                "task": task,
                "models": len(models),
                "families": len({STUDY.models[m]["family"] for m in models}),
                "languages": len(languages),
                "seeds": len(config["finetune"]["seeds"]),
                "translators": len(translators),
                "items": limit,
                "rating": bool(asked),
                "questions": PASSAGES.get(task, 1),
            }
        )
    return sheets


rule estimate:
    """Calls, money and hours of the whole study, and what it would find; spends nothing."""
    input:
        sorted({f"<results>/{sampled(*one)}" for one in STUDY.data_and_scope()}),
    output:
        "<results>/estimate/cost.csv",
        "<results>/estimate/power.csv",
    log:
        "<logs>/estimate/cost.log",
    benchmark:
        "<benchmarks>/estimate/cost.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        translations=lambda wildcards: translations_planned(),
        judges=lambda wildcards: judges_planned(),
        gpu=lambda wildcards: gpu_planned(),
        power=lambda wildcards: power_planned(),
        published=os.path.relpath(ROOT / "resources" / "published" / "variance.csv"),
        languages=language_facts(ROOT, config["languages"], ["en", *config["languages"]]),
        dated=config["prices"]["dated"],
        store=lambda wildcards, output: str(Path(output[0]).parents[1] / ".work/api/replies.sqlite"),
        asked=time.time(),
    script:
        "../workflow_scripts/estimate_cost.py"
