"""Stops a set whose first replies are all unusable, before it costs more.

Until one usable reply has come, no more calls are on their way than replies may still be bad, and
second attempts wait: 20 bad replies cost 20 calls, however many calls run at a time.
"""

import threading
from collections import Counter

from .types import Stop, Verdict

EXAMPLE = 160  # characters of the example's texts


class ColdStart:
    """Counts the unusable first replies of a set. `limit` None: never stop."""

    def __init__(self, limit: int | None):
        """`limit` is the configuration's `api.give_up`."""
        self.limit = limit
        self.warm = limit is None
        self.kinds: Counter[str] = Counter()
        self._bad = self._open = 0
        self._changed = threading.Condition()

    def enter(self, ended: threading.Event) -> None:
        """Wait until one more call may be on its way."""
        with self._changed:
            while not self.warm and self._bad + self._open >= (self.limit or 1):
                if ended.is_set() or not self._open:
                    break
                self._changed.wait(0.2)
            self._open += 1

    def leave(self) -> None:
        """A call has ended."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def good(self) -> None:
        """A usable reply has come: the set goes on to its end."""
        if not self.warm:
            with self._changed:
                self.warm = True
                self._changed.notify_all()

    def bad(self, kinds: list[str]) -> bool:
        """A first reply is unusable; True if that is the last that is borne."""
        with self._changed:
            if self.warm:
                return False
            self.kinds.update(kinds or ["unusable"])
            self._bad += 1
            return self.limit is not None and self._bad >= self.limit


def stop_of(cold: ColdStart, asked: str, told: str, verdict: Verdict, spent: float) -> Stop:
    """The reason, one example and the money, in one line."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in cold.kinds.most_common(3))
    example = f"{_short(asked)!r} was answered by {_short(told)!r} ({', '.join(verdict.problems)})"
    return Stop(
        f"the first {cold.limit} replies are all unusable ({kinds}), so the set is stopped; for"
        f" example, {example}; ${spent:.4f} spent so far; check the model, its prompt and base_url,"
        " or raise api.give_up"
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE else line[:EXAMPLE] + "…"
