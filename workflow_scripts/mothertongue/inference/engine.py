"""What every engine has beside lm-eval's methods: the model's template, and what scores say of requests."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict

from ..errors import InputError
from ..files import text_hash
from .templates import Prompting


class Generated(TypedDict):
    """Tokens of a generated text, and whether it ran to the limit."""

    tokens: int
    unfinished: bool


class Engine:
    """Mixed into a class of lm-eval's that computes."""

    prompting: Prompting | None = None  # the model's template, for prompts that go through one
    language: str | None = None  # of what is asked
    ends: tuple[str, ...] = ()  # control tokens that end an answer beside the usual ones

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.forget()

    def forget(self) -> None:
        """Start afresh with what scores say of requests."""
        self.notes: list[str] = []
        self._cut: dict[str, int] = {}
        self._scored: dict[tuple[str, str], tuple[int, str]] = {}  # tokens, and their text
        self._generated: dict[str, Generated] = {}  # by the name of its request

    def use(self, prompting: Prompting, language: str | None = None) -> None:
        """Ask through a template: its end tokens end answers, lm-eval's messages go through it."""
        self.prompting, self.language, self.ends = prompting, language, prompting.ends

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """Messages as a prompt, by the model's template; called by lm-eval."""
        system = next((m["content"] for m in chat_history if m["role"] == "system"), None)
        turns = [m["content"] for m in chat_history if m["role"] != "system"]
        if self.prompting is None:
            raise InputError("no template was set for prompts that go through one")
        begun = "" if add_generation_prompt else turns.pop()  # of the answer
        return self.prompting.prompt(turns, system=system, language=self.language) + begun

    def cut_report(self) -> dict[str, int]:
        """How many requests were longer than the model, and how many tokens were cut off."""
        return {"requests": len(self._cut), "tokens": sum(self._cut.values())}

    def scored_tokens(self, context: str, continuation: str) -> int:
        """Number of tokens that a log-likelihood sums over."""
        return self._scored[context, continuation][0]

    def scored_text(self, context: str, continuation: str) -> str:
        """The text that a log-likelihood is of: the continuation, or as much as the model holds."""
        return self._scored[context, continuation][1]

    def generated(self, context: str, arguments: Mapping[str, Any]) -> Generated:
        """Tokens of a generated text, and whether it ran to the limit."""
        return self._generated[name_of("generate", context, as_text(arguments))]


def name_of(kind: str, *parts: str) -> str:
    """The name under which the result of a request is kept."""
    return text_hash(kind, *parts)[:32]


def as_text(arguments: Mapping[str, Any]) -> str:
    """Generation arguments as text, the same for the same arguments."""
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
