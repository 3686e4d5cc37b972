"""The rating as a field: a JSON reply held to a schema, where the server has that.

The prompt (prompts/judge-json.yaml) is the paper's with another last sentence, and so another judge
than in brackets: `judge.judges.*.reply` chooses one for a whole study. The schema holds plain types only, which every
server takes; a judge that declines says so in a field of its own, so that no rating means two things.
"""

import json
import re
from typing import Any

from .parse import FENCED, Parsed, normalise, read_number, without_reasoning

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "declined": {"type": "boolean"},
        "rating": {"type": "integer", "enum": [1, 2, 3, 4, 5]},
    },
    "required": ["explanation", "declined", "rating"],
    "additionalProperties": False,
}
OBJECT = re.compile(r"\{")


class _Twice(ValueError):
    """A key stands twice in an object, with different values."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        key = key.strip().lower()
        number = isinstance(value, int | float) and not isinstance(value, bool)
        decides = number or key in ("rating", "verdict")
        if decides and key in found and found[key] != value:
            raise _Twice
        found[key] = value
    return found


def _objects(text: str, wanted: str) -> list[dict[str, Any]]:
    """Every outermost JSON object in a text that holds a key."""
    decoder, found, place = json.JSONDecoder(object_pairs_hook=_pairs), [], 0
    while start := OBJECT.search(text, place):
        try:
            value, place = decoder.raw_decode(text, start.start())
        except json.JSONDecodeError:
            place = start.end()
            continue
        if wanted in value:
            found.append(value)
    return found


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return read_number(normalise(str(value)))


def find_object(reply: str, answer: str, wanted: str) -> dict[str, Any] | Parsed:
    """The one JSON object of a reply that holds the key `wanted`, or why there is none.

    `answer`: the judged text, whose objects do not count.
    """
    if not reply.strip():
        return Parsed(None, "empty reply")
    plural = wanted if wanted.endswith("s") else f"{wanted}s"
    text = without_reasoning(reply, answer).strip()
    if fence := FENCED.match(text):
        text = fence[1]
    try:
        found = _objects(text, wanted)
        planted = _objects(answer, wanted)
    except _Twice:
        return Parsed(None, f"the JSON reply holds two {plural}")
    except RecursionError:
        return Parsed(None, "the JSON reply is nested too deeply")
    own = found if len(found) == 1 and text.startswith("{") else []
    own = own or [one for one in found if one not in planted]
    if not own:
        return Parsed(None, f"no JSON object with a {wanted} in the reply")
    if len({json.dumps(one[wanted]) for one in own}) > 1:
        return Parsed(None, f"the JSON reply holds two {plural}")
    return own[0]


def parse_json(reply: str, answer: str = "") -> Parsed:
    """Read the rating of a JSON reply; `answer` is the rated text, whose objects do not count."""
    found = find_object(reply, answer, "rating")
    if isinstance(found, Parsed):
        return found
    given = found["rating"]
    if found.get("declined") is True or given is None:
        return Parsed(None, "the judge declines to rate")
    rating = _number(given)
    if rating is None:
        return Parsed(None, f"{json.dumps(given)[:40]} is not a rating from 1 to 5 in halves")
    return Parsed(rating)
