"""Export answers of one language to people: files to label in, and the blind key apart from them.

Every annotator has CSV, JSON Lines, tasks for Label Studio, a dataset for Argilla, and an HTML page
that works offline. No file of theirs names a condition; only the key does (mothertongue.people.records).
"""

from collections.abc import Sequence
from pathlib import Path

from mothertongue.files import write_jsonl
from mothertongue.people.draw import draw, read_answers, sheets
from mothertongue.people.guidelines import words_of
from mothertongue.people.write import write_all
from mothertongue.process.log import log_to


def main(
    *,
    answers: Sequence[Path],
    language: str,
    mode: str,
    items: int,
    annotators: Sequence[str],
    overlap: float,
    seed: int,
    guidelines: Path | None,
    folder: Path,
    key: Path,
) -> None:
    """Draw the sample and write every file. `guidelines`: a text instead of ours."""
    read = read_answers(answers)
    drawn = draw(read, mode=mode, items=items, annotators=annotators, overlap=overlap, seed=seed)
    words = words_of(language, mode, guidelines)
    folder.mkdir(parents=True, exist_ok=True)
    for annotator in annotators:
        write_all(folder, annotator, mode, sheets(drawn, read, annotator, seed), words)
    (folder / "guidelines.txt").write_text(words.guidelines(mode) + "\n", encoding="utf-8")
    write_jsonl(key, (item.as_json() for item in drawn))
    twice = sum(len(item.annotators) > 1 for item in drawn)
    print(
        f"{language}: {len(drawn)} items of {len({item.unit for item in drawn})} questions,"
        f" {twice} of them for two annotators; guidelines in {words.language}"
    )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        guidelines = snakemake.input.guidelines
        main(
            answers=[Path(path) for path in snakemake.input.answers],
            language=snakemake.wildcards.language,
            guidelines=Path(guidelines[0]) if guidelines else None,
            folder=Path(snakemake.output.folder),
            key=Path(snakemake.output.key),
            **snakemake.params.sample,
        )
