"""Let one judge rate one answer set, keeping every raw reply.

A rating that cannot be read is asked again and then left unscored, never turned into a number. A
set without a single rating is an error, not a result.
"""

from collections import Counter
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import Row, read_jsonl, write_jsonl
from mothertongue.judge import Item, Rated, open_judge
from mothertongue.judge.flags import injection_flags
from mothertongue.judge.totals import summarise
from mothertongue.process.log import log_to


def rating_row(item: Item, rated: Rated) -> Row:
    """One row of the ratings file; the rating is the mean of the repeats that could be scored."""
    values = [reply.rating for reply in rated.replies if reply.rating is not None]
    problems = [reply.problem for reply in rated.replies if reply.problem]
    return {
        "id": item.id,
        "rating": sum(values) / len(values) if values else None,
        "unscored": None if values else (problems or ["no reply"])[-1],
        "replies": [reply._asdict() for reply in rated.replies],
        "characters": len(item.answer),
        "flags": injection_flags(item.answer),
    }


def read_items(path: Path) -> list[Item]:
    """Read an answers file."""
    items = []
    for number, row in enumerate(read_jsonl(path), start=1):
        if not isinstance(row.get("answer"), str) or not isinstance(row.get("prompt"), str):
            raise InputError(f"{path}, row {number}: needs id, prompt and answer (text)")
        items.append(Item(row["id"], row["prompt"], row["answer"], row.get("reference")))
    return items


def nothing_scored(judge: str, answers: Path, rows: list[Row]) -> str:
    """One line about a set in which every answer stayed unscored."""
    (why, most), *others = Counter(row["unscored"] for row in rows).most_common()
    return (
        f"judge {judge}: none of the {len(rows)} answers of {answers} could be scored"
        f" ({most} times: {why}{f'; and {len(others)} other reasons' if others else ''}). The replies"
        " are kept; check the judge's model and settings (judge.judges), then run again"
    )


def main(*, answers: Path, ratings: Path, judge: str, spec: dict, operating: dict) -> None:
    """Write one row per answer: `id, rating, unscored, replies, characters, flags`."""
    items = read_items(answers)
    rows = [
        rating_row(item, rated)
        for item, rated in zip(items, open_judge(judge, spec, operating).rate(items), strict=True)
    ]
    total = summarise(rows)
    if rows and not total.scored:
        raise InputError(nothing_scored(judge, answers, rows))
    write_jsonl(ratings, rows)
    print(
        f"{judge}: {total.scored} of {total.asked} answers scored, mean {total.mean},"
        f" total {total.total}"
    )
    for row in rows:
        if row["unscored"]:
            print(f"unscored {row['id']}: {row['unscored']}")
        if row["flags"]:
            print(f"{row['id']} addresses the judge: {', '.join(row['flags'])}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=Path(snakemake.input.answers),
            ratings=Path(snakemake.output.ratings),
            judge=snakemake.wildcards.judge,
            spec=snakemake.params.spec,
            operating=snakemake.params.operating,
        )
