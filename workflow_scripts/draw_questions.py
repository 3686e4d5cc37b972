"""Put one question set in one language in place: from a file or a URL, or drawn from OASST1.

Writes JSON Lines of `id, prompt` and, where the source has them, `reference`. Drawn questions are
first turns of the language, seeded, without near-duplicates or flagged prompts, and disjoint from
the instruction data of the study.
"""

from pathlib import Path
from typing import Any

from mothertongue.answer.native import draw_native
from mothertongue.answer.questions import read_questions
from mothertongue.files import write_jsonl
from mothertongue.hub import read_lock, url_copy
from mothertongue.process.log import log_to


def main(
    *,
    source: str | None,
    drawn: dict[str, Any] | None,
    language: str,
    instructions: dict[str, Any],
    aya: dict[str, Any],
    questions: Path,
    limit: int | None,
    lock: Path | None = None,
) -> None:
    """Write the questions of `source` (or `drawn`), at most `limit`, to `questions`.

    `lock` is the hub's lock (hub.py), which knows the copies of addresses.
    """
    if drawn:
        rows = draw_native(drawn, language=language, instructions=instructions, aya=aya)[:limit]
    else:
        copy = url_copy(read_lock(lock), source or "") if lock else None
        rows = read_questions(source or "", limit=limit, copy=copy)
    write_jsonl(questions, rows)
    with_reference = sum("reference" in row for row in rows)
    print(f"{language}: {len(rows)} questions, {with_reference} with a reference answer")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            source=snakemake.params.source,
            drawn=snakemake.params.drawn,
            language=snakemake.wildcards.language,
            instructions=snakemake.params.instructions,
            aya=snakemake.params.aya,
            questions=Path(snakemake.output.questions),
            limit=snakemake.params.limit,
            lock=Path(snakemake.params.lock),
        )
