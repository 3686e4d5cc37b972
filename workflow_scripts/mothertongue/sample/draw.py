"""Rows by stated rules, and draws that depend on the seed and the rows alone.

Order and draws go by the rank of sha256(seed, purpose, id): the order of files and rows in them
changes nothing, and a larger draw contains the smaller one.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from ..errors import InputError
from ..files import text_hash
from .rows import FIELDS, Row
from .source import AYA, turns_of

SHORTFALL = 0.01  # share of rows by which English may fall short of a native set


def identifier(language: str, *texts: str) -> str:
    """The id of a row without one: language and 12 hex digits of its texts' SHA-256."""
    return f"{language}-{text_hash(*texts)[:12]}"


def ranked(rows: Iterable[Row], seed: int, purpose: str) -> list[Row]:
    """Rows in the order of sha256(seed, purpose, id)."""

    def rank(row: Row) -> bytes:
        return hashlib.sha256(f"{seed}\x1f{purpose}\x1f{row.id}".encode()).digest()

    return sorted(rows, key=rank)


def dataset_rows(
    frame: pl.DataFrame,
    language: str,
    *,
    max_characters: int | None,
    empty: str,
    duplicates: str,
) -> tuple[list[Row], dict[str, int]]:
    """Turn table rows of one language into dataset rows; count what each rule did.

    Empty: a row with a text that is missing or white space is left out (`drop`) or an error
    (`error`). Over-long: a row with a text of more than `max_characters` is left out. Exact
    duplicates (the same texts in the same order) are kept, as in the study (`keep`), or only one of
    them is (`drop`). Texts themselves are never changed.
    """
    counts = {"rows": frame.height, "empty": 0, "over_long": 0, "duplicates": 0}
    rows: list[Row] = []
    seen: Counter[tuple[str, ...]] = Counter()
    ids: dict[str, str] = {}
    for item in frame.sort("_file", "_row").iter_rows(named=True):
        place = f"{item['_file']}, row {item['_row']}"
        origin = {"dataset": item["_file"], "revision": item["_revision"]}
        row = Row("", language, turns_of(item), origin, item.get("_system"))
        lacking = next((text for text in row.texts() if not text.text.strip()), None)
        if lacking:
            if empty == "error":
                column = AYA.get(lacking.place, lacking.place)
                raise InputError(
                    f"{place}: '{column}' is empty; mend the row, or set sample.empty: drop"
                )
            counts["empty"] += 1
            continue
        content = row.content
        if max_characters is not None and max(map(len, content)) > max_characters:
            counts["over_long"] += 1
            continue
        seen[content] += 1
        repeat = seen[content]
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
            name = identifier(language, *content) + (f"-{repeat}" if repeat > 1 else "")
        rows.append(replace(row, id=name, origin={**origin, "source_id": name}))
    return rows, counts


def hold_out(rows: list[Row], number: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Split off `number` rows of distinct content; their duplicates stay in neither part."""
    held: dict[tuple[str, ...], Row] = {}
    for row in ranked(rows, seed, "heldout"):
        if len(held) == number:
            break
        held.setdefault(row.content, row)
    return list(held.values()), [row for row in rows if row.content not in held]


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
    taken: set[tuple[str, ...]] = set()
    chosen: list[Row] = []
    shortfall: dict[str, int] = {}
    for language in sorted(pools, key=lambda code: (len(pools[code]), code)):
        size = sizes[language]
        free = [row for row in pools[language] if row.content not in taken]
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
        taken.update(row.content for row in rows)
        chosen += [replace(row, origin={**row.origin, "target_language": language}) for row in rows]
    return ranked(chosen, seed, f"english-order:{scope}"), shortfall


def characters(rows: list[Row]) -> dict[str, Any]:
    """Sizes of texts for a report: of what is asked (instruction) and answered (output)."""
    if not rows:
        return dict.fromkeys(FIELDS, 0)
    lengths: dict[str, list[int]] = {field: [] for field in FIELDS}
    for row in rows:
        for text in row.texts():
            lengths[text.field].append(len(text.text))
    return {field: {"total": sum(own), "longest": max(own)} for field, own in lengths.items()}
