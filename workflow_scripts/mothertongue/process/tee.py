"""Print on the terminal and into a rule's log at once, for rules that only print."""

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


class _Both(io.TextIOBase):
    """Writes to the first stream and, of what it took, to the second."""

    def __init__(self, shown: TextIO, log: TextIO):
        self.shown, self.log = shown, log

    def write(self, text: str) -> int:
        self.log.write(text)
        return self.shown.write(text)

    def flush(self) -> None:
        self.log.flush()
        self.shown.flush()


@contextlib.contextmanager
def copied_to(path: str | Path) -> Iterator[None]:
    """Copy what the block prints on standard output to `path`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as log:
        both = _Both(sys.stdout, log)
        with contextlib.redirect_stdout(both):
            yield
        both.flush()
