"""A rating as an expectation: the mean of 1 to 5, weighted by the probabilities of its token.

Where a server gives no probabilities, or the five ratings together have less than half of them, the
rating stays as it is written.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from ..api import Reply
from .parse import Parsed
from .prompt import BRACKETS, JSON

SHOWN = {
    BRACKETS: re.compile(r"\[\[[^\[\]\d\n]{0,30}([1-5])\s*\]\]"),
    JSON: re.compile(r'"rating"\s*:\s*"?([1-5])\b(?!\.)', re.IGNORECASE),
}
ENOUGH = 0.5  # probability that the five ratings have together
ALTERNATIVES = 20  # tokens at each place that are asked for
REQUEST: dict[str, Any] = {"logprobs": True, "top_logprobs": ALTERNATIVES}


def tokens_of(raw: Any) -> list[Mapping[str, Any]]:
    """The tokens of a chat completion with their alternatives; none where the server gives none."""
    try:
        content = raw["choices"][0]["logprobs"]["content"]
    except (KeyError, IndexError, TypeError):
        return []
    if not isinstance(content, list):
        return []
    return [
        one for one in content if isinstance(one, Mapping) and isinstance(one.get("token"), str)
    ]


def weighted(reply: Reply, parsed: Parsed, form: str, pattern: str | None) -> Parsed:
    """The rating with its token's probabilities, where they are known."""
    tokens = tokens_of(reply.raw)
    finder = re.compile(pattern) if pattern else SHOWN[form]
    found = list(finder.finditer("".join(one["token"] for one in tokens)))
    if not found or found[-1][1] != f"{parsed.rating:g}":
        return parsed
    place, start = found[-1].start(1), 0
    for one in tokens:
        if start <= place < start + len(one["token"]):
            value = expectation(one, place - start)
            return parsed if value is None else parsed._replace(rating=value, said=parsed.rating)
        start += len(one["token"])
    return parsed


def expectation(token: Mapping[str, Any], place: int) -> float | None:
    """The mean of the ratings that may stand at a place in a token."""
    before, after = token["token"][:place], token["token"][place + 1 :]
    shares: dict[int, float] = {}
    for other in [token, *(token.get("top_logprobs") or [])]:
        for rating in range(1, 6):
            if other.get("token") == f"{before}{rating}{after}":
                shares[rating] = math.exp(min(0.0, float(other.get("logprob", -math.inf))))
    total = sum(shares.values())
    if total < ENOUGH:
        return None
    return sum(rating * share for rating, share in shares.items()) / total
