"""Rows in, translated rows out: cut into segments, asked, checked, put together again.

Rows stream: memory does not grow with the data set. Row i of the result has the id of row i of
the source, whatever happened to it: translated, or kept with flags that say what is wrong.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..api.types import Ask, Outcome, Reply
from ..errors import InputError
from ..files import DATASET_COLUMNS, Row
from .checks import problems
from .languages import weight
from .recorded import Recorded
from .split import passes_through, split

FIELDS = ("instruction", "output")
EXAMPLE = 2000  # characters of a text that the quarantine file shows


def iterate_dataset(path: Path) -> Iterator[Row]:
    """Read a dataset row by row, checking the contract on the way (ids by their hash)."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    seen: set[int] = set()
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: not valid JSON ({error})") from None
            missing = [column for column in DATASET_COLUMNS if column not in row]
            if missing:
                raise InputError(f"{path}, row {number}: no column {', '.join(missing)}")
            for column in ("id", "language", *FIELDS):
                if not isinstance(row[column], str) or not row[column].strip():
                    raise InputError(f"{path}, row {number}: '{column}' is empty or not text")
            if hash(row["id"]) in seen:
                raise InputError(f"{path}, row {number}: id '{row['id']}' already stands above")
            seen.add(hash(row["id"]))
            yield row
    if not seen:
        raise InputError(f"{path}: the dataset is empty")


def target_of(row: Row, target: str) -> str:
    """The language a row goes to: a code, or a field of its origin that holds one."""
    return row["origin"].get(target, target)


@dataclass(slots=True)
class _Text:
    """One field of one row on its way: glue and translations in order."""

    parts: list[str | None]
    flags: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Pending:
    row: Row
    goal: str
    texts: dict[str, _Text]
    open: int = 0


@dataclass
class Tally:
    """What a report tells about a set."""

    rows: int = 0
    segments: int = 0
    split_texts: int = 0
    quarantined_rows: int = 0
    quarantined_segments: int = 0
    same_language_rows: int = 0
    passed_through: Counter = field(default_factory=Counter)
    problems: Counter = field(default_factory=Counter)
    weights: Counter = field(default_factory=Counter)
    characters: Counter = field(default_factory=Counter)


