"""Counts the calls that run at the same time, over all processes of one machine.

A slot is a byte of a file beside the store of replies; whoever calls holds a lock on one. The system
releases the locks of a process that dies, however it dies.
"""

import fcntl
import os
import random
import threading
from pathlib import Path
from typing import ClassVar

POLL = 0.005, 0.05  # seconds between two looks at slots that other processes hold: first, later


class Slots:
    """The slots of one account. One object per file and process: locks belong to the process."""

    _known: ClassVar[dict[str, "Slots"]] = {}
    _guard = threading.Lock()

    def __init__(self, path: Path):
        """Use `Slots.of`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._held: set[int] = set()
        self._turn = threading.Lock()  # one thread of the process looks for a slot at a time
        self._changed = threading.Condition()

    @classmethod
    def of(cls, path: Path) -> "Slots":
        """The process's slots in this file."""
        name = f"{os.getpid()} {os.path.realpath(path)}"
        with cls._guard:
            if name not in cls._known or not path.exists():
                cls._known[name] = cls(path)
            return cls._known[name]

    def take(self, number: int, ended: threading.Event) -> int | None:
        """Wait for one of `number` slots; None if the run ends before."""
        with self._turn:
            pause = POLL[0]
            while not ended.is_set():
                slot = self._free(number)
                if slot is not None:
                    return slot
                with self._changed:
                    full = len(self._held) >= number
                    self._changed.wait(0.2 if full else pause)
                pause = min(POLL[1], 1.5 * pause)
        return None

    def _free(self, number: int) -> int | None:
        first = random.randrange(number)
        for slot in ((first + step) % number for step in range(number)):
            with self._changed:
                if slot in self._held:
                    continue
                try:
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
                except (BlockingIOError, PermissionError):
                    continue
                self._held.add(slot)
                return slot
        return None

    def give(self, slot: int) -> None:
        """Give a slot back."""
        with self._changed:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
            self._held.discard(slot)
            self._changed.notify_all()
