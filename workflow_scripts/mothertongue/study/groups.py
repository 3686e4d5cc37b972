"""What a benchmark tests: the column of the report's first table, unless the benchmark names its own."""

from collections.abc import Mapping
from typing import Any

from .benchmark_checks import task_names_of
from .catalogue import read_catalogue
from .grid import OTHER

GROUPS = {  # of the workflow's own tasks
    "mt-mmlu": "knowledge",
    "ht-mmlu": "knowledge",
    "cmmlu": "knowledge",
    "ceval": "knowledge",
    "multiple-choice": "knowledge",
    "xquad": "reading",
    "tydiqa": "reading",
    "extractive-qa": "reading",
    "mgsm": "reasoning",
    "arithmetic": "reasoning",
    "native-perplexity": "text",
}
MEASURED = {  # words of what a benchmark of the catalogue measures, the first that fits
    "reading comprehension": "reading",
    "from a passage": "reading",
    "knowledge": "knowledge",
    "questions of school": "knowledge",
    "trivia": "knowledge",
    "culture": "knowledge",
    "commonsense": "reasoning",
    "arithmetic": "reasoning",
    "entailment": "reasoning",
}


def group_of(benchmark: Mapping[str, Any]) -> str:
    """The group of a benchmark without one of its own: by its task, here or in the catalogue."""
    if (task := benchmark["task"]) in GROUPS:
        return GROUPS[task]
    names = {task, *task_names_of(benchmark).values()}
    for languages in read_catalogue().values():
        for test in languages.values():
            if names & {test.pattern, test.task}:
                return next(
                    (MEASURED[words] for words in MEASURED if words in test.measures), OTHER
                )
    return OTHER
