"""Estimates, before a study runs, the smallest gap that it would find on each benchmark.

Closed form: Student's t over models (families from four on), or over replicates, at 80 % power. Its
variance has the luck of training, models and items in it, as a finished study or the published one
shows them, else as assumed here.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from .noise import NoiseRow
from .records import read_records

POWER = 0.8
TRAINING = 1.5  # points: deviation of one adapter's score by the luck of training, if unknown
ITEM_SPREAD = 35.0  # points: standard deviation of one paired item, right or wrong, if unknown
RATING_SPREAD = 1.0  # the same of a rating
QUESTIONS = 50  # of a published total
SOURCES = ("this study", "published study", "assumed")


POWER_COLUMNS = (
    "benchmark", "models", "languages", "seeds", "items", "gap", "gap_one_language", "gap_seed",
    "gpu_hours_seed", "gap_model", "gpu_hours_model", "gap_items", "gpu_hours_items",
    "variance_from",
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A benchmark of a study that is planned."""

    name: str
    models: int
    families: int
    languages: int
    seeds: int
    translators: int
    items: int  # per language
    rating: bool = False
    questions: int = 1  # items of a cluster (questions of one passage)


class PlannedWork(NamedTuple):
    """A planned benchmark, its task, and the GPU-hours of one more seed, model or thousand items."""

    planned: Planned
    task: str
    hours: Mapping[str, float | None]


@dataclass(frozen=True)
class Luck:
    """Standard deviations for planning, in points: adapters, models (beyond), one item's difference."""

    training: float
    models: float
    item: float
    source: str


def luck_of(planned: Planned, noise: NoiseRow | None, source: str) -> Luck:
    """What earlier noise (a row of variance.csv) says of a planned benchmark; else assumptions.

    Where the earlier study could not tell training from models or items, the part that is assumed
    for the others is taken off.
    """
    scale = RATING_SPREAD / ITEM_SPREAD if planned.rating else 1.0
    training, item = TRAINING * scale, ITEM_SPREAD * scale
    if not noise:
        return Luck(training, TRAINING * scale, item, SOURCES[2])
    per_comparison = 1 + 1 / planned.translators
    if noise.items_variance is not None and noise.items:
        item = math.sqrt(noise.items_variance * noise.items)
    own = noise.models_variance or 0.0
    if noise.training_variance is not None:
        training = math.sqrt(noise.training_variance / per_comparison)
    else:
        training = min(training, math.sqrt(own / per_comparison))
        own -= training**2 * per_comparison
    if noise.items_variance is None:
        own -= item**2 / max(planned.items, 1)
    return Luck(training, math.sqrt(max(0.0, own)), item, source)


def smallest_gap(
    planned: Planned, luck: Luck, *, language: bool = False, level: float = 0.05
) -> float:
    """The true gap that the study finds at 80 % power, over its languages (or in one of them).

    Infinite with one model and one seed: nothing can be found about the method.
    """
    from scipy.special import stdtrit

    places = 1 if language else planned.languages
    training = luck.training**2 * (1 + 1 / planned.translators) / planned.seeds
    # Items of a passage count for less: design effect with a likeness of .15.
    items = luck.item**2 / max(planned.items, 1) * (1 + 0.15 * (planned.questions - 1))
    if planned.models >= 3:
        units = planned.families if planned.families >= 4 else planned.models
        variance = (luck.models**2 + training + items) / planned.models / places
        df = (units - 1) * (planned.languages if language else 1)
    elif planned.seeds > 1:
        variance = (training + items) / planned.models / places
        df = planned.models * planned.languages * (1 + planned.translators) * (planned.seeds - 1)
    elif planned.models == 2:
        variance = (luck.models**2 + training + items) / 2 / places
        df = 1
    else:
        return math.inf
    t = float(stdtrit(df, 1 - level / 2)) + float(stdtrit(df, POWER))
    return t * math.sqrt(variance)


def read_noise(path: Path) -> dict[str, NoiseRow]:
    """Rows of a variance.csv by benchmark (the first judge's of open questions); {} without it."""
    if not path.is_file():
        return {}
    found: dict[str, NoiseRow] = {}
    for row in read_records(path, NoiseRow):
        total = row.metric == "total"  # 50 ratings added up; planned is their mean
        found.setdefault(row.benchmark, row.scaled(QUESTIONS) if total else row)
    return found


def plan_power(work: Iterable[PlannedWork], own: Path, published: Path) -> list[dict[str, object]]:
    """Rows of power.csv.

    Variances come from the study's own variance.csv where it has the benchmark, then from the
    published study's.
    """
    mine, theirs = read_noise(own), read_noise(published)
    planned, luck, hours = [], {}, {}
    for one, task, more in work:
        noise = mine.get(one.name)
        source = SOURCES[0] if noise else SOURCES[1]
        noise = noise or theirs.get(task) or theirs.get(one.name)
        planned.append(one)
        luck[one.name] = luck_of(one, noise, source)
        hours[one.name] = more
    return plan_rows(planned, luck, hours)


def plan_rows(
    planned: list[Planned], luck: dict[str, Luck], hours: Mapping[str, Mapping[str, float | None]]
) -> list[dict[str, object]]:
    """Per benchmark: the smallest gap, and what one more seed, model or thousand items would give.

    `hours`: GPU-hours of each of the three, by benchmark.
    """
    rows = []
    for one in planned:
        own = luck[one.name]
        more = {
            "seed": replace(one, seeds=one.seeds + 1),
            "model": replace(one, models=one.models + 1, families=one.families + 1),
            "items": replace(one, items=one.items + 1000),
        }
        row: dict[str, object] = {
            "benchmark": one.name,
            "models": one.models,
            "languages": one.languages,
            "seeds": one.seeds,
            "items": one.items,
            "gap": smallest_gap(one, own),
            "gap_one_language": smallest_gap(one, own, language=True),
        }
        for name, other in more.items():
            row[f"gap_{name}"] = smallest_gap(other, own)
            row[f"gpu_hours_{name}"] = hours.get(one.name, {}).get(name)
        rows.append(row | {"variance_from": own.source})
    return rows
