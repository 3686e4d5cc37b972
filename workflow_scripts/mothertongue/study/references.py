"""Refuse a study whose judge needs reference answers that a question set does not have.

Such a judge would rate nothing, so the study is refused before anything runs.
"""

from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from ..files import is_missing, read_json_rows
from ..prompts.judging import shows
from .grid import Study

WITH_REFERENCE = ("overlap",)  # back ends that read the reference answer


def has_reference(path: Path) -> bool | None:
    """Whether any row of a question set has a reference; None if the file cannot be read."""
    try:
        return any(not is_missing(row.get("reference")) for row in read_json_rows(path))
    except InputError:
        return None


def reference_mistakes(study: Study) -> Iterator[str]:
    """Pairs of such a judge and a question set without references, in any language asked.

    Files are looked up as the rules do, from the working directory; what is not there yet (a URL)
    is left to the stage that fetches it.
    """
    judges = [
        name
        for name, spec in study.judges.items()
        if spec.backend in WITH_REFERENCE or shows(spec.prompt or "", "reference")
    ]
    asked: dict[str, list[str]] = {}
    for answers in study.answers:
        languages = asked.setdefault(answers.questions, [])
        if answers.language not in languages:
            languages.append(answers.language)
    for judge in judges:
        for name, languages in asked.items():
            spec = study.questions[name]
            without = [
                code
                for code in languages
                if spec.draw or has_reference(Path(spec.path_in(code))) is False
            ]
            if without:
                source = "drawn from OASST1" if spec.draw else spec.path
                yield (
                    f"judge.judges.{judge}: compares with a reference answer, but"
                    f" answer.questions.{name} has none in {', '.join(without)} ({source}); give"
                    " its rows a 'reference', or take another judge"
                )
