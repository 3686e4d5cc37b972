"""What an evaluation or an answer set asks of a scheduler, from the size of its model.

Upper estimates like those of fine-tuning (`training_jobs.py`). A job that takes longer gets more
time with its next attempt, where it goes on behind what it has finished. Imports no model library.
"""

import math
from typing import NamedTuple

from .cards import Card, reference


class Tokens(NamedTuple):
    """What a job reads (beside a shared prompt, which is read once) and writes."""

    read: float
    written: float


TASKS = {  # items of a benchmark; tokens read per item beside the shared prompt; tokens generated
    "cmmlu": (11582, 120, 0),
    "ceval": (1346, 120, 0),
    "mt-mmlu": (14042, 150, 0),
    "ht-mmlu": (14042, 150, 0),
    "xquad": (1190, 250, 50),
    "tydiqa": (812, 350, 50),
    "mgsm": (250, 150, 256),
}
OTHER_TASK = (1000, 250, 25)  # what is likely
WRITTEN = 40  # tokens that a CPU reads in the time of one written
UNKNOWN = Tokens(5e6, 0)  # at most, where the task's size is not known: 14,000 long questions
QUESTION = 60  # tokens of an open question in its template
CPU_FLOPS = 3e10  # what one core sustains


def memory_mb(parameters: float, attempt: int = 1, *, gpu: int = 1) -> int:
    """Host memory in MB: libraries, and the weights, which a GPU reads in 16 bits and a CPU keeps in 32.

    Half as much again on each further attempt.
    """
    weights = 1.2 * parameters * (2.0 if gpu else 4.0)
    return math.ceil(((4.0e9 if gpu else 4.6e9) + weights) / 1e6 * (1 + attempt) / 2)


def evaluation_tokens(task: str, limit: int | None) -> Tokens:
    """Tokens of one benchmark in one language; an upper estimate."""
    if task not in TASKS:
        _, read, written = OTHER_TASK
        return Tokens(limit * read, limit * written) if limit else UNKNOWN
    items, read, written = TASKS[task]
    items = min(items, limit or items)
    return Tokens(items * read, items * written)


def answer_tokens(questions: int, longest: int) -> Tokens:
    """Tokens of one answer set; an upper estimate."""
    return Tokens(questions * QUESTION, questions * longest)


def seconds(
    parameters: float, tokens: Tokens, *, quantisation: str = "int8", card: Card | None = None
) -> float:
    """Seconds of reading and writing, on a card or on the reference."""
    card = card or reference()
    reading = card.seconds("read", quantisation, parameters, tokens.read)
    return reading + card.seconds("write", quantisation, parameters, tokens.written)


def minutes(
    parameters: float,
    tokens: Tokens,
    attempt: int = 1,
    *,
    gpu: int = 1,
    quantisation: str = "int8",
    card: Card | None = None,
) -> int:
    """Minutes for the scheduler: loading, and twice the seconds that the work is expected to take."""
    if gpu:
        needed = 2 * seconds(parameters, tokens, quantisation=quantisation, card=card)
    else:
        needed = 3 * parameters * (tokens.read + WRITTEN * tokens.written) / CPU_FLOPS
    return math.ceil((10 + needed / 60) * attempt)
