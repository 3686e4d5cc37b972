"""Let one judge rate one answer set, keeping every raw reply.

A rating that cannot be read is asked again and then left unscored, never turned into a number. A
set without a single rating is an error, not a result.
"""

from pathlib import Path

from mothertongue.files import write_jsonl
from mothertongue.judge import open_judge
from mothertongue.judge.flags import injection_flags
from mothertongue.judge.records import Rating, read_items
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.judge.totals import print_remarks, refuse_unscored, summarise
from mothertongue.process.log import log_to


def main(*, answers: Path, ratings: Path, judge: str, spec: dict, operating: dict) -> None:
    """Write one row per answer: `id, rating, unscored, replies, characters, flags`."""
    items = read_items(answers)
    opened = open_judge(judge, JudgeSpec.of(spec), JudgeCalls.of(operating))
    rows = [
        Rating.of(item, rated, injection_flags(item.answer))
        for item, rated in zip(items, opened.rate(items), strict=True)
    ]
    refuse_unscored(judge, rows, f"answers of {answers} could be scored")
    write_jsonl(ratings, (row.as_json() for row in rows))
    total = summarise(rows)
    print(
        f"{judge}: {total.scored} of {total.asked} answers scored, mean {total.mean},"
        f" total {total.total}"
    )
    print_remarks(rows)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=Path(snakemake.input.answers),
            ratings=Path(snakemake.output.ratings),
            judge=snakemake.wildcards.judge,
            spec=snakemake.params.spec,
            operating=snakemake.params.operating,
        )
