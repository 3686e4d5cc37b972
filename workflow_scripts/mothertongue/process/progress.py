"""Progress of long work: step, loss, tokens per second, time left."""

import sys
import time
from typing import TextIO


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    seconds = max(0, round(seconds))
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


class Progress:
    """Prints one line a minute to a file, or rewrites one line every second on a terminal."""

    def __init__(self, total: int, done: int = 0, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.every = 1.0 if self.live else 60.0
        self.total, self.first = total, done
        self.started = self.shown = time.monotonic()
        self.tokens = 0

    def step(self, step: int, *, loss: float, tokens: int) -> None:
        """Note a finished step (1-based) that held `tokens` real tokens."""
        self.tokens += tokens
        now = time.monotonic()
        if now - self.shown < self.every and not (self.live and step == self.total):
            return
        self.shown = now
        spent = now - self.started
        left = spent / max(1, step - self.first) * (self.total - step)
        line = (
            f"step {step}/{self.total}  loss {loss:.4f}  {self.tokens / spent:,.0f} tokens/s"
            f"  {clock(spent)} spent, {clock(left)} left"
        )
        end = "\n" if not self.live or step == self.total else ""
        self.stream.write(("\r\033[K" if self.live else "") + line + end)
        self.stream.flush()
