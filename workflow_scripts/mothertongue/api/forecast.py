"""Counts what a run would send, from the store of replies, before anything is spent."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from .store import Store
from .types import Ask, verdict_on

FAILING = 0.1  # share of texts whose replies fail a check (Command R in the paper's study, ru-en)
KNOWN = 100  # replies in the store from which on an account's own share is used instead


def further_calls(store: Path, account: str, check_retries: int, deterministic: bool) -> float:
    """Calls per text after replies that fail a check, as the store of replies knows the account."""
    if deterministic:  # says the same again, so it is not asked again
        return 0.0
    if store.is_file():
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60)) as database:
            replies, rejected = (
                database.execute(f"SELECT COUNT(*) FROM {table} WHERE account = ?", [account])
                for table in ("replies", "rejected")
            )
            known, failed = int(replies.fetchone()[0]), int(rejected.fetchone()[0])
        if known >= KNOWN:
            return min(failed / known, check_retries)
    return FAILING * check_retries


def answered(
    store: Store | None, asks: Mapping[str, Ask], *, deterministic: bool = False
) -> set[str]:
    """Keys of the asks whose reply is stored and can be used; the others are sent (again)."""
    if store is None:
        return set()
    known = store.known(asks)
    for key, found in store.lookup(set(asks) - known).items():
        if deterministic or not verdict_on(asks[key].check, found.reply).hard:
            known.add(key)
    return known
