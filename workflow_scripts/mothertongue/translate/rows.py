"""Translates rows: cuts them into segments, has these translated and checked, and puts rows together again.

Rows stream: memory does not grow with the data set. A row of the result has the id of its source.
A row with a soft fault is kept and flagged; a row with a hard fault, or without a reply, is left
out, so rows of a set and of its source pair by id, not by place.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, NamedTuple, TypeVar

from ..api.types import DECLINED, Ask, Outcome, Reply, Verdict
from ..sample.rows import Row
from .checks import Checked, Problem, check
from .counts import LeftOut, Tally
from .recorded import Recorded
from .split import passes_through, split
from .types import Translator

EXAMPLE = 2000  # characters of a text that the quarantine file shows
Backend = TypeVar("Backend")
OWN_MARKS = ("flags", "mended")  # in `origin`: of this translation, not of the one before


def target_of(row: Row, target: str) -> str:
    """The language a row goes to: a code, or a field of its origin that holds one."""
    goal: str = row.origin.get(target, target)
    return goal


class Direction(NamedTuple):
    """The languages of a translation, and the script of the target (ISO 15924) where it is known."""

    source: str
    target: str
    script: str | None = None


class SegmentCheck:
    """Checks the replies to one segment; remembers what it found, since a check is not cheap."""

    __slots__ = ("found", "languages", "source")

    def __init__(self, source: str, languages: Direction):
        """`languages`: from which to which."""
        self.source, self.languages = source, languages
        self.found: list[tuple[Reply, Checked]] = []

    def __call__(self, reply: Reply) -> Verdict:
        """What is wrong with a reply, for the engine: it asks again, and keeps the best."""
        checked = self.of(reply)
        return Verdict(checked.kinds, checked.severity, checked.hard)

    def of(self, reply: Reply) -> Checked:
        """A reply, checked and mended."""
        for known, checked in self.found:
            if known is reply:
                return checked
        checked = check(
            self.source,
            reply,
            source_language=self.languages.source,
            target_language=self.languages.target,
            script=self.languages.script,
        )
        self.found.append((reply, checked))
        return checked


class Fault(NamedTuple):
    """What is wrong with the translation of one segment. `problems`: kinds; `details`: by kind."""

    source: str
    translation: str | None
    problems: list[str]
    details: dict[str, str]

    def shown(self) -> dict[str, Any]:
        """The fault as the quarantine file shows it, long texts shortened."""
        told = self.translation
        return {
            "source": self.source[:EXAMPLE],
            "translation": told[:EXAMPLE] if told is not None else None,
            "problems": self.problems,
            "details": self.details,
        }


@dataclass(slots=True)
class _Text:
    """One text of one row on its way: glue and translations in order, and what was found."""

    parts: list[str]
    faults: list[Fault] = field(default_factory=list)
    mended: set[str] = field(default_factory=set)
    hard: Problem | None = None

    @property
    def kinds(self) -> set[str]:
        """Kinds of all problems found."""
        return {kind for fault in self.faults for kind in fault.problems}


@dataclass(slots=True)
class _Pending:
    row: Row
    goal: str
    texts: dict[str, _Text]
    open: int = 0


@dataclass(slots=True)
class Segment:
    """A piece of a row's text that is sent: where its translation belongs, and its check."""

    row: _Pending
    text: _Text
    place: int
    source: str
    check: SegmentCheck


