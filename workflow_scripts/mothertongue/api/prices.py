"""Computes what calls cost: prices in US dollars per million characters or tokens, from the config."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .types import Reply, Request


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million; nothing configured costs nothing."""

    characters: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0

    @property
    def free(self) -> bool:
        """Whether calls cost nothing."""
        return not (self.characters or self.input_tokens or self.output_tokens)

    def of(self, request: Request, reply: Reply) -> float:
        """The cost of one call; token counts that the server does not tell are estimated."""
        into = reply.input_tokens
        out = reply.output_tokens
        return (
            self.characters * (reply.characters or characters_of(request))
            + self.input_tokens * (tokens_of(prompt_of(request)) if into is None else into)
            + self.output_tokens * (tokens_of(reply.text or "") if out is None else out)
        ) / 1e6

    def at_most(self, request: Request) -> float:
        """An upper bound of what one call can cost (a token holds at least one byte)."""
        prompt = prompt_of(request)
        limit = request.get("max_tokens") or request.get("max_completion_tokens")
        limit = limit or most_output_tokens(prompt)
        return (
            self.characters * characters_of(request)
            + self.input_tokens * (len(prompt.encode()) + 64)
            + self.output_tokens * limit
        ) / 1e6


def prompt_of(request: Request) -> str:
    """All text that a request sends."""
    if "messages" in request:
        return "\n".join(message["content"] for message in request["messages"])
    return str(request.get("text", ""))


def characters_of(request: Request) -> int:
    """Characters that a translation service bills."""
    return len(prompt_of(request))


def tokens_of(text: str) -> int:
    """A middling estimate of a text's tokens: 4 characters of Latin script, 1.5 of others."""
    latin = sum(1 for char in text if char < "\u0250")
    return math.ceil(latin / 4 + (len(text) - latin) / 1.5)


def most_output_tokens(prompt: str) -> int:
    """A generous bound of an answer's tokens where the request sets none."""
    return max(512, 3 * len(prompt.encode()))


def price_of(prices: Mapping[str, Any], entry: Mapping[str, Any]) -> Price:
    """The price of a translator's or judge's entry: by its model, else by its back end."""
    table = prices.get("per_million") or {}
    found = table.get(entry.get("model") or "") or table.get(entry.get("backend") or "") or {}
    return Price(**{key: float(value) for key, value in found.items()})
