"""Save what can be read of a damaged store of replies: `python -m mothertongue.api.rescue FILE`.

The damaged file is kept under another name. A saved reply's request must still hash to its key,
so that none of another request is ever taken for it.
"""

import json
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from .store import EXPORTED, Store, request_key, unpacked

PARTS = [f"{number:03x}" for number in range(4096)]  # beginnings of keys, read one by one


def readable_rows(damaged: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Replies that can be read and whose request is the key's; a bad page costs a few."""
    statement = f"SELECT {', '.join(EXPORTED)} FROM replies WHERE key >= ? AND key < ? || 'g'"
    for part in PARTS:
        rows = []
        try:
            for row in damaged.execute(statement, (part, part)):
                rows.append(dict(zip(EXPORTED, row, strict=True)))
        except sqlite3.DatabaseError as error:
            print(f"replies {part}…: some cannot be read ({error})")
        for row in rows:
            try:
                row = unpacked(row)
                json.loads(row["raw"])
                if request_key(json.loads(row["request"])) == row["key"]:
                    yield row
            except (TypeError, ValueError, zlib.error):
                print(f"reply {row['key'][:12]}…: damaged")


def rescue(path: Path) -> int:
    """Replace a damaged store by what can be read of it; returns how many replies were saved."""
    kept = path.with_name(f"{path.stem}.damaged{path.suffix}")
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if kept.exists():
        raise InputError(f"{kept}: is there already; move it away first")
    for ending in ("", "-wal", "-shm"):
        if path.with_name(path.name + ending).exists():
            path.with_name(path.name + ending).rename(kept.with_name(kept.name + ending))
    damaged = sqlite3.connect(kept)
    damaged.text_factory = lambda raw: raw.decode("utf-8", "replace")
    with Store(path) as store:
        return store.import_rows(readable_rows(damaged), "rescued")


if __name__ == "__main__":
    try:
        print(f"{rescue(Path(sys.argv[1])):,} replies saved")
    except (IndexError, InputError) as error:
        sys.exit(f"Error: {error}" if isinstance(error, InputError) else __doc__)
