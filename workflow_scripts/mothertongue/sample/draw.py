"""Rows by stated rules, and draws that depend on the seed and the rows alone.

Order and draws go by the rank of sha256(seed, purpose, id): the order of files and rows in them
changes nothing, and a larger draw contains the smaller one.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from ..errors import InputError
from ..files import Row, text_hash

SHORTFALL = 0.01  # share of rows by which English may fall short of a native set


def identifier(language: str, instruction: str, output: str) -> str:
    """The id of a row without one: language and 12 hex digits of its content's SHA-256."""
    return f"{language}-{text_hash(instruction, output)[:12]}"


def ranked(rows: Iterable[Row], seed: int, purpose: str) -> list[Row]:
    """Rows in the order of sha256(seed, purpose, id)."""

    def rank(row: Row) -> bytes:
        return hashlib.sha256(f"{seed}\x1f{purpose}\x1f{row['id']}".encode()).digest()

    return sorted(rows, key=rank)


def content(row: Row) -> tuple[str, str]:
    """What makes two rows exact duplicates."""
    return row["instruction"], row["output"]


def dataset_rows(
    frame: pl.DataFrame,
    language: str,
    *,
    max_characters: int | None,
    empty: str,
    duplicates: str,
) -> tuple[list[Row], dict[str, int]]:
    """Turn table rows of one language into dataset rows; count what each rule did.

    Empty: a row whose instruction or output is missing or white space is left out (`drop`) or an
    error (`error`). Over-long: a row with a text of more than `max_characters` is left out.
    Exact duplicates (same instruction and output) are kept, as in the study (`keep`), or only
    one of them is (`drop`). Texts themselves are never changed.
    """
    counts = {"rows": frame.height, "empty": 0, "over_long": 0, "duplicates": 0}
    rows: list[Row] = []
    seen: Counter[tuple[str, str]] = Counter()
    ids: dict[str, str] = {}
    for item in frame.sort("_file", "_row").iter_rows(named=True):
        place = f"{item['_file']}, row {item['_row']}"
        instruction, output = item["inputs"] or "", item["targets"] or ""
        if not instruction.strip() or not output.strip():
            if empty == "error":
                column = "inputs" if not instruction.strip() else "targets"
                raise InputError(
                    f"{place}: '{column}' is empty; mend the row, or set sample.empty: drop"
                )
            counts["empty"] += 1
            continue
        if max_characters is not None and max(len(instruction), len(output)) > max_characters:
            counts["over_long"] += 1
            continue
        seen[instruction, output] += 1
        repeat = seen[instruction, output]
        if repeat > 1:
            counts["duplicates"] += 1
            if duplicates == "drop":
                continue
        name = item.get("id")
        if name:
            if name in ids:
                raise InputError(f"{place}: id '{name}' already stands in {ids[name]}")
            ids[name] = place
        else:
            name = identifier(language, instruction, output) + (f"-{repeat}" if repeat > 1 else "")
        rows.append(
            {
                "id": name,
                "language": language,
                "instruction": instruction,
                "output": output,
                "origin": {
                    "dataset": item["_file"],
                    "revision": item["_revision"],
                    "source_id": name,
                },
            }
        )
    return rows, counts


def hold_out(rows: list[Row], number: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Split off `number` rows of distinct content; their duplicates stay in neither part."""
    held: dict[tuple[str, str], Row] = {}
    for row in ranked(rows, seed, "heldout"):
        if len(held) == number:
            break
        held.setdefault(content(row), row)
    return list(held.values()), [row for row in rows if content(row) not in held]


def draw_multi(pools: Mapping[str, list[Row]], size: int, seed: int) -> list[Row]:
    """`size` native rows of every language, mixed in one deterministic order."""
    chosen: list[Row] = []
    for language, rows in pools.items():
        if len(rows) < size:
            raise InputError(
                f"sample.multi.rows: {size} rows of every language are asked for, "
                f"but {language} has {len(rows)}"
            )
        chosen += ranked(rows, seed, "multi")[:size]
    return ranked(chosen, seed, "multi-order")


def draw_english(
    pools: Mapping[str, list[Row]], sizes: Mapping[str, int], seed: int, scope: str
) -> tuple[list[Row], dict[str, int]]:
    """Draw English rows to be translated into each language, without replacement.

    No text serves two languages. Small pools choose first, so that a language which replays a
    given list of rows gets them. Returns the rows in one deterministic order, and by how many
    rows each language falls short (at most 1 %, else it is an error).
    """
    taken: set[tuple[str, str]] = set()
    chosen: list[Row] = []
    shortfall: dict[str, int] = {}
    for language in sorted(pools, key=lambda code: (len(pools[code]), code)):
        size = sizes[language]
        free = [row for row in pools[language] if content(row) not in taken]
        rows = ranked(free, seed, f"english:{scope}:{language}")[:size]
        missing = size - len(rows)
        if missing > SHORTFALL * size:
            raise InputError(
                f"English for '{scope}': {size} rows are needed for {language}, but only "
                f"{len(rows)} are left; set languages.{language}.cap: english, or a smaller "
                "number (languages.*.cap, sample.multi.rows)"
            )
        if missing:
            shortfall[language] = missing
        taken.update(content(row) for row in rows)
        chosen += [{**r, "origin": {**r["origin"], "target_language": language}} for r in rows]
    return ranked(chosen, seed, f"english-order:{scope}"), shortfall


def characters(rows: list[Row]) -> dict[str, Any]:
    """Sizes of texts for a report."""
    if not rows:
        return {"instruction": 0, "output": 0}
    return {
        field: {
            "total": sum(len(row[field]) for row in rows),
            "longest": max(len(row[field]) for row in rows),
        }
        for field in ("instruction", "output")
    }
