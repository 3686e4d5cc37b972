"""What a fine-tuning asks of a scheduler, from the size of its model.

Simple upper estimates: the bytes of a quantised base, its loading, and tokens at a throughput that
a current GPU reaches. Imports no model library.
"""

import math

from .cards import Card, reference

CPU_PARAMETERS = 5e7  # smaller models are trained on a CPU
TOKENS = 10 * 3944 * 350  # a full run of the paper: epochs x rows x tokens


def gpus(parameters: float, wanted: int | None = None) -> int:
    """GPUs of a job: as configured, else one unless the model is tiny."""
    if wanted is not None:
        return wanted
    return 0 if parameters < CPU_PARAMETERS else 1


def memory_mb(parameters: float, *, gpu: int = 1) -> int:
    """Host memory: libraries, and the weights while they are read (16-bit) or, on a CPU, kept.

    A CPU computes in float32 and keeps what a pass leaves for the way back: a model of 135 million
    weights used up to 3,150 MB.
    """
    weights = parameters * (2.0 if gpu else 4.0)
    libraries = 2.0e9 if gpu else 2.6e9
    return math.ceil((libraries + 1.2 * weights) / 1e6)


def gpu_hours(
    parameters: float,
    tokens: float = TOKENS,
    *,
    quantisation: str = "int8",
    card: Card | None = None,
) -> float:
    """GPU-hours of training on `tokens` tokens, on a card or on the reference."""
    return (card or reference()).seconds("train", quantisation, parameters, tokens) / 3600


def runtime_minutes(
    parameters: float,
    attempt: int = 1,
    gpu: int = 1,
    *,
    quantisation: str = "int8",
    card: Card | None = None,
) -> int:
    """Minutes for the scheduler; half as much again, and more on each further attempt."""
    hours = gpu_hours(parameters, quantisation=quantisation, card=card) / max(1, gpu)
    return math.ceil((20 + 90 * hours) * attempt)
