"""Decide how many tokens a batch may hold: half as many after memory ran out, also in the next job.

A job whose memory runs out halves its batch and goes on. What it learnt is kept in a small file per
base, quantisation, type and card below the results (study/paths.py), one line per halving:

    evaluate 16384

Lines are only ever added, each in one write, so any number of jobs may add to a file at once, on one
host or several; the smallest number counts. Remove a file to forget (docs/gpu.md). This
module imports no torch by itself.
"""

import contextlib
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import is_out_of_memory
from ..files import text_hash
from ..study.paths import WORK

LOG = logging.getLogger("mothertongue")


@dataclass(frozen=True)
class Remembered:
    """The largest batch, in tokens, that one use (`finetune`, `evaluate`, `answer`) may begin with."""

    path: Path
    use: str

    def least(self) -> int | None:
        """The smallest batch that was noted; None where memory never ran out."""
        try:
            lines = self.path.read_bytes().decode(errors="replace").splitlines(keepends=True)
        except OSError:
            return None
        whole = (line.split() for line in lines if re.fullmatch(r"[a-z]+ [1-9]\d*\n", line))
        found = [int(tokens) for use, tokens in whole if use == self.use]
        return min(found, default=None)

    def at_most(self, tokens: int) -> int:
        """The batch to begin with: `tokens`, or less where that was too much before."""
        least = self.least()
        if least is None or least >= tokens:
            return tokens
        LOG.warning(
            "batches of at most %d tokens instead of %d: memory ran out in an earlier job (%s)",
            *(least, tokens, self.path),
        )
        return least

    def note(self, tokens: int) -> None:
        """Remember that a larger batch than `tokens` was too much; never fails a job."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            line = f"{self.use} {max(1, tokens)}\n".encode()
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, line)
            finally:
                os.close(file)

    @contextlib.contextmanager
    def halved_by_failure(self, batch: Callable[[], int]) -> Iterator[None]:
        """Note half of `batch()` if memory runs out for good inside, so that a retry begins there."""
        try:
            yield
        except Exception as error:
            if is_out_of_memory(error):
                self.note(batch() // 2)
            raise


def halved(tokens: int, *, least: int = 1, memory: Remembered | None = None) -> int:
    """Half of a batch for which memory ran out, but no less than `least`; remembered.

    What torch keeps of freed memory goes back to the card first.
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.cuda.empty_cache()
    smaller = max(least, tokens // 2)
    LOG.warning("out of memory; going on with %d tokens per batch", smaller)
    if memory:
        memory.note(smaller)
    return smaller


class BatchBudget:
    """How many tokens (rows x length) one batch may hold now."""

    def __init__(self, tokens: int, memory: Remembered | None = None) -> None:
        """`memory` knows what was too much in earlier jobs, and tells it to the next."""
        self.memory = memory
        self.tokens = memory.at_most(tokens) if memory else tokens

    def rows(self, width: int, most: int) -> int:
        """How many rows of `width` tokens a batch may hold, at least one and no more than `most`."""
        return max(1, min(most, self.tokens // max(1, width)))

    def halve(self, error: Exception, several: bool) -> None:
        """After running out of memory with several rows: half the budget, and on.

        Any other error is raised again, and so is one that a single row caused.
        """
        if not several or not is_out_of_memory(error):
            raise error
        self.tokens = halved(self.tokens, memory=self.memory)

    @contextlib.contextmanager
    def halved_by_failure(self) -> Iterator[None]:
        """Remember half of the budget if memory runs out for good inside, for the retry."""
        with contextlib.ExitStack() as stack:
            if self.memory:
                stack.enter_context(self.memory.halved_by_failure(lambda: self.tokens))
            yield


def memory_folder(work: Path) -> Path | None:
    """Where budgets are kept, from any path below `paths.WORK`; None for other paths."""
    top = next((path for path in (work, *work.parents) if path.name == WORK), None)
    return top / "memory" if top else None


def remembered(
    folder: Path | None, use: str, *, base: str, quantisation: str, dtype: str, card: str
) -> Remembered | None:
    """What is remembered of a base on a card; None without a folder to keep it in."""
    if folder is None:
        return None
    if Path(base).is_dir():  # two folders may have one name
        base = f"{Path(base).name} {text_hash(str(Path(base).resolve()))[:8]}"
    words = (base, quantisation, dtype, card)
    name = "--".join(re.sub(r"[^\w.]+", "-", word).strip("-").lower() for word in words)
    return Remembered(folder / f"{name}.txt", use)
