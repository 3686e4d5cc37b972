"""The accounts in the store of replies: money spent and set aside, limits in use, notes.

An account is a translator or judge of the study. Its entries hold over all processes of a host.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from .owners import BOOT, alive, since_boot

ROUNDING = 1e-9  # dollars by which sums of many small prices may differ


class Ledger:
    """The part of the store that keeps accounts. `owner`: this process."""

    owner: str
    _db: sqlite3.Connection
    _lock: threading.RLock

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def _spend(self, account: str, cost: float) -> None:
        self._db.execute(
            "INSERT INTO spent VALUES (?, ?) ON CONFLICT(account) DO UPDATE SET usd = usd + ?",
            (account, cost, cost),
        )

    def spent(self, account: str) -> float:
        """Money spent so far by an account (a translator or judge of the study)."""
        with self._lock:
            row = self._db.execute("SELECT usd FROM spent WHERE account = ?", (account,)).fetchone()
        return row[0] if row else 0.0

    def reserve(self, account: str, amount: float, budget: float) -> bool:
        """Set money aside for a call; False if spent and reserved money would pass the budget."""
        with self._transaction():
            held = 0.0
            for owner, usd in self._db.execute(
                "SELECT owner, usd FROM reserved WHERE account = ?", (account,)
            ).fetchall():
                if owner == self.owner or alive(owner):
                    held += usd
                else:
                    self._db.execute(
                        "DELETE FROM reserved WHERE account = ? AND owner = ?", (account, owner)
                    )
            fits = self.spent(account) + max(held, 0.0) + amount <= budget + ROUNDING
            if fits:
                self._db.execute(
                    "INSERT INTO reserved VALUES (?, ?, ?)"
                    " ON CONFLICT(account, owner) DO UPDATE SET usd = usd + ?",
                    (account, self.owner, amount, amount),
                )
        return fits

    def unreserve(self, account: str, amount: float) -> None:
        """Give set-aside money back (after the call's real cost was booked)."""
        with self._lock:
            self._db.execute(
                "UPDATE reserved SET usd = usd - ? WHERE account = ? AND owner = ?",
                (amount, account, self.owner),
            )

    def take(self, account: str, seconds: Mapping[str, float], now: float | None = None) -> float:
        """Use limits of an account if all are free; else how many seconds to wait, at least.

        `seconds`: kind of limit -> how long this use keeps it busy. Nothing is booked ahead, so that
        a process that is killed while it waits leaves nothing behind. Times are those of the
        machine's clock since its start, which nobody sets.
        """
        now = since_boot() if now is None else now
        marks = ",".join("?" * len(seconds))
        look = f"SELECT kind, free_at FROM limits WHERE account = ? AND kind IN ({marks})"
        kinds = {f"{kind}@{BOOT}": busy for kind, busy in seconds.items()}
        with self._lock:
            free = dict(self._db.execute(look, (account, *kinds)).fetchall())
        if (wait := max(free.values(), default=now) - now) > 0:
            return wait
        with self._transaction():
            free = dict(self._db.execute(look, (account, *kinds)).fetchall())
            if (wait := max(free.values(), default=now) - now) > 0:
                return wait
            for kind, busy in kinds.items():
                self._db.execute(
                    "INSERT OR REPLACE INTO limits VALUES (?, ?, ?)",
                    (account, kind, max(now, free.get(kind, now)) + busy),
                )
        return 0.0

    def note(self, account: str, notes: Iterable[str]) -> None:
        """Keep how an account's requests were adapted to its service, for provenance."""
        notes = list(notes)
        if notes:
            with self._transaction():
                self._db.executemany(
                    "INSERT OR IGNORE INTO notes VALUES (?, ?)", [(account, x) for x in notes]
                )

    def notes(self, account: str) -> list[str]:
        """What was noted about an account."""
        with self._lock:
            rows = self._db.execute("SELECT note FROM notes WHERE account = ?", (account,))
            return [note for (note,) in rows]
