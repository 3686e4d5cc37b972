"""Whether the study's own benchmark and question files can be read, asked before the first job.

This is here, and not in evaluate, because it needs both evaluate and answer. An evaluation reads them too, but only after days of fine-tuning. Imports no lm-eval.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..answer.questions import read_questions
from ..errors import InputError
from ..evaluate.data import read_files
from ..evaluate.items import make_items
from ..files import existing_files
from ..study import Benchmark, QuestionSet, Study
from ..study.tasks import FAMILY, Places, read_task
from ..urls import is_url


def unreadable(
    study: Study, tasks: Places, jobs: Iterable[tuple[str, Mapping[str, str]]]
) -> list[str]:
    """One line per local file of these jobs (rule, wildcards) that holds what a test cannot use.

    Files that are not there are told by `needs.missing`; data of the hub is read when it comes.
    """
    cells = {
        (rule, cell.get("benchmark") or cell["questions"], cell["language"])
        for rule, cell in jobs
        if rule in ("evaluate_benchmark", "draw_questions")
    }
    lines: dict[str, None] = {}
    for rule, name, language in sorted(cells):
        try:
            if rule == "evaluate_benchmark":
                _read_benchmark(study.benchmarks[name], tasks, language)
            else:
                _read_questions(study.questions[name], language)
        except InputError as error:
            lines[str(error)] = None
    return list(lines)


def _read_benchmark(spec: Benchmark, tasks: Places, language: str) -> None:
    """Make the items of a benchmark's local files, as the evaluation will; lm-eval makes its own."""
    metadata = read_task(spec.task_in(language), tasks)["metadata"]
    if metadata["family"] == FAMILY:
        read_files(existing_files([*spec.paths_in(language), *spec.demonstrations_in(language)]))
        return
    cluster = spec.cluster or metadata.get("cluster")
    for paths, column in (
        (spec.paths_in(language), cluster),
        (spec.demonstrations_in(language), None),
    ):
        files = existing_files(paths)
        for group in [[file] for file in files] if metadata.get("paired") else [files]:
            if group:
                rows, places, name = read_files(group)
                make_items(
                    rows,
                    metadata["family"],
                    name,
                    places=places,
                    cluster=column,
                    language=metadata.get("numbers") or language,
                    missing=spec.missing,
                )


def _read_questions(spec: QuestionSet, language: str) -> None:
    path = spec.path_in(language)
    if path and not is_url(path) and Path(path).is_file():
        read_questions(path)
