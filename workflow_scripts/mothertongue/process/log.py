"""Send everything a script prints to its rule's log file, and mistakes to the user in one line."""

import contextlib
import errno
import logging
import os
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError, first_line

FAULTS = {  # of the machine, not of the study: what happened and what to do
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "the file is larger than the system allows (ulimit -f)",
    errno.EROFS: "the file system is read-only; make it writable",
    errno.EACCES: "no permission; make it readable and writable for you",
    errno.EPERM: "no permission; make it readable and writable for you",
    errno.EIO: "the disk reports an error; check it",
}
AGAIN = "what is finished is kept; run the same command again"


def fault_of(error: BaseException) -> str | None:
    """A line for a fault of the machine: disk, permissions, or a damaged store of replies."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in FAULTS:
            where = f"{seen.filename}: " if seen.filename else ""
            return f"{where}{FAULTS[seen.errno]}; {AGAIN}"
        if isinstance(seen, sqlite3.DatabaseError):
            text = str(seen)
            if any(word in text for word in ("malformed", "not a database", "decode")):
                return (
                    f"the store of replies is damaged ({text}); save what can be read of it: python"
                    " -m mothertongue.api.rescue FILE (see docs/troubleshooting.md)"
                )
            if (
                "full" in text
                or "disk I/O" in text
                or "readonly" in text
                or "unable to open" in text
            ):
                return (
                    f"the store of replies cannot be written ({text}): is the disk full or"
                    f" read-only? {AGAIN}"
                )
        if "No space left on device" in str(seen):
            return f"{FAULTS[errno.ENOSPC]}; {AGAIN}"
        seen = seen.__cause__ or seen.__context__
    return None


@contextmanager
def log_to(path: str | Path) -> Iterator[None]:
    """Redirect stdout, stderr (also of C libraries) and logging to `path` for the block.

    An `InputError` ends the process with status 1 and its one line on the terminal and in the
    log, without a traceback, and so does a fault of the machine (`fault_of`), its traceback in the
    log; Ctrl-C ends it in one line too; any other exception leaves its traceback in the log and its last line on the terminal.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    started = time.monotonic()
    with path.open("w", encoding="utf-8", buffering=1) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        logging.basicConfig(
            level=logging.INFO,
            format="%(asctime)s %(name)s %(levelname)s %(message)s",
            stream=sys.stderr,
            force=True,
        )
        complaint, status = None, 1
        try:
            yield
            print(f"done in {time.monotonic() - started:.1f} s")
        except InputError as error:
            complaint = f"Error: {error}"
            print(complaint, file=sys.stderr)
        except KeyboardInterrupt:
            complaint, status = f"Stopped by Ctrl-C; {AGAIN}", 128 + signal.SIGINT
            print(complaint, file=sys.stderr)
        except Exception as error:
            fault = fault_of(error)
            complaint = f"{type(error).__name__}: {first_line(error)} (traceback in {path})"
            complaint = f"Error: {fault}" if fault else complaint
            with contextlib.suppress(OSError):  # the log's own disk may be the full one
                traceback.print_exc()
        finally:
            with contextlib.suppress(OSError):
                sys.stdout.flush()
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            os.close(saved[0])
            os.close(saved[1])
    if complaint is not None:
        print(complaint, file=sys.stderr, flush=True)
        sys.exit(status)
