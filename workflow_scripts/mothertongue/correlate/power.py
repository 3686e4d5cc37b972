"""How many models, seeds or items would decide: planning by variance components."""

import math
from dataclasses import dataclass

from . import claims as c
from .effects import Sample, over_replicates
from .variance import Spread

POWER = 0.8
TRAINING = (
    1.5  # points: standard deviation of one adapter's score by the luck of training, if unknown
)
MOST = {"models": 200, "seeds": 50, "items": 1_000_000}  # beyond, a number helps nobody


@dataclass(frozen=True)
class Components:
    """Variance of an estimate, split by what would make it smaller.

    models: what models differ by for good; training: luck of training (less with seeds and models);
    noise: items as each model meets them (less with items and models); shared: items that are easier
    for one condition with every model (less with items only).
    """

    models: float
    training: float
    noise: float
    shared: float

    @property
    def total(self) -> float:
        """The variance of the estimate."""
        return self.models + self.training + self.noise + self.shared

    def with_more(self, models: float = 1.0, seeds: float = 1.0, items: float = 1.0) -> float:
        """The variance with that many times the models, seeds or items."""
        own = self.models + self.training / seeds + self.noise / items
        return own / models + self.shared / items


def components(sample: Sample, units: Spread, training: float = TRAINING) -> Components:
    """Split the variance of a sample; without seeds, the luck of training counts as all of it."""
    noise = sample.interaction if math.isfinite(sample.interaction) else 0.0
    shared = max(0.0, sample.shared - noise)
    if sample.basis == c.ADAPTERS:
        luck = training**2 * sum(weight**2 for weight, _ in sample.adapters)
        return Components(0.0, luck, 0.0, sample.shared)
    rest = max(0.0, units.variance - noise)
    if sample.basis == c.REPLICATES or any(len(scores) < 2 for _, scores in sample.adapters):
        return Components(0.0, rest, noise, shared)
    luck = min(rest, max(0.0, over_replicates(sample.adapters).variance - sample.replicate_items))
    return Components(rest - luck, luck, noise, shared)


def needed(
    sample: Sample, units: Spread, margin: float, confidence: float, power: float = POWER
) -> c.Needed | None:
    """Models, seeds and items in all (each by itself) that would decide if the estimate were true."""
    from scipy.special import ndtri

    parts = components(sample, units)
    size = abs(sample.estimate)
    z, beta = float(ndtri((1 + confidence) / 2)), float(ndtri(power))
    target = (size / (z + beta)) ** 2
    if size < margin:
        one_sided, both = float(ndtri(confidence)), float(ndtri((1 + power) / 2))
        target = max(target, ((margin - size) / (max(one_sided, z) + both)) ** 2)
    if not math.isfinite(parts.total) or target <= 0:
        return None
    found: dict[str, int | None] = {"models": None, "seeds": None, "items": None}
    own, count = parts.total - parts.shared, len(sample.models)
    if target > parts.shared:
        found["models"] = math.ceil(count * own / (target - parts.shared))
    rest = parts.total - parts.training
    if target > rest and parts.training > 0:
        found["seeds"] = math.ceil((sample.seeds or 1) * parts.training / (target - rest))
    rest = parts.models + parts.training
    if target > rest and sample.items:
        found["items"] = math.ceil(sample.items * (parts.noise + parts.shared) / (target - rest))
    have = {"models": count, "seeds": sample.seeds or 1, "items": sample.items or 0}
    least = {"models": 3, "seeds": 2, "items": 1}
    for name, number in found.items():
        if number is None or number > MOST[name]:
            found[name] = None
        else:
            found[name] = max(number, have[name] + 1, least[name])
    return c.Needed(**found) if any(found.values()) else None


# -- before anything is spent --------------------------------------------------------------------

ITEM_SPREAD = 35.0  # points: standard deviation of one paired item, right or wrong, if unknown
RATING_SPREAD = 1.0  # the same of a rating
SOURCES = ("this study", "published study", "assumed")


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


@dataclass(frozen=True)
class Luck:
    """Standard deviations for planning, in points: adapters, models (beyond), one item's difference."""

    training: float
    models: float
    item: float
    source: str


def luck_of(planned: Planned, noise: dict[str, float | str | None] | None, source: str) -> Luck:
    """What earlier noise (a row of variance.csv) says of a planned benchmark; else assumptions.

    Where the earlier study could not tell training from models or items, the part that is assumed
    for the others is taken off.
    """
    scale = RATING_SPREAD / ITEM_SPREAD if planned.rating else 1.0
    training, item = TRAINING * scale, ITEM_SPREAD * scale
    if not noise:
        return Luck(training, TRAINING * scale, item, SOURCES[2])
    known = {name: noise.get(name) for name in ("items", "clusters", "seeds", "models")}
    count = noise.get("number_of_items")
    per_comparison = 1 + 1 / planned.translators
    if known["items"] is not None and count:
        item = float(known["items"]) * math.sqrt(float(count))
    own = float(known["models"] or 0.0) ** 2
    if known["seeds"] is not None:
        training = float(known["seeds"]) / math.sqrt(per_comparison)
    else:
        training = min(training, math.sqrt(own / per_comparison))
        own -= training**2 * per_comparison
    if known["items"] is None:
        own -= item**2 / max(planned.items, 1)
    return Luck(training, math.sqrt(max(0.0, own)), item, source)


def smallest_gap(
    planned: Planned, luck: Luck, *, language: bool = False, level: float = 0.05
) -> float:
    """The true gap that the study finds at 80 % power, over its languages (or in one of them).

    infinite with one model and one seed: nothing can be found about the method.
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


def plan_rows(
    planned: list[Planned], luck: dict[str, Luck], hours: dict[str, dict[str, float | None]]
) -> list[dict[str, object]]:
    """Per benchmark: the smallest gap, and what one more seed, model or thousand items would give.

    `hours`: GPU-hours of each of the three, by benchmark.
    """
    from dataclasses import replace

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


def plan_text(rows: list[dict[str, object]]) -> str:
    """The rows as a table for the terminal."""
    heads = [
        "benchmark", "models", "languages", "seeds", "items", "smallest gap", "in one language",
        "+1 seed", "(GPU h)", "+1 model", "(GPU h)", "+1,000 items", "(GPU h)", "variance from",
    ]  # fmt: skip
    keys = [
        "benchmark", "models", "languages", "seeds", "items", "gap", "gap_one_language", "gap_seed",
        "gpu_hours_seed", "gap_model", "gpu_hours_model", "gap_items", "gpu_hours_items",
        "variance_from",
    ]  # fmt: skip

    def shown(value: object) -> str:
        if isinstance(value, float):
            return f"{value:,.1f}" if math.isfinite(value) else "none"
        return "?" if value is None else str(value)

    cells = [heads, *[[shown(row[key]) for key in keys] for row in rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    lines = [
        "  ".join(
            text.ljust(width) if place in (0, len(heads) - 1) else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    note = (
        "Smallest true gap (points; ratings on their scale) that this study would find with 80 %"
        " power, over its languages. none: one model with one seed says nothing of the method."
    )
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:], "", note])
