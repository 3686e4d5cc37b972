"""Give items their ids, which rows bring or which are made from content, and their clusters.

Items of one cluster share a passage, a source or a meaning: questions of one passage, translations
or paraphrases of one item. They are no independent witnesses, so intervals resample them together.
"""

import json
from collections import Counter
from collections.abc import Sequence

from ..errors import InputError
from ..files import is_missing, text_hash, written_id, written_ids
from .fields import MissingCell, Row, optional
from .records import Item

PASSAGES = ("context", "passage", "flores_passage")


def ids(rows: Sequence[Row], items: Sequence[Item], places: Sequence[str]) -> list[str]:
    """A unique, stable id for every item.

    A row's own id is kept; where a number and a text would be written alike, the text is quoted.
    A missing id is `subject/` and a hash of the item, so that it does not move with other rows;
    repeated content gets -2, -3.
    """
    names: list[str] = []
    seen: dict[str, int] = {}
    repeats: Counter[str] = Counter()
    own = written_ids([row.get("id") for row in rows])
    for place, (name, item) in enumerate(zip(own, items, strict=True)):
        if name is None:
            name = content_id(item)
            repeats[name] += 1
            name += f"-{repeats[name]}" if repeats[name] > 1 else ""
        if name in seen:
            raise InputError(f"{places[place]}: id '{name}' already stands in {places[seen[name]]}")
        seen[name] = place
        names.append(name)
    return names


def content_id(item: Item) -> str:
    """`subject/` and 12 hex digits of the SHA-256 of everything else in an item."""
    digest = text_hash(json.dumps(item.content(), sort_keys=True, ensure_ascii=False))[:12]
    return f"{item.subject}/{digest}".lstrip("/")


def clusters(
    rows: Sequence[Row],
    names: Sequence[str],
    places: Sequence[str],
    numbers: Sequence[int],
    *,
    column: str | None = None,
    parallel: bool = False,
) -> list[str]:
    """The cluster of every item; its own id where it stands alone.

    `column` names the field that holds it. Otherwise items of one passage form a cluster, named
    by a hash of the passage. In a `parallel` test row n is the translation of row n in every
    language; rows without an id are then clustered by that number (of the passage's first row), so
    that the languages' items find each other. `numbers`: the rows' numbers in their files.
    """
    found: list[str] = []
    first: dict[str, int] = {}
    for row, name, place, number in zip(rows, names, places, numbers, strict=True):
        if column:
            if column not in row:
                raise InputError(
                    f"{place}: no column '{column}' to cluster items by"
                    f" (evaluate.benchmarks.*.cluster; found: {', '.join(map(str, row))})"
                )
            if is_missing(row[column]):
                raise MissingCell(f"{place}: '{column}', which names the cluster, is empty")
            found.append(written_id(row[column]))
            continue
        passage = optional(row, *PASSAGES)
        start = first.setdefault(passage, number) if passage else number
        if parallel and is_missing(row.get("id")):
            found.append(f"row {start}")
        elif passage:
            found.append(f"passage {text_hash(passage)[:12]}")
        else:
            found.append(name)
    return found
