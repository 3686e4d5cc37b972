"""A scores.csv of simulated learning curves: native, translated and a mixture, as a study writes it."""

from pathlib import Path

import numpy as np
import polars as pl
from exchange_calibration import Truth, simulate
from mothertongue.correlate.curves import Curve
from mothertongue.files import write_json
from mothertongue.scores import schema, write_scores

ABOUT = {
    "source": "study",
    "models": {f"m{i}": {"label": f"Model {i}"} for i in range(4)},
    "data": {
        "native": {"label": "native", "kind": "native"},
        "google": {"label": "Google Translate", "kind": "translated", "translator": "google"},
    },
    "languages": {"es": "Spanish", "zh": "Chinese"},
    "benchmarks": {"qa": {"label": "Questions", "group": "qa", "metrics": ["acc"]}},
    "judges": {},
    "learning_rate": 1e-4,
}


def rows_of(curve: Curve, translator: str, language: str, share: float) -> list[dict]:
    """Rows of scores.csv."""
    found = []
    for model, draw, place in np.ndindex(*curve.scores.shape):
        size = int(curve.sizes[place])
        native = round(share * size)
        amounts = {translator: size - native, "native": native}
        data = "+".join(f"{name}_{rows}" for name, rows in amounts.items() if rows)
        found.append(
            {
                "source": "study", "benchmark": "qa", "metric": "acc", "judge": None,
                "language": language, "model": f"m{model}", "data": f"{data}_draw{draw + 1}", "scope": language,
                "learning_rate": 1e-4, "seed": 1, "score": float(curve.scores[model, draw, place]),
                "stderr": 1.0, "n": 400, "native_rows": native, "translated_rows": size - native,
                "draw": draw + 1,
            }
        )  # fmt: skip
    return found


def write(folder: Path, truths: dict[str, Truth], seed: int = 1) -> None:
    """scores.csv and correlate/study/about.json of a study; `truths`: by language."""
    rng = np.random.default_rng(seed)
    rows = []
    for language, truth in truths.items():
        study = simulate(truth, rng)
        rows += rows_of(study.native, "google", language, 1.0)
        rows += rows_of(study.translated, "google", language, 0.0)
        rows += rows_of(study.mixed, "google", language, 0.25)
    (folder / "correlate/study").mkdir(parents=True, exist_ok=True)
    write_scores(folder / "scores.csv", pl.DataFrame(rows, schema=schema()))
    write_json(folder / "correlate/study/about.json", ABOUT)
