"""Turn records of any usual shape into conversations: Aya, Alpaca, prompt/completion, messages, ShareGPT.

The shape is guessed from the columns, or given by the study (`columns: {instruction: q, output: a}`).
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..files import Row, is_missing, written_ids
from .formats import CHATS, Record
from .rows import Turn

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
}
# What a study may name under `columns`: what each column holds.
COLUMNS = (
    "instruction",
    "input",
    "output",
    "messages",
    "system",
    "id",
    "language",
    "annotation_type",
)
IDS = ("id", "prompt_id", "conversation_id", "uuid")
LANGUAGES = ("language_code", "language", "lang")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row of instruction data, whatever shape it came in.

    `turns` alternate, begin with the user and end with the assistant. A missing text is empty. An
    `id` or `language` that the data does not have is None.
    """

    place: str
    turns: tuple[Turn, ...]
    system: str | None = None
    id: str | None = None
    language: str | None = None
    annotation_type: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether any turn holds no visible text."""
        return any(is_missing(turn.content) for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the columns of a file become a conversation. A column is a dotted path into the record."""

    name: str
    columns: Mapping[str, str]

    @property
    def described(self) -> str:
        """The shape in words, for the one line that tells what was guessed."""
        parts = ", ".join(f"{field} from '{column}'" for field, column in self.columns.items())
        return f"{self.name} ({parts})"


def conversations(
    records: Sequence[Record],
    columns: Mapping[str, str] | None = None,
    *,
    key: str = "columns",
    say: Callable[[str], None] = print,
) -> list[Conversation]:
    """Every record as a conversation, in Unicode's composed form (NFC).

    `columns` is the study's own mapping, `key` its name in messages. Without it the shape is guessed and
    said in one line. Raises `InputError` for a shape that nobody can tell, and for a row that does not fit it.
    """
    there = _columns_of(records)
    where = records[0].place.rpartition(",")[0]
    shape = (
        _given(columns, there, where, key) if columns else _guessed(records, there, where, key, say)
    )
    ids = written_ids([_value(record.values, shape.columns.get("id")) for record in records])
    found = [_conversation(record, shape, name) for record, name in zip(records, ids, strict=True)]
    composed = [_composed(one) for one in found]
    changed = sum(before != after for before, after in zip(found, composed, strict=True))
    if changed:
        say(f"{where}: {changed} rows were not in Unicode's composed form (NFC) and are now")
    return composed


def _columns_of(records: Iterable[Record]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record.values))


def _given(columns: Mapping[str, str], there: Sequence[str], where: str, key: str) -> Shape:
    """The study's own mapping, checked against the file."""
    if "messages" not in columns and not {"instruction", "output"} <= set(columns):
        raise InputError(f"{key}: name the columns of instruction and output, or of messages")
    for field, column in columns.items():
        if column not in there and column.split(".")[0] not in there:
            raise InputError(
                f"{where}: no column '{column}' ({key}.{field}; there are: {', '.join(there)})"
            )
    return Shape("columns of the study", dict(columns))


def _guessed(
    records: Sequence[Record],
    there: Sequence[str],
    where: str,
    key: str,
    say: Callable[[str], None],
) -> Shape:
    """The one shape that the columns allow."""
    shapes = _possible(records, set(there))
    if not shapes:
        likely = [name for name in there if _holds_text(records, name)] or there
        raise InputError(
            f"{where}: no known shape (there are columns: {', '.join(there)}); say which they are, as"
            f" {key}: {{instruction: {likely[0]}, output: {likely[-1]}}}"
        )
    if len(shapes) > 1:
        raise InputError(
            f"{where}: could be {' or '.join(shape.described for shape in shapes)}; say which, as"
            f" {key}: {{{', '.join(f'{a}: {b}' for a, b in shapes[0].columns.items())}}}"
        )
    (shape,) = shapes
    more = {
        "id": next((name for name in IDS if name in there), None),
        "language": next((name for name in LANGUAGES if name in there), None),
    }
    if "system" not in shape.columns and any(name in there for name in ("system", "system_prompt")):
        more["system"] = "system" if "system" in there else "system_prompt"
    if "annotation_type" in there:
        more["annotation_type"] = "annotation_type"
    shape = Shape(
        shape.name,
        {**shape.columns, **{field: column for field, column in more.items() if column}},
    )
    say(f"{where}: read as {shape.described}")
    return shape


def _possible(records: Sequence[Record], there: set[str]) -> list[Shape]:
    """Every shape that the columns allow, of those that the field uses."""
    found = []
    if {"inputs", "targets"} <= there:
        found.append(Shape("Aya", {"instruction": "inputs", "output": "targets"}))
    if {"instruction", "output"} <= there:
        more = {"input": "input"} if "input" in there else {}
        found.append(Shape("Alpaca", {"instruction": "instruction", **more, "output": "output"}))
    if {"instruction", "response"} <= there:  # Dolly
        more = {"input": "context"} if "context" in there else {}
        found.append(Shape("Dolly", {"instruction": "instruction", **more, "output": "response"}))
    if {"prompt", "completion"} <= there:
        found.append(Shape("prompt/completion", {"instruction": "prompt", "output": "completion"}))
    for name in CHATS:
        if name in there and _is_list(records, name):
            kind = "ShareGPT" if _has(records, name, "from") else "messages"
            found.append(Shape(kind, {"messages": name}))
    return found


