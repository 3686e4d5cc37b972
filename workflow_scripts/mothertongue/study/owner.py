"""Say when a study is run into the results of another one, whose files it replaces.

`results/` belongs to one study. Both studies' files have the same names there, so that what the
second makes would outdate the first without a word.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ..files import atomic
from .paths import OWNER

# Whose files depend on the study; published scores, estimates and lists do not count.
STAGES = ("sample", "translate", "keep", "roundtrip", "finetune", "evaluate", "answer", "judge")


def takes_over(results: Path, name: str, made: Iterable[str]) -> Iterator[str]:
    """A line if another study than `name` was last run into `results`; notes down that `name` is now.

    `made`: files that the run is about to make.
    """
    stages = {results / stage for stage in STAGES}
    if not any(stages.intersection(Path(path).parents) for path in made):
        return
    note = results / OWNER
    owner = note.read_text(encoding="utf-8").strip() if note.is_file() else name
    if owner != name:
        yield (
            f"{results}/ holds the study '{owner}'; files of the same name are now made anew for"
            f" '{name}'. To keep both, stop here and run '{name}' in a folder of its own"
            " (docs/own-data.md)"
        )
    with atomic(note) as part:
        part.write_text(f"{name}\n", encoding="utf-8")
