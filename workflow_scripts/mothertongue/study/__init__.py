"""What was asked for: the study's YAML checked and completed, its grid, and what its jobs ask for.

Knows nothing of torch and of results. `read_study` is the way in.
"""

from .grid import (
    OPEN_ANSWERS,
    OTHER,
    AnswerSet,
    Condition,
    Evaluation,
    Judgement,
    Study,
    base_condition,
)
from .read import read_study
from .records import Entry, Language, Model, Translated, Translator, pick
from .tested import Benchmark, Judge, QuestionSet
from .validation import MULTI, ROUND_TRIP

__all__ = [
    "MULTI",
    "OPEN_ANSWERS",
    "OTHER",
    "ROUND_TRIP",
    "AnswerSet",
    "Benchmark",
    "Condition",
    "Entry",
    "Evaluation",
    "Judge",
    "Judgement",
    "Language",
    "Model",
    "QuestionSet",
    "Study",
    "Translated",
    "Translator",
    "base_condition",
    "pick",
    "read_study",
]
