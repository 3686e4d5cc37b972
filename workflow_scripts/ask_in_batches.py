"""Fill the store of replies through OpenAI's Batch API, for all answers of the study at once.

The ratings files are then made from the store; what the batches left is asked singly there.
"""

from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import write_json
from mothertongue.judge import open_judge
from mothertongue.judge.pairs import asked_items, meetings
from mothertongue.judge.records import read_items
from mothertongue.judge.settings import JudgeCalls, JudgeSpec
from mothertongue.process.log import log_to
from mothertongue.prompts.judging import PAIRWISE


def main(
    *,
    answers: list[Path],
    report: Path,
    judge: str,
    spec: dict,
    operating: dict,
    pairs: list[tuple[str, str]] = (),
) -> None:
    """Submit, wait, collect; `report` holds the counts. `pairs`: files that are compared instead."""
    if spec["backend"] != "openai":
        raise InputError(f"judge.judges.{judge}.batch: only the back end openai has a Batch API")
    counts = {"submitted": 0, "collected": 0, "left": 0}
    if not operating["replay"]:
        items = [item for path in answers for item in read_items(path)]
        if spec.get("mode") == PAIRWISE:
            items = [
                x for own, other in pairs for x in asked_items(meetings(Path(own), Path(other)))
            ]
        opened = open_judge(judge, JudgeSpec.of(spec), JudgeCalls.of(operating))
        counts = opened.ask_in_batches(items)
    print(f"{judge}: {counts}")
    write_json(report, counts)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=[Path(path) for path in snakemake.input.answers],
            report=Path(snakemake.output.report),
            judge=snakemake.wildcards.judge,
            spec=snakemake.params.spec,
            operating=snakemake.params.operating,
            pairs=snakemake.params.pairs,
        )
