"""A made-up study of ten models and eight languages: does everything stay readable?"""

import random

import polars as pl
from made_up import Adapter, describe
from mothertongue.correlate.averages import Cells
from mothertongue.correlate.facts import Facts
from mothertongue.scores import check_scores

LANGUAGES = {
    "es": "Spanish",
    "zh": "Chinese",
    "ru": "Russian",
    "ga": "Irish",
    "ar": "Arabic",
    "hi": "Hindi",
    "fi": "Finnish",
    "pt-br": "Brazilian Portuguese",
}
MODELS = {
    f"{family}-{size}".lower(): (f"{family}-{size}-Instruct", family)
    for family, sizes in {
        "Llama3.1": ("8B", "70B"),
        "Qwen3": ("0.6B", "4B", "14B"),
        "Gemma3": ("1B", "12B"),
        "Mistral": ("7B",),
        "EuroLLM": ("1.7B",),
        "Granite3": ("2B",),
    }.items()
    for size in sizes
}
DATA = {
    "native": ("native", "native"),
    "google": ("Google Translate", "translated"),
    "madlad": ("MADLAD-400 10B", "translated"),
    "seamless": ("SeamlessM4T large", "translated"),
    "base": ("untuned base", "base"),
}
TESTS = {
    "cmmlu": ("knowledge of the region", "native", "knowledge"),
    "belebele": ("Belebele, reading in 122 languages", "translated", "reading"),
    "mgsm": ("MGSM", "translated", "reasoning"),
}


def large_adapters() -> list[Adapter]:
    """Every adapter of the study."""
    return [
        Adapter(model, data, language, benchmark)
        for benchmark in TESTS
        for model in MODELS
        for data in DATA
        for language in LANGUAGES
    ]


def large_about() -> dict:
    """Its description."""
    about = describe(large_adapters())
    about["models"] = {m: {"label": label, "family": f} for m, (label, f) in MODELS.items()}
    about["languages"] = LANGUAGES
    for name, (label, kind) in DATA.items():
        about["data"][name] |= {"label": label, "kind": kind}
    for name, (label, origin, group) in TESTS.items():
        about["benchmarks"][name] |= {"label": label, "origin": origin, "group": group}
        about["benchmarks"][name] |= {"chance": 25.0}
    return about


def large_scores() -> list[dict]:
    """A score of every adapter: models differ, native data leads on the native test."""
    chance = random.Random(1)
    places = {model: 20 + 7 * i for i, model in enumerate(MODELS)}
    rows = []
    for one in large_adapters():
        lead = {"native": 4.0 if one.benchmark == "cmmlu" else 0.5, "base": -6.0}
        score = places[one.model] + lead.get(one.data, 0.0) + chance.gauss(0, 2.5)
        row = one._asdict() | {"source": "study", "score": min(99.0, max(1.0, score))}
        row |= {"scope": one.language, "stderr": 2.0, "n": 400}
        if one.data == "base":
            row |= {"scope": "none", "learning_rate": None, "seed": None}
        rows.append(row)
    return rows


def large_cells() -> Cells:
    """Scores and description as the report reads them."""
    return Cells(check_scores(pl.DataFrame(large_scores()), "made"), Facts.read(large_about()))
