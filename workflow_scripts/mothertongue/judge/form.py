"""Decides how a judge is asked for its rating: in brackets, or as a field of a JSON reply.

`reply: json` and `brackets` say so. Without either, a judge that has answered in brackets before
goes on in brackets (nothing is paid twice, and one study has one form); else it is asked for JSON,
and brackets are used where the server refuses. What was found out is noted beside the store, so
that one refusal is enough for all sets and for later runs.
"""

import json
import re
from pathlib import Path
from typing import Protocol

from ..api import Ask, Engine, Store, request_key
from ..api.engine import DECLINED
from ..files import read_json, write_json
from .prompt import BRACKETS, JSON, PATTERN
from .records import Item
from .settings import AUTO, JudgeSpec

NAMED = re.compile(r"response_?format|json|schema|structured|guided|grammar|unsupported", re.I)
FIXED = (BRACKETS, PATTERN)  # forms that every server takes
PROBES = 3  # answers that are tried before the form is taken for granted


def note_path(store: str | Path, name: str) -> Path:
    """Where it is noted how a judge is asked."""
    return Path(store).parent / "judges" / f"{name}.json"


def noted(path: Path, spec: JudgeSpec) -> str | None:
    """The noted form, if the note is about this model at this address."""
    if not path.is_file():
        return None
    note = read_json(path)
    same = all(note.get(key) == value for key, value in spec.identity.items())
    return note.get("reply") if same else None


def expected(store: str | Path, name: str, spec: JudgeSpec) -> str:
    """The form as far as it is known without asking: the configuration's, the noted one, or JSON."""
    if spec.reply in FIXED:
        return spec.reply
    return noted(note_path(store, name), spec) or JSON


def write_note(path: Path, spec: JudgeSpec, form: str, why: str) -> str:
    """Note a form and why; returns it."""
    write_json(path, {**spec.identity, "reply": form, "why": why})
    print(f"{path.stem}: asked for ratings as {form}: {why}")
    return form


def asked_before(store: Store, name: str, spec: JudgeSpec) -> str | None:
    """The form of an earlier reply of this judge in the store."""
    service = spec.service
    for row in store.export_rows():
        if row["account"] == name and row["status"] == "ok":
            request = json.loads(row["request"])
            same = (request.get("model"), request.get("base_url")) == (
                service.model,
                service.base_url,
            )
            if same:
                return JSON if "response_format" in request else BRACKETS
    return None


class Asking(Protocol):
    """What `Chooser` needs of a chat judge."""

    name: str
    spec: JudgeSpec

    def ask(self, item: Item, form: str) -> Ask:
        """The first ask of an item in a form."""
        ...


class Chooser:
    """Decides once how a judge is asked. `ask(item, form)` makes its first ask of an item."""

    def __init__(self, judge: Asking, store: Store, engine: Engine):
        """`judge`: a `ChatJudge`; `engine`: one of its own, whose failures do not count."""
        self.judge, self.store, self.engine = judge, store, engine
        self.path = note_path(store.path, judge.name)

    def choose(self, items: list[Item]) -> str:
        """The form for these items and all later ones."""
        spec = self.judge.spec
        wanted = spec.reply
        if wanted in FIXED or not items:
            return wanted if wanted != AUTO else JSON
        if self.store.replaying:
            return self._in_the_replay(items)
        form = noted(self.path, spec)
        if form is None and wanted == AUTO:
            form = asked_before(self.store, self.judge.name, spec)
            if form == BRACKETS:
                return write_note(self.path, spec, form, "earlier ratings of the study are")
        return form or self._probe(items[:PROBES])

    def _in_the_replay(self, items: list[Item]) -> str:
        """The form in which the replayed replies hold these items."""
        keys = {
            form: {request_key(self.judge.ask(item, form).request) for item in items}
            for form in (JSON, BRACKETS)
        }
        counts = {form: len(self.store.lookup(known)) for form, known in keys.items()}
        return BRACKETS if counts[BRACKETS] > counts[JSON] else JSON

    def _first(self, ask: Ask) -> tuple[bool, str]:
        """Whether the server takes a request, and what it says if it does not."""
        (outcome,) = self.engine.run([ask])
        reply = outcome.reply
        if reply is None or reply.finish == DECLINED:
            told = reply.raw.get("error") if reply and isinstance(reply.raw, dict) else ""
            return False, "; ".join([*outcome.problems, told or ""])
        return True, ""

    def _probe(self, items: list[Item]) -> str:
        """Ask for JSON; a refusal that names the form, or is none in brackets, is about the form."""
        spec = self.judge.spec
        for item in items:
            taken, told = self._first(self.judge.ask(item, JSON))
            if taken:
                return write_note(self.path, spec, JSON, "the server takes a schema")
            if NAMED.search(told) or self._first(self.judge.ask(item, BRACKETS))[0]:
                why = f"the server refuses a JSON schema ({told[:200]})"
                return write_note(self.path, spec, BRACKETS, why)
        return JSON