class RowTranslator:
    """Translates a stream of rows through one back end."""

    def __init__(
        self,
        backend: Any,
        *,
        name: str,
        target: str,
        scripts: dict[str, str | None],
        limit: int | None,
        protect_code: bool,
    ):
        """`scripts`: language code -> script, for the checks."""
        self.backend, self.name, self.target = backend, name, target
        self.scripts, self.limit, self.protect_code = scripts, limit, protect_code
        self.tally = Tally()
        self.quarantine: list[dict[str, Any]] = []
        self._pending: deque[_Pending] = deque()

    def checker(self, text: str, source: str, goal: str) -> Callable[[Reply], list[str]]:
        """The check of one segment's replies."""
        script = self.scripts.get(goal)

        def check(reply: Reply) -> list[str]:
            return problems(
                text, reply, source_language=source, target_language=goal, script=script
            )

        return check

    def asks(self, rows: Iterable[Row]) -> Iterator[Ask]:
        """Cut rows into segments; what needs no translation is put in place at once."""
        for row in rows:
            goal = target_of(row, self.target)
            pending = _Pending(row, goal, {})
            self._pending.append(pending)
            self.tally.rows += 1
            if goal == row["language"]:
                self.tally.same_language_rows += 1
                for name in FIELDS:
                    pending.texts[name] = _Text([row[name]])
                continue
            waiting: list[tuple[_Text, int, str]] = []
            for name in FIELDS:
                text = pending.texts[name] = _Text([])
                pieces = split(row[name], self.limit, protect_code=self.protect_code)
                sent = 0
                for piece in pieces:
                    text.parts.append(piece.text)
                    if piece.code:
                        self.tally.passed_through["code"] += 1
                    if not piece.send:
                        continue
                    kind = passes_through(piece.text)
                    if kind:
                        self.tally.passed_through[kind] += 1
                        continue
                    sent += 1
                    waiting.append((text, len(text.parts) - 1, piece.text))
                    self.tally.characters["source"] += len(piece.text)
                self.tally.split_texts += sent > 1
            pending.open = len(waiting)
            self.tally.segments += len(waiting)
            for text, place, segment in waiting:
                text.parts[place] = None
                yield Ask(
                    self.backend.request(segment, row["language"], goal),
                    self.checker(segment, row["language"], goal),
                    (pending, text, place, segment),
                )

    def place(self, outcome: Outcome) -> None:
        """Put one segment's translation where it belongs, flagged if something is wrong."""
        pending, text, place, segment = outcome.tag
        translation = outcome.text
        found = list(outcome.problems)
        if not isinstance(translation, str) or not translation.strip():
            translation = segment  # kept, and said so
            found.append("untranslated")
        if outcome.status != "ok":
            self.tally.quarantined_segments += 1
            self.tally.problems.update(outcome.problems if outcome.reply else ["no-reply"])
            text.flags.append({"source": segment, "translation": outcome.text, "problems": found})
        self.tally.characters["translation"] += len(translation)
        text.parts[place] = translation
        pending.open -= 1

    def finished(self) -> Iterator[Row]:
        """Rows at the front whose segments have all arrived."""
        while self._pending and not self._pending[0].open:
            pending = self._pending.popleft()
            yield self._row(pending)

    def _row(self, pending: _Pending) -> Row:
        row, goal = pending.row, pending.goal
        made = {name: "".join(pending.texts[name].parts) for name in FIELDS}
        flags = {
            name: sorted({p for flag in pending.texts[name].flags for p in flag["problems"]})
            for name in FIELDS
            if pending.texts[name].flags
        }
        for name in FIELDS:
            self.tally.weights[name, "source"] += weight(row[name])
            self.tally.weights[name, "translation"] += weight(made[name])
            for flag in pending.texts[name].flags:
                shown = {
                    key: value[:EXAMPLE] if isinstance(value, str) else value
                    for key, value in flag.items()
                }
                self.quarantine.append({"id": row["id"], "field": name, **shown})
        self.tally.quarantined_rows += bool(flags)
        origin = {
            **{k: v for k, v in row["origin"].items() if k != "flags"},
            "source_id": row["id"],
            "translator": self.name,
            "source_language": row["language"],
            "target_language": goal,
        }
        if flags:
            origin["flags"] = flags
        if row["origin"].get("flags"):
            origin["pivot_flags"] = row["origin"]["flags"]
        return {"id": row["id"], "language": goal, **made, "origin": origin}


class WholeTexts(RowTranslator):
    """The recorded translator's way: whole texts first, exactly as recorded."""

    backend: Recorded

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Look every text up; numbers, code and emoji pass through where nothing is recorded."""
        for row in rows:
            goal = target_of(row, self.target)
            pending = _Pending(row, goal, {})
            self.tally.rows += 1
            self.tally.same_language_rows += goal == row["language"]
            for name in FIELDS:
                source = row[name]
                text = pending.texts[name] = _Text([source])
                if goal == row["language"]:
                    continue
                found = self.backend.look_up(source, row["language"], goal)
                kind = passes_through(source) if found is None else None
                if kind:
                    self.tally.passed_through[kind] += 1
                    self.backend.forgive(source, row["language"], goal)
                    continue
                self.tally.segments += 1
                self.tally.characters["source"] += len(source)
                if found is None:
                    continue
                reply = Reply(found)
                wrong = self.checker(source, row["language"], goal)(reply)
                status = "quarantined" if wrong else "ok"
                pending.open += 1
                self.place(Outcome((pending, text, 0, source), status, reply, wrong, stored=True))
            yield self._row(pending)


def report_of(tally: Tally) -> dict[str, Any]:
    """The tally as JSON: counts, shares and length ratios."""
    ratios = {}
    for name in FIELDS:
        source = tally.weights[name, "source"]
        ratios[name] = round(tally.weights[name, "translation"] / source, 4) if source else None
    return {
        "rows": tally.rows,
        "segments": tally.segments,
        "split_texts": tally.split_texts,
        "same_language_rows": tally.same_language_rows,
        "passed_through": dict(sorted(tally.passed_through.items())),
        "quarantined_rows": tally.quarantined_rows,
        "quarantined_share": round(tally.quarantined_rows / tally.rows, 6) if tally.rows else 0.0,
        "quarantined_segments": tally.quarantined_segments,
        "problems": dict(sorted(tally.problems.items())),
        "length_ratio": ratios,
        "characters": dict(tally.characters),
    }
