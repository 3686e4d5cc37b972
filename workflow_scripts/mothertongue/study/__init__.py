"""What was asked for: the study's YAML checked and completed, its grid, and what its jobs ask for.

Knows nothing of torch and of results. `read_study` is the way in.
"""

from .grid import (
    MULTI,
    OPEN_ANSWERS,
    OTHER,
    ROUND_TRIP,
    AnswerSet,
    Condition,
    Evaluation,
    Judgement,
    Study,
    base_condition,
    pick,
    read_study,
)

__all__ = [
    "MULTI",
    "OPEN_ANSWERS",
    "OTHER",
    "ROUND_TRIP",
    "AnswerSet",
    "Condition",
    "Evaluation",
    "Judgement",
    "Study",
    "base_condition",
    "pick",
    "read_study",
]
