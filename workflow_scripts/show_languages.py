"""Show what tuning changes in languages that a model was not tuned on: one page of the report."""

from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    compared: Path,
    answers: Path | None,
    confidence: float,
    folder: Path,
) -> None:
    """Write the page. `compared`: of compare_languages; `answers`: of identify_answers, if any."""
    from mothertongue.correlate.comparisons import Comparison
    from mothertongue.correlate.languages import AnswerLanguages
    from mothertongue.correlate.records import read_records
    from mothertongue.report.figures import ItemFolder
    from mothertongue.report.languages import languages_page

    made = ItemFolder(folder)
    rows = read_records(compared, Comparison)
    counted = read_records(answers, AnswerLanguages) if answers else []
    made.add_page(languages_page(open_scores(scores, about), rows, confidence, counted))
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            compared=Path(snakemake.input.compared),
            answers=Path(snakemake.input.answers) if snakemake.input.answers else None,
            confidence=snakemake.params.confidence,
            folder=Path(snakemake.output[0]),
        )
