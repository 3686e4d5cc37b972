"""Read which of two answers a judge prefers, only where its reply says so in one way.

A verdict is the score of the answer that is shown first: 1 if it is preferred, 0 if the other is,
.5 for a tie. In brackets it has to end the reply's last line, and no other verdict may stand in the
reply; what an answer holds itself counts only there, too.
"""

import re
from typing import Any

from .parse import Parsed, normalise, without_reasoning
from .patterns import fold
from .verdict import BEFORE

SCORES = {"a": 1.0, "b": 0.0, "c": 0.5, "tie": 0.5}  # C: MT-bench's letter for a tie
TOKEN = re.compile(r"\[\[\s*[*_\"']*(a|b|c|tie)[*_\"']*\s*\]\]", re.IGNORECASE)
END = re.compile(r"[\s*_`.!\"'”»)]*\Z")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "declined": {"type": "boolean"},
        "verdict": {"type": "string", "enum": ["A", "B", "tie"]},
    },
    "required": ["explanation", "declined", "verdict"],
    "additionalProperties": False,
}


def score_of(word: object) -> float | None:
    """The first answer's score by a verdict's word; None if it is no verdict."""
    return SCORES.get(word.strip().lower()) if isinstance(word, str) else None


def parse_pair(reply: str, answers: str) -> Parsed:
    """Read a verdict in brackets. `answers`: both texts, whose own brackets are nobody's verdict."""
    text = normalise(without_reasoning(reply, answers)).rstrip()
    found = list(TOKEN.finditer(text))
    if not found:
        return Parsed(None, "no [[A]], [[B]] or [[tie]] in the reply")
    last = found[-1]
    if not END.match(text, last.end()):
        return Parsed(None, "the verdict does not end the reply")
    planted = {score_of(one[1]) for one in TOKEN.finditer(normalise(answers))}
    before = text[: last.start()]
    others = {score_of(one[1]) for one in found[:-1]} - planted
    if others - {score_of(last[1])}:
        return Parsed(None, "the reply holds two verdicts")
    if BEFORE["denied"].search(fold(before[-60:])):
        return Parsed(None, "the verdict is denied")
    return Parsed(score_of(last[1]))


def verdict_of(found: dict[str, Any]) -> Parsed:
    """The verdict of a JSON object."""
    score = score_of(found.get("verdict"))
    if found.get("declined") is True or found.get("verdict") is None:
        return Parsed(None, "the judge declines to compare")
    return Parsed(score) if score is not None else Parsed(None, "the verdict is not A, B or tie")
