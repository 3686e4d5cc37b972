"""Let one judge compare two conditions' answers to the same questions, each pair in both orders.

A verdict that cannot be read is asked again and then counted as unscored, never turned into one. A
file without a single verdict is an error, not a result.
"""

from collections import Counter
from pathlib import Path

from mothertongue.files import write_jsonl
from mothertongue.judge import open_judge
from mothertongue.judge.pairs import PairRow, asked_items, meetings
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.judge.totals import print_remarks, refuse_unscored
from mothertongue.process.log import log_to


def main(
    *, answers: Path, others: Path, verdicts: Path, judge: str, spec: dict, operating: dict
) -> None:
    """Write one row per question: `id, verdict, unscored, first, second, replies, characters, flags`."""
    found = meetings(answers, others)
    opened = open_judge(judge, JudgeSpec.of(spec), JudgeCalls.of(operating))
    rated = iter(opened.rate(asked_items(found)))
    rows = [
        PairRow.of(one, None, None) if one.same else PairRow.of(one, next(rated), next(rated))
        for one in found
    ]
    refuse_unscored(judge, rows, f"pairs of {answers} and {others} has a verdict in both orders")
    write_jsonl(verdicts, (row.as_json() for row in rows))
    counts = Counter(row.verdict or "unscored" for row in rows)
    print(f"{judge}: {len(rows)} pairs: {dict(sorted(counts.items()))}")
    print_remarks(rows)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=Path(snakemake.input.answers),
            others=Path(snakemake.input.others),
            verdicts=Path(snakemake.output.verdicts),
            judge=snakemake.wildcards.judge,
            spec=snakemake.params.spec,
            operating=snakemake.params.operating,
        )
