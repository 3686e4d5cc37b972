"""Read back the labels that people return, and put the conditions beside them.

labels.jsonl has a row per label (`mothertongue.people.records.Label`). A file may be partial; one that
is broken, or has items that were never exported, ends the run with a line that names file and row.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import write_jsonl
from mothertongue.people.read import labels_of
from mothertongue.people.records import read_key
from mothertongue.process.log import log_to


def main(*, keys: Sequence[Path], files: Sequence[Path], labels: Path) -> None:
    """Write labels.jsonl and print how much is there."""
    key = read_key(keys)
    if not files:
        raise InputError(
            "judge.people.labels: no such file; name the files that annotators returned"
        )
    found = labels_of(files, key)
    if not found:
        raise InputError(f"{files[0]}: no item is labelled in any of {len(files)} files")
    write_jsonl(labels, (one.as_json() for one in found))
    wanted = sum(len(item.annotators) for item in key.values())
    print(f"{len(found)} labels of {wanted} that were asked for")
    for who, number in sorted(Counter(one.annotator for one in found).items()):
        print(f"{who}: {number}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            keys=[Path(path) for path in snakemake.input.key],
            files=[Path(path) for path in snakemake.input.files],
            labels=Path(snakemake.output.labels),
        )
