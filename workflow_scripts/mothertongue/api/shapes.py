"""Reads the text, the finish reason and the token counts of a chat reply, in all shapes that servers send."""

from collections.abc import Mapping
from typing import Any

from .types import Reply

HIDDEN = ("thinking", "redacted_thinking", "reasoning", "reasoning_content", "refusal", "tool_use")
FINISH = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "MAX_TOKENS": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
}
UNREADABLE = "unreadable"  # how a paid reply ends that has no shape known here


def text_of(content: Any) -> str | None:
    """The text of a message's content: a text, or parts of which reasoning is left out."""
    if content is None or isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = [text for text in map(_part, parts) if text is not None]
    return "".join(texts) if texts else None


def _part(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping) or part.get("type") in HIDDEN:
        return None
    text = part.get("text")
    if isinstance(text, Mapping):
        text = text.get("value")
    return text if isinstance(text, str) else text_of(part.get("content"))


def count(usage: Any, *names: str) -> int | None:
    """The first of these counts that a usage field tells."""
    if isinstance(usage, Mapping):
        for name in names:
            number = usage.get(name)
            if isinstance(number, int | float) and not isinstance(number, bool) and number >= 0:
                return int(number)
    return None


def read_chat(raw: Any) -> Reply:
    """The reply in a chat completion. One without a known shape has no text; it was paid for."""
    raw_map = raw if isinstance(raw, Mapping) else {}
    choices = raw_map.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else raw_map
    choice = choice if isinstance(choice, Mapping) else {}
    message = next(
        (choice[name] for name in ("message", "delta") if isinstance(choice.get(name), Mapping)),
        None,
    )
    usage = raw_map.get("usage")
    billed = usage.get("billed_units") if isinstance(usage, Mapping) else None
    usage = billed or usage
    finish = choice.get("finish_reason") or raw_map.get("finish_reason") or "stop"
    finish = FINISH.get(finish, str(finish).lower() if str(finish).isupper() else str(finish))
    if message is not None:
        text = text_of(message.get("content"))
        if not (text and text.strip()) and _refuses(message):
            text, finish = None, "refusal"
    elif isinstance(choice.get("text"), str):
        text = choice["text"]
    else:
        text, finish = None, UNREADABLE
    return Reply(
        text,
        finish,
        count(usage, "prompt_tokens", "input_tokens"),
        count(usage, "completion_tokens", "output_tokens"),
        raw=raw,
    )


def _refuses(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    told = any(isinstance(part, Mapping) and part.get("type") == "refusal" for part in parts)
    return bool(message.get("refusal")) or told
