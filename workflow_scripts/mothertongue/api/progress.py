"""A progress line: segments, rate, time left, money so far."""

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Callable


def duration(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, second = divmod(int(max(0.0, seconds) + 0.5), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


class Progress:
    """Draws a bar on the terminal (one of several running jobs does) and lines in the log."""

    def __init__(self, name: str, total: int | None, spent: Callable[[], float] | None = None):
        """`spent` tells the money so far; it is asked at most twice a second."""
        self.name, self.total, self.spent = name, total, spent
        self.done = self.sent = 0
        self.started = time.monotonic()
        self._drawn = self._logged = self.started
        self._terminal: int | None = None
        with contextlib.suppress(OSError):
            descriptor = os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY)
            self._terminal = descriptor
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not hasattr(os, "tcgetpgrp"):  # pragma: no cover
                raise OSError

    def add(self, *, sent: bool) -> None:
        """One more is done; `sent`: it went over the wire."""
        self.done += 1
        self.sent += sent
        now = time.monotonic()
        if self._terminal is not None and now - self._drawn > 0.5:
            self._drawn = now
            self._draw()
        if now - self._logged > 15:
            self._logged = now
            print(self.line(), flush=True)

    def line(self) -> str:
        """The whole state in one line."""
        elapsed = max(time.monotonic() - self.started, 1e-6)
        rate = self.done / elapsed
        parts = [f"{self.name}: {self.done:,}" + (f" of {self.total:,}" if self.total else "")]
        if self.total:
            parts[0] += f" ({100 * self.done / self.total:.0f} %)"
        parts.append(f"{self.sent:,} sent")
        parts.append(f"{rate:.1f}/s")
        if self.total and rate:
            parts.append(f"{duration((self.total - self.done) / rate)} left")
        if self.spent is not None:
            parts.append(f"${self.spent():.4f} so far")
        return ", ".join(parts)

    def _draw(self) -> None:
        width = 24
        filled = int(width * self.done / self.total) if self.total else 0
        bar = "[" + "#" * filled + "." * (width - filled) + "] "
        if self._terminal is None:
            return
        with contextlib.suppress(OSError):
            os.write(self._terminal, f"\r\x1b[2K{bar}{self.line()}".encode())

    def close(self) -> None:
        """Write the last state to the log and clear the bar."""
        print(self.line(), f"in {duration(time.monotonic() - self.started)}", flush=True)
        sys.stdout.flush()
        if self._terminal is not None:
            with contextlib.suppress(OSError):
                os.write(self._terminal, b"\r\x1b[2K")
            os.close(self._terminal)
            self._terminal = None
