"""Keep the answers of an unfinished job, so that nothing is answered twice."""

import contextlib
import fcntl
import json
import logging
import os
from pathlib import Path
from typing import IO, Any

from ..files import Row

log = logging.getLogger(__name__)


class PartialAnswers:
    """The answers to one question set so far, one row per line; void if anything changed.

    `facts` are what was found about the model when it was loaded, for the provenance. The file is
    locked: a job that answers several sets of an adapter at once shuts out the jobs of those sets,
    which find their answers there when it has ended.
    """

    def __init__(self, path: Path, fingerprint: str, *, wait: bool = True) -> None:
        """Open or start the file; answers of another `fingerprint` are dropped.

        While another process holds the file, wait, or (`wait=False`) raise BlockingIOError.
        """
        self.path = path
        self.rows: dict[str, Row] = {}
        self.facts: dict[str, Any] | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _locked(path, wait)
        self._load(fingerprint)

    def _load(self, fingerprint: str) -> None:
        self._file.seek(0)
        whole = 0
        for number, line in enumerate(self._file):
            try:
                entry = json.loads(line)
                if number == 0 and entry["fingerprint"] != fingerprint:
                    break
                if "facts" in entry:
                    self.facts = entry["facts"]
                elif number:
                    self.rows[entry["id"]] = entry
            except (ValueError, KeyError, TypeError):
                break
            if not line.endswith(b"\n"):
                break
            whole += len(line)
        if whole == 0:
            self.rows, self.facts = {}, None
        self._file.truncate(whole)  # a line cut off by a kill; everything before it is whole
        if whole == 0:
            self._write([{"fingerprint": fingerprint}])
        if self.rows:
            log.info("going on: %s holds %d answers", self.path, len(self.rows))

    def _write(self, entries: list[dict[str, Any]]) -> None:
        lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries]
        self._file.write("".join(lines).encode())
        self._file.flush()

    def add(self, rows: list[Row]) -> None:
        """Keep answers at once."""
        self._write(rows)
        self.rows.update((row["id"], row) for row in rows)

    def note(self, facts: dict[str, Any]) -> None:
        """Keep what was found about the model."""
        self._write([{"facts": facts}])
        self.facts = facts

    def close(self) -> None:
        """Let other processes have the file."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file once the declared output holds everything."""
        self.path.unlink(missing_ok=True)
        self.close()


def _locked(path: Path, wait: bool) -> IO[bytes]:
    """Open a file, locked; the lock ends with this process, however it ends."""
    while True:
        file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.close()
            raise
        except OSError:
            return file  # a file system without locks: then as if nobody else were there
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # removed by the process that held it, which is done with it
