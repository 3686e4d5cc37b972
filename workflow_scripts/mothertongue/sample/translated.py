"""Draw rows that are translated already: as many as native ones, those with parallel ids first.

Rows whose ids are those of native or of English rows are taken for versions of these: they are drawn
first and marked (`origin.parallel_to`), and fall on the same side of every split. None has the id or
the text of a held-out row.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import InputError
from .draw import SHORTFALL, ranked
from .rows import Row

NATIVE, ENGLISH, NONE = "native", "english", "none"
OWNER = {NATIVE: "a native row", ENGLISH: "an English row"}


@dataclass(frozen=True, slots=True)
class Beside:
    """One language's rows of the study beside which its translated rows are drawn."""

    size: int
    native: frozenset[str]  # ids
    english: frozenset[str]
    held_out: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rows of one language, whose ids they have, and which of those ids are missing."""

    rows: list[Row]
    parallel_to: str
    parallel: int = 0
    held_out: int = 0  # rows left out for a held-out row
    missing: list[str] = field(default_factory=list)


def whose_ids(pool: Iterable[Row], beside: Beside, asked: str | None, key: str) -> str:
    """native, english or none: as the study says, or as the ids tell. `key` names the data."""
    ids = {row.id for row in pool}
    held = {row.id for row in beside.held_out}
    shared = {NATIVE: len(ids & (beside.native | held)), ENGLISH: len(ids & beside.english)}
    if asked in shared and not shared[asked]:
        theirs = sorted(beside.native if asked == NATIVE else beside.english)[:1]
        raise InputError(
            f"{key}: parallel_to is {asked}, but none of its ids (such as '{min(ids)}') is that of"
            f" such a row (such as {theirs}); give the rows these ids, or leave parallel_to out"
        )
    if asked:
        return asked
    if all(shared.values()):
        raise InputError(
            f"{key}: {shared[NATIVE]} of its ids are those of native rows and {shared[ENGLISH]} those"
            " of English rows, so nobody can tell which belong together; say which in"
            f" {key.rpartition('.')[0]}.parallel_to: native, english or none"
        )
    return next((name for name, count in shared.items() if count), NONE)


def draw_translated(
    pools: Mapping[str, list[Row]],
    beside: Mapping[str, Beside],
    *,
    name: str,
    asked: str | None,
    scope: str,
    seed: int,
) -> dict[str, Drawn]:
    """Draw every language's rows; too few of them (more than 1 % are missing) are an error.

    Rows that are parallel to none keep their id, with the language before it if another has it.
    """
    found: dict[str, Drawn] = {}
    taken = {name for one in beside.values() for name in one.native | one.english}
    for code, pool in pools.items():
        own, key = beside[code], f"data.{name}.{code}"
        kind = whose_ids(pool, own, asked, key)
        wanted = {NATIVE: own.native, ENGLISH: own.english, NONE: frozenset[str]()}[kind]
        held_ids = {row.id for row in own.held_out} if kind == NATIVE else set()
        held_texts = {row.content for row in own.held_out}
        free = [r for r in pool if r.id not in held_ids and r.content not in held_texts]
        purpose = f"translated:{scope}:{code}"
        first = ranked((row for row in free if row.id in wanted), seed, purpose)
        rest = ranked((row for row in free if row.id not in wanted), seed, purpose)
        rows = [_marked(row, kind) for row in first[: own.size]]
        for row in rest[: own.size - len(rows)]:
            name_of_row = f"{code}-{row.id}" if row.id in taken else row.id
            rows.append(replace(row, id=name_of_row))
            taken.add(name_of_row)
        if own.size - len(rows) > SHORTFALL * own.size:
            raise InputError(
                f"{key}: {own.size} rows are needed, as many as native ones, but there are only"
                f" {len(rows)} (of {len(pool)}, {len(pool) - len(free)} of them held out); set"
                f" languages.{code}.cap to {len(rows) + len(own.held_out)}, or sample.multi.rows for"
                " the mix"
            )
        missing = sorted(wanted - {row.id for row in rows})
        held = len(pool) - len(free)
        found[code] = Drawn(rows, kind, min(len(first), own.size), held, missing)
    return found


def _marked(row: Row, kind: str) -> Row:
    return replace(row, origin={**row.origin, "parallel_to": kind})


def ids_by_language(rows: Iterable[Row], *, target: bool = False) -> dict[str, frozenset[str]]:
    """Ids of each language's rows; `target`: of the language that English rows are drawn for."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row.origin["target_language"] if target else row.language].add(row.id)
    return {code: frozenset(ids) for code, ids in found.items()}


def notes(drawn: Mapping[str, Drawn]) -> list[str]:
    """Where each language's rows come from, and how many have the id of another row."""
    found = []
    for code, made in drawn.items():
        origins = dict.fromkeys(
            f"{row.origin['dataset']} ({row.origin['revision']})" for row in made.rows
        )
        shared = (
            f"{made.parallel} have the id of {OWNER[made.parallel_to]}" if made.parallel else ""
        )
        found.append(
            f"{code}: {len(made.rows)} rows of {', '.join(origins)}"
            + f"; {shared or 'none has the id of a native or English row of the study'}"
        )
    return found
