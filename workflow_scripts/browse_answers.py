"""Write the answers browser: one page with every question, answer, rating and explanation."""

from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import atomic
from mothertongue.judge.browser import AnswerFiles, collect, page
from mothertongue.judge.labels import Labels, with_warnings
from mothertongue.judge.records import Place
from mothertongue.process.log import log_to


def main(
    *,
    answers: list[Path],
    ratings: list[Path],
    questions: list[Path],
    browser: Path,
    labels: Labels,
) -> None:
    """Write the page for the study's answers."""
    if not answers:
        raise InputError("no answers: the study asks no open questions")
    rated: dict[Place, dict[str, Path]] = {}
    for path in ratings:
        place = Place.of(path)
        rated.setdefault(place.answers, {})[place.judge] = path
    sets = []
    for path in answers:
        place = Place.of(path).answers
        sets.append(AnswerFiles(place, path, rated.get(place, {})))
    asked = {f"{path.parent.name}/{path.stem}": path for path in questions}
    text = page(collect(sets, labels, asked))
    with atomic(browser) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{browser}: {len(sets)} answer sets, {len(text) / 1e6:.2f} MB")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=[Path(path) for path in snakemake.input.answers],
            ratings=[Path(path) for path in snakemake.input.ratings],
            questions=[Path(path) for path in snakemake.input.questions],
            browser=Path(snakemake.output.browser),
            labels=with_warnings(snakemake.params.labels, snakemake.input.warned),
        )
