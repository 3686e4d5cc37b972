"""Studies with known truth, written as results files: what bench/calibration.py puts to the test.

Answers are right or wrong with a known probability: easy and hard items, models and languages of
different levels, the luck of training of every adapter, answers to questions of one passage that go
together, families of models, judges, tests at chance.
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from mothertongue.scores import schema, write_scores  # noqa: E402

LANGUAGES = ("es", "ru", "zh", "de", "fi", "hi")
TRANSLATORS = ("google", "cohere")
PLAIN = " (plain)"  # end of the name of a test in which nothing differs
MARGIN = 2.0


@dataclass(frozen=True)
class Design:
    """A kind of study. `gaps`: true native - translated in points, by language."""

    name: str
    models: int = 8
    families: int = 3
    languages: int = 3
    replicates: int = 1
    training: float = 1.0  # points: standard deviation of an adapter's luck
    likeness: float = 0.15  # of answers to one passage (ICC)
    together: float = 0.3  # share of that likeness that all models have in common
    family: float = 0.0  # points: standard deviation of a family's own gap
    gaps: tuple[float, ...] = (0.0,)
    items: int = 400
    chance: bool = False
    judges: int = 0
    settings: bool = False
    plain: bool = False  # every group has a second test, in which nothing differs
    apart: float = (
        0.0  # points: native is so much more ahead of the one translator, less of the other
    )

    def gap(self, place: int, test: str = "", translator: str = "") -> float:
        """The true gap in a language; of a test or against a translator where they are named."""
        if test.endswith(PLAIN):
            return 0.0
        own = self.gaps[place % len(self.gaps)]
        return own + self.apart * {TRANSLATORS[0]: 1, TRANSLATORS[1]: -1}.get(translator, 0)

    def tests(self) -> dict[str, tuple[str, str, str, int]]:
        """name: (group, origin, kind, questions of a passage) of every test that is not judged."""
        found = dict(BENCHMARKS)
        if self.plain:
            found |= {f"{name}{PLAIN}": about for name, about in BENCHMARKS.items()}
        if self.chance:
            found["dull"] = ("dull", "native", "structured", 1)
        return found


def phi(p: np.ndarray) -> np.ndarray:
    """Normal quantiles of probabilities."""
    from scipy.special import ndtri

    return ndtri(np.clip(p, 1e-6, 1 - 1e-6))


BENCHMARKS = {  # name: (group, origin, kind, questions of a passage)
    "exam": ("knowledge", "native", "structured", 1),
    "passages": ("reading", "human-translated", "generative", 5),
    "sums": ("reasoning", "human-translated", "generative", 1),
}


def write_study(folder: Path, design: Design, seed: int) -> None:
    """Files of one study."""
    rng = np.random.default_rng([seed, 7])
    languages = LANGUAGES[: design.languages]
    models = [f"m{place}" for place in range(design.models)]
    families = [f"f{place % design.families}" for place in range(design.models)]
    family_gap = {name: rng.normal(0, design.family) for name in sorted(set(families))}
    ability = {model: rng.uniform(-8, 8) for model in models}
    level = {language: rng.uniform(-5, 5) for language in languages}
    data = ("native", *TRANSLATORS)
    rows, frames = [], []
    settings = [("mono", 1e-4)] + [("mono", 1e-6)] * design.settings
    luck = {
        (m, d, code, rate, s): rng.normal(0, design.training)
        for m in models for d in data for code in languages
        for _, rate in settings for s in range(design.replicates)
    }  # fmt: skip
    tests = [(name, None) for name in design.tests()]
    tests += [("qa-native", f"judge{place}") for place in range(design.judges)]
    for name, judge in tests:
        size = design.tests()[name][3] if judge is None else 1
        items = design.items if judge is None else 60
        ease = rng.uniform(-18, 18, items)
        passage = np.arange(items) // size
        likeness = design.likeness if size > 1 else 0.0
        for place, code in enumerate(languages):
            in_common = {d: rng.normal(size=passage[-1] + 1) for d in data}
            for model, family in zip(models, families, strict=True):
                for _, rate in settings:
                    for d in data:
                        for s in range(design.replicates):
                            right = 50 + ability[model] + level[code] + ease
                            right = right + luck[model, d, code, rate, s]
                            if d == "native":
                                right = right + design.gap(place, name) + family_gap[family]
                            elif not name.endswith(PLAIN):
                                right = right + design.gap(place) - design.gap(place, name, d)
                            if name == "dull":
                                right = np.full(items, 25.0)
                            own = rng.normal(size=passage[-1] + 1)
                            shared = (
                                math.sqrt(design.together) * in_common[d]
                                + math.sqrt(1 - design.together) * own
                            )
                            draw = math.sqrt(likeness) * shared[passage] + math.sqrt(
                                1 - likeness
                            ) * rng.normal(size=items)
                            if judge is None:
                                values = 100.0 * (draw < phi(right / 100))
                            else:  # ratings of 1 to 5
                                rating = np.clip(np.round(3 + (right - 50) / 40 + 0.8 * draw), 1, 5)
                                values = rating
                            key = {
                                "benchmark": name, "metric": "acc" if judge is None else "rating",
                                "judge": judge, "language": code, "model": model, "data": d,
                                "scope": code,
                            }  # fmt: skip
                            rows.append(
                                {**key, "source": "study", "learning_rate": rate, "seed": s + 1,
                                 "score": float(values.mean()), "n": items}
                            )  # fmt: skip
                            frames.append((key, rate, s + 1, values, passage))
    write_scores(folder / "scores.csv", pl.DataFrame(rows, schema=schema()))
    lengths = [len(values) for *_, values, _ in frames]
    columns = {
        name: np.repeat([key[name] or "" for key, *_ in frames], lengths) for name in frames[0][0]
    }
    table = pl.DataFrame(columns).with_columns(
        pl.col("judge").replace({"": None}),
        learning_rate=np.repeat([rate for _, rate, *_ in frames], lengths),
        seed=np.repeat([s for _, _, s, *_ in frames], lengths),
        item=np.concatenate([np.arange(n) for n in lengths]),
        cluster=np.concatenate([passage for *_, passage in frames]),
        value=np.concatenate([values for *_, values, _ in frames]),
        weight=pl.lit(1.0),
    )
    table = table.with_columns(
        pl.format("q{}", "item").alias("item"), pl.format("p{}", "cluster").alias("cluster")
    )
    table.write_parquet(folder / "items.parquet")
    about = {
        "source": "study",
        "models": {m: {"label": m, "family": f} for m, f in zip(models, families, strict=True)},
        "data": {"native": {"label": "native", "kind": "native"}}
        | {t: {"label": t, "kind": "translated", "translator": t} for t in TRANSLATORS},
        "languages": {code: code for code in languages},
        "benchmarks": {
            name: {
                "label": name, "group": group, "origin": origin, "kind": kind, "metrics": ["acc"],
                "units": {"acc": "%"}, "higher": {"acc": True}, "chance": 25.0,
                "items": dict.fromkeys(languages, design.items),
            }
            for name, (group, origin, kind, _) in design.tests().items()
        }
        | ({"qa-native": {
            "label": "open", "group": "open answers", "origin": "native", "kind": "generative",
            "metrics": ["rating"], "units": {"rating": "points of 5"}, "higher": {"rating": True},
            "chance": None, "judged": True, "items": dict.fromkeys(languages, 50),
        }} if design.judges else {}),
        "judges": {f"judge{place}": {"label": f"judge{place}"} for place in range(design.judges)},
        "learning_rate": 1e-4,
        "seeds": list(range(1, design.replicates + 1)),
    }  # fmt: skip
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
