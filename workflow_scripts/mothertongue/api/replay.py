"""Record and replay: all replies of a study in one parquet file, and back."""

from pathlib import Path

import polars as pl

from ..errors import InputError
from ..files import atomic, file_hash, looked_in
from .store import Store

SCHEMA = {
    "key": pl.String,
    "account": pl.String,
    "status": pl.String,
    "request": pl.String,
    "text": pl.String,
    "finish": pl.String,
    "input_tokens": pl.Int64,
    "output_tokens": pl.Int64,
    "characters": pl.Int64,
    "raw": pl.String,
    "problems": pl.String,
}


def export_replies(store: Store, path: Path) -> int:
    """Write every reply of the store to one parquet file; returns their number."""
    frame = pl.DataFrame(list(store.export_rows()), schema=SCHEMA)
    with atomic(path) as temporary:
        frame.write_parquet(temporary, compression="zstd")
    return frame.height


def load_replies(store: Store, path: Path) -> int:
    """Take an export's replies into a store, once per file; returns how many were new."""
    if not path.is_file():
        raise InputError(f"{path}: no such file (configured as replies.replay){looked_in(path)}")
    digest = file_hash(path)
    if store.replayed() == digest:
        return 0
    try:
        frame = pl.read_parquet(path)
    except Exception as error:
        line = (str(error).splitlines() or [""])[0]
        raise InputError(f"{path}: not a readable export of replies ({line})") from None
    missing = [name for name in SCHEMA if name not in frame.columns]
    if missing:
        raise InputError(f"{path}: not an export of replies (no column {', '.join(missing)})")
    return store.import_rows(frame.select(list(SCHEMA)).iter_rows(named=True), digest)
