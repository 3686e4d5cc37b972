"""Describes a study's scores from its configuration: the content of about.json before any is known."""

from typing import Any

from ..scores import ROUND_TRIP, WIN_RATE
from ..study import OPEN_ANSWERS, Study
from ..study.mixes import Mix
from .facts import LANGUAGE_FIDELITY, WON

QUESTIONS = "qa-"
FIDELITY = "fidelity-"  # prefix of a question set whose answers are looked at without a judge
SIZED = "sized"  # kind of data with a number of rows: no side of a gap, which compares whole sets


def main_learning_rate(study: Study) -> str:
    """Name of the learning rate of the main analysis: correlate.lr, or the grid's first."""
    chosen: str | None = study.config["correlate"]["lr"]
    return chosen or study.products[0].lr[0]


def data_label(study: Study, name: str) -> str:
    """The label of a kind of data: native, a translator, its round trip, or a name in `data`."""
    known = study.translators.get(name.removesuffix(ROUND_TRIP)) or study.translated.get(name)
    label = known.label if known else name
    return f"{label} round trip" if name.endswith(ROUND_TRIP) else label


def describe_data(study: Study) -> dict[str, dict[str, Any]]:
    """Every kind of training data in the grid, in the order of figures: native first."""
    used = {condition.data for condition in study.conditions}
    found: dict[str, dict[str, Any]] = {"native": {"label": "native", "kind": "native"}}
    for name, spec in study.translators.items():
        label = spec.get("label") or name
        if name in used:
            found[name] = {"label": label, "kind": "translated", "translator": name}
    for name, own in study.translated.items():
        if name in used:
            kind = "control" if own.control else "translated"
            found[name] = {"label": own.label, "kind": kind, "translator": name}
    for name, spec in study.translators.items():
        label = spec.get("label") or name
        if name + ROUND_TRIP in used:
            found[name + ROUND_TRIP] = {
                "label": f"{label} round trip",
                "kind": "roundtrip",
                "translator": name,
            }
    for name in dict.fromkeys(segment for segment, _ in study.sized_sets()):
        label = Mix.parse(name).label(lambda part: data_label(study, part))
        found[name] = {"label": label, "kind": SIZED}
    found["base"] = {"label": "untuned base", "kind": "base"}
    return found


def describe_study(study: Study) -> dict[str, Any]:
    """The description of a study's scores, as far as the configuration knows it."""
    benchmarks: dict[str, dict[str, Any]] = {
        name: {
            "label": spec.get("label") or name,
            "group": spec["group"],
            "origin": spec["origin"],
            "kind": spec["kind"],
            "task": spec["task"],
            "judged": False,
            "margin": spec["margin"],
        }
        for name, spec in study.benchmarks.items()
    }
    for name, spec in study.questions.items():
        benchmarks[QUESTIONS + name] = {
            "label": f"Open questions: {spec.get('label') or name}",
            "group": OPEN_ANSWERS,
            "origin": spec["origin"],
            "kind": "generative",
            "judged": True,
            "metrics": ["rating", "total"],  # a total is there for complete sets only
            "units": {"total": "points", "rating": "points of 5"},
            "higher": {"total": True, "rating": True},
            "chance": None,
        }
        if study.pairs:
            told = benchmarks[QUESTIONS + name]
            told["metrics"].append(WIN_RATE)
            told["units"][WIN_RATE] = WON
            told["higher"][WIN_RATE] = True
    for name in dict.fromkeys(one.questions for one in study.checked_answers):
        spec = study.questions[name]
        benchmarks[FIDELITY + name] = {
            "label": f"Right language: {spec.get('label') or name}",
            "group": LANGUAGE_FIDELITY,
            "origin": spec["origin"],
            "kind": LANGUAGE_FIDELITY,
            "judged": False,
        }
    rates = study.learning_rates
    return {
        "source": "study",
        "study": study.config["study"],
        "description": study.config["description"],
        "models": {
            name: {
                "label": spec.get("label") or name,
                "family": spec.get("family") or spec.get("label") or name,
                "parameters": spec["parameters"],
            }
            for name, spec in study.models.items()
        },
        "data": describe_data(study),
        "languages": {code: entry["name"] for code, entry in study.languages.items()},
        "benchmarks": benchmarks,
        "judges": {
            name: {"label": spec.get("label") or name, "backend": spec.backend}
            for name, spec in (study.raters() | study.raters("pairwise")).items()
        },
        "learning_rate": rates[main_learning_rate(study)],
        "quantisation": study.config["finetune"]["quantisation"],
        "seeds": study.config["finetune"]["seeds"],
        "margin": study.config["report"]["margin"],
    }
