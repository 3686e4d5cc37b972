"""Take the ratings, or the verdicts, of several judges together as those of a jury."""

from pathlib import Path

from mothertongue.files import write_jsonl
from mothertongue.judge.jury import join_ratings, join_verdicts
from mothertongue.judge.pairs import AGAINST, read_verdicts
from mothertongue.judge.records import read_ratings
from mothertongue.process.log import log_to


def main(*, members: dict[str, Path], joined: Path, by: str) -> None:
    """Write the same kind of file that every member has. `members`: name -> file."""
    if AGAINST in joined.name:
        rows = join_verdicts({name: read_verdicts(path) for name, path in members.items()}, by)
        judged = sum(row.verdict is not None for row in rows)
    else:
        rows = join_ratings({name: read_ratings(path) for name, path in members.items()}, by)
        judged = sum(row.rating is not None for row in rows)
    write_jsonl(joined, (row.as_json() for row in rows))
    print(f"{', '.join(members)}: {judged} of {len(rows)} judged by every member")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            members=dict(zip(snakemake.params.members, map(Path, snakemake.input.members))),
            joined=Path(snakemake.output[0]),
            by=snakemake.params.by,
        )
