"""Judges: who rates an answer from 1 to 5, or says which of two is better.

A judge is a class in its own short module, named here and imported only when used. It is built
with `name` (of the configuration), `spec` (what determines its ratings) and `calls` (how it
is called and paid: store, limits, price, replay), and offers one method, `rate(items)`, which
returns one `Rated` per item in the same order.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import InputError
from ..prompts import holds
from ..prompts.judging import BRACKETS, PATTERN, RATING, pattern_of, prompts_of
from ..study.schema import suggestion
from .records import Item, Rated, Reply

if TYPE_CHECKING:
    from .settings import JudgeCalls, JudgeSpec

__all__ = ["Item", "Judge", "Rated", "Reply", "calling_settings", "open_judge", "rating_settings"]

LOWEST, HIGHEST = 1.0, 5.0
CHAT = (
    *("model", "base_url", "temperature", "max_tokens", "repeats", "reply", "parameters"),
    *("mode", "criteria", "logprobs"),
)
# Values that are left out, since older studies do not have the key: finished ratings stay valid.
LEFT_OUT: dict[str, Any] = {
    "mode": RATING,
    "criteria": [],
    "logprobs": False,
    "parameters": {},
    "reply": BRACKETS,
}
BACKENDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "overlap": ("mothertongue.judge.overlap:OverlapJudge", ()),
    "openai": ("mothertongue.judge.chat:ChatJudge", CHAT),
    "cohere": ("mothertongue.judge.chat:ChatJudge", CHAT),
}


class Judge(Protocol):
    """What every back end offers."""

    def rate(self, items: list[Item]) -> list[Rated]:
        """Rate items; as many results as items, in their order."""
        ...


def _backend(name: str, backend: str) -> tuple[str, tuple[str, ...]]:
    if backend not in BACKENDS:
        raise InputError(
            f"judge.judges.{name}.backend: unknown judge '{backend}'"
            f"{suggestion(backend, sorted(BACKENDS))}"
        )
    return BACKENDS[backend]


def open_judge(name: str, spec: "JudgeSpec", calls: "JudgeCalls") -> Judge:
    """The judge that a study configures."""
    module, attribute = _backend(name, spec.backend)[0].split(":")
    made: Callable[..., Judge] = getattr(importlib.import_module(module), attribute)
    return made(name, spec, calls)


def rating_settings(
    name: str, entry: Mapping[str, Any], languages: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The part of a judge's configuration that determines its ratings.

    `languages`: code -> name of those in which it judges; kept only if a prompt shows the name.
    """
    keys = ("backend", *_backend(name, entry["backend"])[1])
    found = {key: entry[key] for key in sorted(keys) if key in entry}
    if "reply" in keys:
        found["prompt"] = prompts_of(entry)  # the text itself: a changed word is another judge
        if pattern := pattern_of(entry):
            found |= {"pattern": pattern, "reply": PATTERN}
        elif len(found["prompt"]) == 1:
            found["reply"] = next(iter(found["prompt"]))  # the file of a prompt may say the form
        if languages and any(holds(text, "language") for text in found["prompt"].values()):
            found["languages"] = dict(languages)
    return {key: value for key, value in found.items() if LEFT_OUT.get(key, ()) != value}


def calling_settings(
    entry: Mapping[str, Any], *, replies: Mapping[str, Any], prices: Mapping[str, Any], store: str
) -> dict[str, Any]:
    """How a judge is called and paid: nothing that changes a rating."""
    from ..api.prices import price_of

    price = price_of(prices, entry)
    return {
        "api": entry.get("api", {}),
        "batch": entry.get("batch"),
        "replay": replies.get("replay"),
        "store": store,
        "price": {
            "characters": price.characters,
            "input_tokens": price.input_tokens,
            "output_tokens": price.output_tokens,
        },
    }