class Rows(Generic[Backend]):
    """A stream of rows on its way through one back end."""

    def __init__(
        self,
        backend: Backend,
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

    def checker(self, text: str, source: str, goal: str) -> SegmentCheck:
        """The check of one segment's replies."""
        return SegmentCheck(text, Direction(source, goal, self.scripts.get(goal)))

    def place(self, outcome: Outcome) -> None:
        """Put one segment's translation where it belongs, and note what is wrong with it."""
        segment: Segment = outcome.tag
        checked = judged(outcome, segment.check)
        text = segment.text
        if checked.problems:
            self.tally.quarantined_segments += 1
            self.tally.problems.update(checked.kinds)
            text.faults.append(
                Fault(
                    segment.source,
                    outcome.text,
                    checked.kinds,
                    {p.kind: p.detail for p in checked.problems if p.detail},
                )
            )
        if checked.hard:
            text.hard = text.hard or next(p for p in checked.problems if p.hard)
        else:
            text.mended.update(checked.mended)
            translation = checked.text or ""
            text.parts[segment.place] = translation
            self.tally.characters["translation"] += len(translation)
        segment.row.open -= 1

    def finished(self) -> Iterator[Row]:
        """Rows at the front whose segments have all arrived; a row with a hard fault is left out."""
        while self._pending and not self._pending[0].open:
            made = self._row(self._pending.popleft())
            if made is not None:
                yield made

    def _row(self, pending: _Pending) -> Row | None:
        """The translated row; None, counted and named, if it is left out."""
        row, texts = pending.row, pending.texts
        hard = {name: text.hard for name, text in texts.items() if text.hard}
        for name, text in texts.items():
            for fault in text.faults:
                self.quarantine.append(
                    {"id": row.id, "field": name, **fault.shown(), "left_out": bool(hard)}
                )
        if hard:
            name, problem = next(iter(hard.items()))
            self.tally.left_out.append(LeftOut(row.id, name, problem.kind, problem.detail))
            return None
        flags = {name: sorted(text.kinds) for name, text in texts.items() if text.faults}
        mended = {name: sorted(text.mended) for name, text in texts.items() if text.mended}
        origin = {
            **{k: v for k, v in row.origin.items() if k not in OWN_MARKS},
            "source_id": row.id,
            "translator": self.name,
            "source_language": row.language,
            "target_language": pending.goal,
        }
        if flags:
            origin["flags"] = flags
        if mended:
            origin["mended"] = mended
        if row.origin.get("flags"):
            origin["pivot_flags"] = row.origin["flags"]
        translated = row.with_texts({name: "".join(text.parts) for name, text in texts.items()})
        made = replace(translated, language=pending.goal, origin=origin)
        self.tally.count_row(row, made, set().union(*flags.values()), set().union(*mended.values()))
        return made


def judged(outcome: Outcome, checker: SegmentCheck) -> Checked:
    """The reply of an outcome, checked; no reply and a refusal of the service are hard faults."""
    if outcome.reply is None:
        kind = DECLINED if outcome.refused else "no-reply"
        return Checked(None, (Problem(kind, True, "; ".join(outcome.problems)),))
    if DECLINED in outcome.problems:  # as version 1.0.0 stored it
        raw = outcome.reply.raw
        error = raw.get("error") if isinstance(raw, dict) else None
        return Checked(None, (Problem(DECLINED, True, str(error or "")),))
    return checker.of(outcome.reply)


class RowTranslator(Rows[Translator]):
    """Translates a stream of rows through one back end, segment by segment."""

    def asks(self, rows: Iterable[Row]) -> Iterator[Ask]:
        """Cut rows into segments; what needs no translation is put in place at once."""
        for row in rows:
            goal = target_of(row, self.target)
            pending = _Pending(row, goal, {})
            self._pending.append(pending)
            self.tally.asked += 1
            if goal == row.language:
                self.tally.same_language_rows += 1
                for own in row.texts():
                    pending.texts[own.place] = _Text([own.text])
                continue
            waiting: list[tuple[_Text, int, str]] = []
            for own in row.texts():
                text = pending.texts[own.place] = _Text([])
                pieces = split(
                    own.text,
                    self.limit,
                    protect_code=self.protect_code,
                    languages=(row.language, goal),
                )
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
            for text, place, source in waiting:
                text.parts[place] = ""  # until its translation comes
                checker = self.checker(source, row.language, goal)
                yield Ask(
                    self.backend.request(source, row.language, goal),
                    checker,
                    Segment(pending, text, place, source, checker),
                )


class WholeTexts(Rows[Recorded]):
    """The recorded translator's way: whole texts first, exactly as recorded."""

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Look every text up; numbers, code and emoji pass through where nothing is recorded."""
        for row in rows:
            goal = target_of(row, self.target)
            pending = _Pending(row, goal, {})
            self.tally.asked += 1
            self.tally.same_language_rows += goal == row.language
            for own in row.texts():
                source = own.text
                text = pending.texts[own.place] = _Text([source])
                if goal == row.language:
                    continue
                found = self.backend.look_up(source, row.language, goal)
                kind = passes_through(source) if found is None else None
                if kind:
                    self.tally.passed_through[kind] += 1
                    self.backend.forgive(source, row.language, goal)
                    continue
                self.tally.segments += 1
                self.tally.characters["source"] += len(source)
                if found is None:
                    continue
                checker = self.checker(source, row.language, goal)
                pending.open += 1
                segment = Segment(pending, text, 0, source, checker)
                self.place(Outcome(segment, "ok", Reply(found), stored=True))
            self._pending.append(pending)
            yield from self.finished()
