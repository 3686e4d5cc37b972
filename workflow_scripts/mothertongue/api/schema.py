"""Creates the tables of the store of replies, and upgrades stores of earlier versions."""

import sqlite3

from .packing import pack

VERSION = 2  # `PRAGMA user_version`; 0: version 1.0.0, whose replies lay in a WITHOUT ROWID table
REPLIES = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, account TEXT, status TEXT, request TEXT, text TEXT, finish TEXT,
    input_tokens INTEGER, output_tokens INTEGER, characters INTEGER, raw TEXT, problems TEXT,
    cost REAL, at REAL, attempt INTEGER DEFAULT 1);
"""
REJECTED = """
CREATE TABLE IF NOT EXISTS rejected (
    key TEXT, account TEXT, problems TEXT, text TEXT, raw TEXT, cost REAL, at REAL,
    attempt INTEGER, finish TEXT, input_tokens INTEGER, output_tokens INTEGER, characters INTEGER);
CREATE INDEX IF NOT EXISTS rejected_of ON rejected (key);
"""
OTHERS = """
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS limits (
    account TEXT, kind TEXT, free_at REAL, PRIMARY KEY (account, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (account TEXT PRIMARY KEY, usd REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reserved (
    account TEXT, owner TEXT, usd REAL, PRIMARY KEY (account, owner)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replayed (digest TEXT);
CREATE TABLE IF NOT EXISTS notes (
    account TEXT, note TEXT, PRIMARY KEY (account, note)) WITHOUT ROWID;
"""
OLD_COLUMNS = (
    "key, account, status, request, text, finish, input_tokens, output_tokens, characters, raw,"
    " problems, cost, at"
)
PACKED = OLD_COLUMNS.replace("request", "pack(request)").replace("raw", "pack(raw, text)")
ADDED = ("attempt INTEGER", "finish TEXT", "input_tokens INTEGER", "output_tokens INTEGER")


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables of a new store, or bring an earlier version's to them, in one transaction.

    A process that is killed meanwhile leaves the store as it was. The file shrinks afterwards,
    when no other process uses it.
    """
    if _version(db) >= VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        if _version(db) < VERSION:  # no other process was faster
            old = _has(db, "replies")
            if old:
                _take_over(db)
            for statement in (REPLIES + REJECTED + OTHERS).split(";"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        else:
            old = False
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    if old:
        shrink(db)


def shrink(db: sqlite3.Connection) -> None:
    """Give the space of removed rows back; left for another time while the store is in use."""
    try:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        print(f"the store of replies keeps its size for now ({error})")


def _take_over(db: sqlite3.Connection) -> None:
    db.create_function("pack", 1, pack, deterministic=True)
    db.create_function("pack", 2, pack, deterministic=True)
    db.execute("ALTER TABLE replies RENAME TO replies_1")
    db.execute(REPLIES)
    db.execute(f"INSERT INTO replies ({OLD_COLUMNS}) SELECT {PACKED} FROM replies_1 ORDER BY at")
    db.execute("DROP TABLE replies_1")
    if _has(db, "rejected"):
        for column in (*ADDED, "characters INTEGER"):
            db.execute(f"ALTER TABLE rejected ADD COLUMN {column}")
        db.execute("UPDATE rejected SET raw = pack(raw, text)")


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _has(db: sqlite3.Connection, table: str) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone())
