"""The store of replies: one SQLite file, shared by all rules of a study on one host.

Write-ahead logging and one transaction per reply: what has arrived survives `kill -9`. A claim
marks a request that some living process is about to send, so that concurrent rules do not pay
twice. A reply is stored before it is checked; one that fails is moved aside, with the reason, and
its attempt is counted.
"""

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from .ledger import Ledger
from .owners import alive, start_of
from .packing import pack, unpack
from .schema import prepare
from .types import Reply, Request

EXPORTED = (
    "key",
    "account",
    "status",
    "request",
    "text",
    "finish",
    "input_tokens",
    "output_tokens",
    "characters",
    "raw",
    "problems",
)
CHUNK = 500  # variables per statement


def unpacked(row: dict[str, Any]) -> dict[str, Any]:
    """A row of replies with its request and raw answer as JSON."""
    raw = unpack(row["raw"], row["text"])
    return {**row, "request": unpack(row["request"]), "raw": raw}


def request_key(request: Request) -> str:
    """SHA-256 of everything that determines a reply."""
    canonical = json.dumps(request, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


class Stored(NamedTuple):
    """A reply of the store; `attempt` tells which of the engine's attempts brought it."""

    status: str
    reply: Reply
    problems: list[str]
    attempt: int
    at: float


class Store(Ledger):
    """Replies on disk, and the money and limits of their accounts. Safe for several threads and several processes of one host."""

    def __init__(self, path: str | Path, *, replay: str | Path | None = None):
        """Open or create the store; `replay` names an export whose replies are taken over."""
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.replaying = replay is not None
        self.owner = f"{os.getpid()}:{start_of(os.getpid())}"
        self._lock = threading.RLock()
        self._finished: list[str] = []
        try:
            self._db = sqlite3.connect(
                self.path, timeout=120, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except sqlite3.OperationalError:
            raise  # the disk, not the file: `fault_of` tells
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self.path}: not a usable reply store ({error}); save what can be read of it (python"
                f" -m mothertongue.api.rescue {self.path}), or move it away to start afresh"
            ) from None
        if replay is not None:
            from .replay import load_replies

            load_replies(self, Path(replay))

    def _prepare(self, patience: float = 120.0) -> None:
        """Make the file a store, if it is none yet.

        SQLite's time-out does not cover the change to write-ahead logging: of two rules that open
        a new file at once, one is told that it is locked. So it is tried again.
        """
        until = time.monotonic() + patience
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=NORMAL")
                self._db.execute("PRAGMA cache_size=-4000")
                prepare(self._db)
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def __enter__(self) -> "Store":
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release what this process claimed and close."""
        self.close()

    def close(self) -> None:
        """Release claims and reservations of this process; close the file."""
        with self._lock:
            self._db.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))
            self._db.execute("DELETE FROM reserved WHERE owner = ?", (self.owner,))
            self._db.close()

    def _many(self, statement: str, keys: list[str]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with self._lock:
            for start in range(0, len(keys), CHUNK):
                part = keys[start : start + CHUNK]
                marks = ",".join("?" * len(part))
                rows += self._db.execute(statement.format(marks), part).fetchall()
        return rows

    def known(self, keys: Iterable[str]) -> set[str]:
        """Which of these requests have a usable answer."""
        keys = list(keys)
        found = self._many("SELECT key FROM replies WHERE status = 'ok' AND key IN ({})", keys)
        return {key for (key,) in found}

    def lookup(self, keys: Iterable[str]) -> dict[str, Stored]:
        """The stored reply of each of these requests that has one."""
        statement = (
            "SELECT key, status, text, finish, input_tokens, output_tokens, characters, raw,"
            " problems, attempt, at FROM replies WHERE key IN ({})"
        )
        found = {}
        for row in self._many(statement, list(keys)):
            key, status, text, finish, into, out, characters, raw, problems, attempt, at = row
            reply = Reply(
                text, finish, into, out, characters, json.loads(unpack(raw, text) or "null")
            )
            found[key] = Stored(status, reply, json.loads(problems), attempt or 1, at)
        return found

    def tried(self, keys: Iterable[str]) -> dict[str, list[tuple[int, Reply]]]:
        """Earlier replies of these requests that failed a check, with the number of their attempt."""
        statement = (
            "SELECT key, attempt, text, finish, input_tokens, output_tokens, characters, raw"
            " FROM rejected WHERE key IN ({}) ORDER BY rowid"
        )
        found: dict[str, list[tuple[int, Reply]]] = {}
        for key, attempt, text, finish, into, out, characters, raw in self._many(
            statement, list(keys)
        ):
            earlier = found.setdefault(key, [])
            told = json.loads(unpack(raw, text) or "null")
            reply = Reply(text, finish or "stop", into, out, characters or 0, told)
            earlier.append((max(attempt or 0, len(earlier) + 1), reply))
        return found

    def claim(self, keys: Iterable[str]) -> set[str]:
        """Claim requests for this process; return those that are now its own to send."""
        mine: set[str] = set()
        with self._transaction():
            self._drop_finished()
            for key in keys:
                if self._db.execute(
                    "INSERT OR IGNORE INTO claims VALUES (?, ?)", (key, self.owner)
                ).rowcount:
                    mine.add(key)
                    continue
                (owner,) = self._db.execute(
                    "SELECT owner FROM claims WHERE key = ?", (key,)
                ).fetchone()
                if owner == self.owner or not alive(owner):
                    self._db.execute("UPDATE claims SET owner = ? WHERE key = ?", (self.owner, key))
                    mine.add(key)
        return mine

    def claimed(self, key: str) -> bool:
        """Whether a process has claimed this request and not finished it; it may be dead."""
        with self._lock:
            if key in self._finished:
                return False
            found = self._db.execute("SELECT 1 FROM claims WHERE key = ?", (key,)).fetchone()
        return found is not None

    def release(self, key: str) -> None:
        """Give a claim back without an answer."""
        with self._lock:
            self._db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self.owner))

    def put(
        self,
        key: str,
        request: Request,
        reply: Reply,
        *,
        account: str,
        status: str = "ok",
        problems: Iterable[str] = (),
        cost: float = 0.0,
        paid: bool = False,
        attempt: int = 1,
        release: bool = True,
    ) -> None:
        """Store an answer and release its claim, in one transaction. `paid`: counted already."""
        text = reply.text if isinstance(reply.text, str) else None
        row = (
            key,
            account,
            status,
            pack(json.dumps(request, ensure_ascii=False, sort_keys=True)),
            text,
            reply.finish,
            reply.input_tokens,
            reply.output_tokens,
            reply.characters,
            pack(json.dumps(reply.raw, ensure_ascii=False, default=str), text),
            json.dumps(list(problems), ensure_ascii=False),
            cost,
            time.time(),
            attempt,
        )
        with self._transaction():
            self._db.execute(
                f"INSERT OR REPLACE INTO replies VALUES ({','.join('?' * len(row))})", row
            )
            if release:
                self._db.execute("DELETE FROM claims WHERE key = ?", (key,))
            if cost and not paid:
                self._spend(account, cost)
            self._drop_finished()

    def reject(
        self,
        key: str,
        reply: Reply,
        *,
        account: str,
        problems: list[str],
        cost: float,
        attempt: int = 1,
        stored: bool = False,
    ) -> None:
        """Keep a reply that failed a check as evidence; it is no answer, but it was paid for.

        `stored`: it stands among the answers, paid, and leaves them.
        """
        text = reply.text if isinstance(reply.text, str) else None
        row = (
            key,
            account,
            json.dumps(problems, ensure_ascii=False),
            text,
            pack(json.dumps(reply.raw, ensure_ascii=False, default=str), text),
            cost,
            time.time(),
            attempt,
            reply.finish,
            reply.input_tokens,
            reply.output_tokens,
            reply.characters,
        )
        with self._transaction():
            self._db.execute(
                f"INSERT INTO rejected VALUES ({','.join('?' * len(row))})",
                row,
            )
            if stored:
                self._db.execute(
                    "DELETE FROM replies WHERE key = ? AND attempt = ?", (key, attempt)
                )
            elif cost:
                self._spend(account, cost)

    def finished(self, key: str) -> None:
        """This request needs its claim no longer; it goes with the next reply that is stored."""
        with self._lock:
            self._finished.append(key)

    def _drop_finished(self) -> None:
        self._db.executemany(
            "DELETE FROM claims WHERE key = ? AND owner = ?",
            [(key, self.owner) for key in self._finished],
        )
        self._finished.clear()

    def export_rows(self) -> Iterable[dict[str, Any]]:
        """All replies, in the order of their keys, for an export."""
        names = list(EXPORTED)
        with self._lock:
            cursor = self._db.execute(f"SELECT {', '.join(names)} FROM replies ORDER BY key")
            for row in cursor:
                yield unpacked(dict(zip(names, row, strict=True)))

    def replayed(self) -> str | None:
        """The hash of the export that this store has taken over last."""
        with self._lock:
            row = self._db.execute("SELECT digest FROM replayed").fetchone()
        return row[0] if row else None

    def import_rows(self, rows: Iterable[dict[str, Any]], digest: str) -> int:
        """Take over exported replies; replies already here are kept. Returns how many are new."""
        added = 0
        with self._transaction():
            for row in rows:
                row = {
                    **row,
                    "request": pack(row["request"]),
                    "raw": pack(row["raw"], row["text"]),
                }
                values = (*(row[name] for name in EXPORTED), 0.0, time.time(), row.get("attempt"))
                added += self._db.execute(
                    f"INSERT OR IGNORE INTO replies VALUES ({','.join('?' * len(values))})", values
                ).rowcount
            self._db.execute("DELETE FROM replayed")
            self._db.execute("INSERT INTO replayed VALUES (?)", (digest,))
        return added
