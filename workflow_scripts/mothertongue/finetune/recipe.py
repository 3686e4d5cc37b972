"""The numbers of an optimisation, made once from the study and never changed."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The numbers of the optimisation; studies/paper.yaml holds the paper's."""

    learning_rate: float
    epochs: int = 10
    effective_batch: int = 64
    schedule: str = "linear"
    warmup: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float | None = 1.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    early_stopping: int | None = None
    seed: int = 1


def learning_rate_at(step: int, total: int, recipe: Recipe) -> float:
    """The learning rate of the 0-based `step` of `total` (as transformers' schedules)."""
    warmup = math.ceil(recipe.warmup * total)
    if step < warmup:
        return recipe.learning_rate * step / max(1, warmup)
    done = (step - warmup) / max(1, total - warmup)
    factors = {
        "constant": 1.0,
        "linear": 1.0 - done,
        "cosine": 0.5 * (1.0 + math.cos(math.pi * done)),
    }
    return recipe.learning_rate * factors[recipe.schedule]
