"""Count the answers to open questions that are in another language than their question.

answers.csv, one row per question set, language, model, data, language tuned on and learning rate; numbers
are added up over seeds:

    benchmark            qa-<question set>
    answers, wordless    all answers; those without a letter, which are in no language
    other, which         answers in another language or script; languages with their numbers

The identifiers are those of the translation checks: short texts, names, numbers and code are not judged.
"""

from collections import Counter
from pathlib import Path

from mothertongue.collect.rows import QUESTIONS, Key
from mothertongue.correlate.languages import ANSWER_COLUMNS, AnswerLanguages
from mothertongue.correlate.records import write_records
from mothertongue.files import read_jsonl
from mothertongue.process.log import log_to
from mothertongue.translate.checks.rows import other_language


def main(*, answers: list[Path], learning_rates: dict[str, float], found: Path) -> None:
    """Write answers.csv."""
    groups: dict[tuple[str, str, str, str, str, float | None], list[Path]] = {}
    for path in answers:
        key = Key.of(path, learning_rates, prefix=QUESTIONS)
        place = (key.benchmark, key.language, key.model, key.data, key.scope, key.learning_rate)
        groups.setdefault(place, []).append(path)
    rows = []
    for place, paths in groups.items():
        texts = [row["answer"] for path in paths for row in read_jsonl(path)]
        written = [text for text in texts if any(map(str.isalpha, text))]
        others = Counter(filter(None, (other_language(text, place[1]) for text in written)))
        which = ", ".join(f"{name} {number}" for name, number in others.most_common()) or None
        wordless = len(texts) - len(written)
        counts = (len(paths), len(texts), wordless, others.total(), which)
        rows.append(AnswerLanguages(*place, *counts))
    write_records(found, rows, ANSWER_COLUMNS)
    print(
        f"{sum(r.other for r in rows)} of {sum(r.answers for r in rows)} answers are in another language"
    )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=[Path(path) for path in snakemake.input.answers],
            learning_rates=snakemake.params.learning_rates,
            found=Path(snakemake.output.found),
        )
