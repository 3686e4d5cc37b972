"""Limits that hold over all threads and processes of a machine, and waiting that can be ended."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .prices import characters_of, prompt_of, tokens_of
from .settings import CallSettings
from .slots import Slots
from .store import Store
from .types import Request


class Ended(Exception):
    """The run ends; nothing more is to be sent."""


class Limits:
    """Paces calls evenly (no bursts), so that any 60 seconds hold at most limit + 1 requests."""

    def __init__(self, store: Store, account: str, settings: CallSettings, *, shared: bool = True):
        """Limits of one account; those that are not set cost nothing.

        `shared`: other processes may call, too; a model inside this process is its own.
        """
        self.store = store
        self.account = account
        self.per_minute = settings.per_minute
        self.end = threading.Event()
        self._number = settings.concurrency
        name = re.sub(r"[^\w.-]", "_", account)
        self._slots = Slots.of(store.path.parent / "slots" / f"{name}.lock") if shared else None
        self._turn = threading.Lock()  # one thread of the process waits for its minute at a time
        self._pause_until = 0.0

    def pause(self, seconds: float) -> None:
        """Let every thread wait: the server asked for it."""
        self._pause_until = max(self._pause_until, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless the run ends first."""
        if self.end.wait(max(0.0, seconds)):
            raise Ended

    @contextmanager
    def call(self, request: Request) -> Iterator[None]:
        """Wait until the limits allow this request; inside the block it is on its way."""
        slot = self._slots.take(self._number, self.end) if self._slots else None
        try:
            self._wait(request)
            yield
        finally:
            if slot is not None and self._slots:
                self._slots.give(slot)

    def _wait(self, request: Request) -> None:
        if self.end.is_set():
            raise Ended
        while (rest := self._pause_until - time.monotonic()) > 0:
            self.sleep(rest)
        if not self.per_minute:
            return
        amounts = {}
        for kind, limit in self.per_minute.items():
            if kind == "requests_per_minute":
                amount = 1.0
            elif kind == "characters_per_minute":
                amount = float(characters_of(request))
            else:
                amount = 2.0 * tokens_of(prompt_of(request))
            amounts[kind] = amount * 60.0 / limit
        with self._turn:
            while (rest := self.store.take(self.account, amounts)) > 0:
                self.sleep(min(rest, 5.0))
