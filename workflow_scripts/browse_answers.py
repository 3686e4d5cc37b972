"""Write the answers browser: one page with every question, answer, rating and explanation."""

from collections.abc import Sequence
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import atomic
from mothertongue.judge.browser import AnswerFiles, collect, page, place_of_checks
from mothertongue.judge.labels import Labels, with_warnings
from mothertongue.judge.records import Place
from mothertongue.people.records import read_labels
from mothertongue.people.shown import said_by_people
from mothertongue.process.log import log_to


def main(
    *,
    answers: list[Path],
    ratings: list[Path],
    questions: list[Path],
    browser: Path,
    labels: Labels,
    verdicts: Sequence[Path] = (),
    checks: Sequence[Path] = (),
    labelled: Sequence[Path] = (),
) -> None:
    """Write the page for the study's answers.

    `verdicts`: of pairwise judges; `checks`: what was found without a judge (answer.fidelity), by
    item; `labelled`: what people said, if anybody was asked.
    """
    if not answers:
        raise InputError("no answers: the study asks no open questions")
    rated: dict[Place, dict[str, Path]] = {}
    for path in ratings:
        place = Place.of(path)
        rated.setdefault(place.answers, {})[place.judge] = path
    checked = {place_of_checks(path): path for path in checks}
    said = [label for path in labelled for label in read_labels(path)]
    sets = []
    for path in answers:
        place = Place.of(path).answers
        sets.append(AnswerFiles(place, path, rated.get(place, {}), checked.get(place)))
    asked = {f"{path.parent.name}/{path.stem}": path for path in questions}
    text = page(collect(sets, labels, asked, verdicts, said_by_people(said) if said else None))
    with atomic(browser) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{browser}: {len(sets)} answer sets, {len(text) / 1e6:.2f} MB")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=[Path(path) for path in snakemake.input.answers],
            ratings=[Path(path) for path in snakemake.input.ratings],
            questions=[Path(path) for path in snakemake.input.questions],
            verdicts=[Path(path) for path in snakemake.input.get("verdicts", [])],
            checks=[Path(path) for path in snakemake.input.get("checks", [])],
            labelled=[Path(path) for path in snakemake.input.get("labelled", [])],
            browser=Path(snakemake.output.browser),
            labels=with_warnings(snakemake.params.labels, snakemake.input.warned),
        )