def _is_list(records: Sequence[Record], name: str) -> bool:
    return any(isinstance(_parsed(record.values.get(name)), list) for record in records)


def _holds_text(records: Sequence[Record], name: str) -> bool:
    """Whether a column holds anything but numbers; an example that names a counter misleads."""
    values = [record.values.get(name) for record in records]
    return any(not is_missing(value) and not _is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _has(records: Sequence[Record], name: str, key: str) -> bool:
    for record in records:
        turns = _parsed(record.values.get(name))
        if isinstance(turns, list) and turns and isinstance(turns[0], Mapping):
            return key in turns[0]
    return False


def _parsed(value: Any) -> Any:
    """A list that a table holds as JSON text; anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _value(values: Row, path: str | None) -> Any:
    """What stands at a dotted path; a column of that very name comes first."""
    if path is None:
        return None
    if path in values:
        return values[path]
    found: Any = values
    for part in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _text(record: Record, column: str | None) -> str:
    """A cell as text, empty where it is missing; anything but text is an error."""
    value = _value(record.values, column)
    if is_missing(value):
        return ""
    if not isinstance(value, str):
        raise InputError(
            f"{record.place}: '{column}' holds {type(value).__name__}, not text; write it in quotes"
        )
    return value


def _conversation(record: Record, shape: Shape, name: str | None) -> Conversation:
    columns = shape.columns
    system = _text(record, columns.get("system"))
    if "messages" in columns:
        said, turns = _turns(record, columns["messages"])
        system = "\n\n".join(part for part in (system, *said) if part)
    else:
        turns = _pair(record, columns)
    if any("\0" in text for text in (system, *(turn.content for turn in turns))):
        raise InputError(f"{record.place}: holds a NUL character; remove it")
    language = _text(record, columns.get("language"))
    kind = _text(record, columns.get("annotation_type"))
    return Conversation(record.place, turns, system or None, name, language or None, kind or None)


def _pair(record: Record, columns: Mapping[str, str]) -> tuple[Turn, ...]:
    """One instruction with its input, and its answer; TRL also writes each as a list of messages."""
    asked, answered = (
        _parsed(_value(record.values, columns[field])) for field in ("instruction", "output")
    )
    if isinstance(asked, list) and isinstance(answered, list):
        return _alternating(record, columns["instruction"], [*asked, *answered])[1]
    instruction = _text(record, columns["instruction"])
    more = _text(record, columns.get("input"))
    if more.strip():
        instruction = f"{instruction}\n\n{more}"
    return (Turn("user", instruction), Turn("assistant", _text(record, columns["output"])))


def _turns(record: Record, column: str) -> tuple[list[str], tuple[Turn, ...]]:
    messages = _parsed(_value(record.values, column))
    if not isinstance(messages, list) or not messages:
        raise InputError(f"{record.place}: '{column}' is not a list of messages")
    return _alternating(record, column, messages)


def _alternating(
    record: Record, column: str, messages: Sequence[Any]
) -> tuple[list[str], tuple[Turn, ...]]:
    """System messages, and turns that begin with the user and end with the assistant."""
    system: list[str] = []
    turns: list[Turn] = []
    for number, message in enumerate(messages, start=1):
        where = f"{record.place}, {column}[{number - 1}]"
        if not isinstance(message, Mapping):
            raise InputError(f"{where}: expected an object with role and content")
        role_said = message.get("role", message.get("from"))
        role = ROLES.get(str(role_said).lower())
        if role is None:
            raise InputError(
                f"{where}: the role is {role_said!r}; known: {', '.join(ROLES)} (tool calls cannot be"
                " translated; leave such rows out)"
            )
        content = _content(where, message.get("content", message.get("value")))
        if role == "system":
            if turns:
                raise InputError(f"{where}: a system message after the first turn; put it first")
            system.append(content)
            continue
        expected = "assistant" if len(turns) % 2 else "user"
        if role != expected:
            raise InputError(
                f"{where}: the {role} speaks where the {expected} should; turns alternate and begin"
                " with the user"
            )
        turns.append(Turn(role, content))
    if not turns or turns[-1].role != "assistant":
        raise InputError(f"{record.place}: '{column}' does not end with an answer of the assistant")
    return system, tuple(turns)


def _content(where: str, content: Any) -> str:
    """The text of a message, also where it comes in parts."""
    if is_missing(content):
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == len(parts):
            return "".join(texts)
    raise InputError(f"{where}: the content is not text; leave out rows with images or tool calls")


def _composed(one: Conversation) -> Conversation:
    """The same conversation in NFC: what looks the same is the same."""

    def nfc(text: str | None) -> str | None:
        return None if text is None else unicodedata.normalize("NFC", text)

    turns = tuple(Turn(turn.role, nfc(turn.content) or "") for turn in one.turns)
    return Conversation(
        one.place, turns, nfc(one.system), one.id, one.language, one.annotation_type
    )
