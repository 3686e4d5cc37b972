"""Estimates how many models, seeds or items would decide an undecided comparison."""

import math
from dataclasses import dataclass

from . import claims as c
from .samples import Sample, over_replicates
from .variance import ZERO, Spread

POWER = 0.8
TRAINING = 1.5  # points: deviation of one adapter's score by the luck of training, if unknown
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


def deciding_variance(size: float, margin: float, confidence: float, power: float = POWER) -> float:
    """The variance at which a difference of this size would be decided, as different or equivalent."""
    from scipy.special import ndtri

    z, beta = float(ndtri((1 + confidence) / 2)), float(ndtri(power))
    target = (size / (z + beta)) ** 2
    if size < margin:
        one_sided, both = float(ndtri(confidence)), float(ndtri((1 + power) / 2))
        target = max(target, ((margin - size) / (max(one_sided, z) + both)) ** 2)
    return target


def needed(
    sample: Sample, units: Spread, margin: float, confidence: float, power: float = POWER
) -> c.Needed | None:
    """Models, seeds and items in all (each by itself) that would decide if the estimate were true."""
    parts = components(sample, units)
    target = deciding_variance(abs(sample.estimate), margin, confidence, power)
    if not math.isfinite(parts.total) or parts.total <= ZERO or target <= 0:
        return None  # where nothing varies, nothing tells what more would bring
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
