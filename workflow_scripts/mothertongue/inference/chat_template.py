"""A tokenizer's own chat template: prompts, and which characters of a conversation are whose.

The template is rendered twice: with the texts themselves, and with placeholders in their places.
The second rendering shows the template's own words; the texts lie between them in the first. So no
assumption is made about a family's control tokens. A template that changes a text (it strips white
space, or the thinking of an earlier turn) is followed; what it writes is what is trained on.
"""

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError, first_line
from .encoding import shortened, special_tokens
from .marks import MARKED, WHOLE, control, marked, without_marks

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger("mothertongue.inference")
ROLES = ("user", "assistant")
PLACEHOLDER = "qzx{}xzq"
# What a template may ask for: no thinking, and a day that does not change from run to run.
THINKING = "enable_thinking"
OPTIONS = {THINKING: False, "date_string": "26 Jul 2024"}
Message = dict[str, str]


class ChatTemplate:
    """The chat template of a tokenizer."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase"):
        """Raises `InputError` if the tokenizer has none, or it cannot write a plain exchange."""
        self.tokenizer = tokenizer
        source = getattr(tokenizer, "chat_template", None)
        if not source:
            raise InputError(
                f"{tokenizer.name_or_path}: the tokenizer has no chat template; set finetune.template"
                " (or models.*.template) to alpaca, plain or a file of your own"
            )
        self.options: dict[str, Any] = {
            key: value for key, value in OPTIONS.items() if key in str(source)
        }
        self.tokens = sorted(set(special_tokens(tokenizer).values()))
        self._skeletons: dict[tuple[tuple[str, ...], bool], tuple[str, ...]] = {}
        self._skeleton(ROLES[:1], prompt=True)
        self._system: bool | None = None  # whether it takes a system message, once asked

    def messages(self, turns: Sequence[str], system: str | None) -> list[Message]:
        """The conversation as messages; where the template takes no system message, it opens turn 1."""
        turns = list(turns)
        if system is not None and self._system is None:
            self._system = self._takes_system()
        if system is not None and not self._system:
            turns[0] = f"{system.strip()}\n\n{turns[0]}"
            system = None
        found = [{"role": "system", "content": system}] if system is not None else []
        return found + [
            {"role": ROLES[place % 2], "content": text} for place, text in enumerate(turns)
        ]

    def render(self, messages: list[Message], *, prompt: bool, thinks: bool = False) -> str:
        """What the template writes. `prompt`: up to where the assistant begins to speak."""
        options = {k: v for k, v in self.options.items() if not (thinks and k == THINKING)}
        try:
            text: Any = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=prompt, **options
            )
        except Exception as error:  # Jinja's errors, and those that a template raises
            raise InputError(
                f"{self.tokenizer.name_or_path}: the chat template cannot write this conversation"
                f" ({first_line(error)})"
            ) from None
        return str(text)

    def prompt(self, turns: Sequence[str], system: str | None = None) -> str:
        """The prompt after which the assistant speaks, control tokens marked."""
        messages = self.messages(turns, system)
        parts = self._parts(messages, prompt=True)
        if parts is None:  # an earlier turn is rewritten; nothing is told apart in a prompt
            parts = [marked(self.render(messages, prompt=True), self.tokens)]
        return WHOLE + "".join(parts)

    def cut(self, turns: Sequence[str], system: str | None = None) -> list[str]:
        """A whole conversation as prompt, answer, prompt, answer …, control tokens marked.

        An answer ends with the control token that ends it; what follows the last one is left out.
        Where the template rewrites the texts beyond recognition (thinking in the last answer), the
        conversation is one prompt and its last answer.
        """
        messages = self.messages(turns, system)
        parts = self._parts(messages, prompt=False)
        if parts is None:
            return self._last_alone(messages)
        roles = tuple(message["role"] for message in messages)
        found: list[str] = []
        waiting = WHOLE + parts[0]
        for number, role in enumerate(roles):
            text, after = parts[2 * number + 1], parts[2 * number + 2]
            if role == "assistant":
                end, rest = self._after_answer(after)
                begun = self._behind_prompt(roles[:number], parts[2 * number])
                prompt = waiting.removesuffix(begun) if begun else waiting
                found += [prompt, begun + text + end]
                waiting = rest
            else:
                waiting += text + after
        return found

    def _behind_prompt(self, roles: tuple[str, ...], before: str) -> str:
        """What the template writes before an answer but not into a prompt (Llama 2: a space)."""
        *_, prompt = self._skeleton(roles, prompt=True)
        return before[len(prompt) :] if before.startswith(prompt) else ""

    @property
    def end(self) -> str:
        """The token that ends an answer."""
        *_, after = self._skeleton(ROLES, prompt=False)
        token = MARKED.search(after)
        return token[1] if token else str(self.tokenizer.eos_token)

    def _after_answer(self, after: str) -> tuple[str, str]:
        """What ends an answer, and the template's words behind it."""
        token = MARKED.search(after)
        if token is None:  # nothing of the template's own would teach the model to stop
            return control(str(self.tokenizer.eos_token)), after
        return after[: token.end()], after[token.end() :]

    def _last_alone(self, messages: list[Message]) -> list[str]:
        prompt = self.render(messages[:-1], prompt=True, thinks=True)
        whole = self.render(messages, prompt=False)
        *_, after = self._skeleton(tuple(m["role"] for m in messages), prompt=False)
        tail = without_marks(after)
        if not whole.startswith(prompt) or not whole.endswith(tail):
            raise InputError(
                f"{self.tokenizer.name_or_path}: the chat template rewrites the conversation that"
                f" begins with {shortened(messages[0]['content'])}; leave that row out, or use"
                " another template (finetune.template)"
            )
        answer = whole[len(prompt) : len(whole) - len(tail)]
        return [WHOLE + marked(prompt, self.tokens), answer + self._after_answer(after)[0]]

    def _parts(self, messages: list[Message], *, prompt: bool) -> list[str] | None:
        """The template's own words (marked) and the texts in turn; None where they cannot be told."""
        words = self._skeleton(tuple(message["role"] for message in messages), prompt=prompt)
        bare = [without_marks(piece) for piece in words]
        whole = self.render(messages, prompt=prompt)
        given = [message["content"] for message in messages]
        for texts in (given, [text.strip() for text in given]):
            if _joined(bare, texts) == whole:
                break
        else:
            pattern = "(.*?)".join(map(re.escape, bare))
            match = re.fullmatch(pattern, whole, re.DOTALL)
            if match is None:
                return None
            texts = list(match.groups())
        found = [words[0]]
        for text, piece in zip(texts, words[1:], strict=True):
            found += [text, piece]
        return found

    def _skeleton(self, roles: tuple[str, ...], *, prompt: bool) -> tuple[str, ...]:
        """The template's words before, between and after the texts of messages with these roles."""
        known = self._skeletons.get((roles, prompt))
        if known is None:
            names = [PLACEHOLDER.format(number) for number in range(len(roles))]
            messages = [{"role": r, "content": n} for r, n in zip(roles, names, strict=True)]
            found = re.split("|".join(names), self.render(messages, prompt=prompt))
            if len(found) != len(roles) + 1:
                raise InputError(
                    f"{self.tokenizer.name_or_path}: the chat template repeats or drops a message"
                    f" ({', '.join(roles)}); use another template (finetune.template)"
                )
            known = tuple(marked(piece, self.tokens) for piece in found)
            self._skeletons[roles, prompt] = known
        return known

    def _takes_system(self) -> bool:
        """Whether the template writes a system message; Gemma's raises an error."""
        try:
            self._skeleton(("system", "user"), prompt=True)
        except InputError:
            log.warning(
                "the chat template takes no system message; it is put before the first instruction"
            )
            return False
        return True


def _joined(words: Sequence[str], texts: Sequence[str]) -> str:
    return words[0] + "".join(text + piece for text, piece in zip(texts, words[1:], strict=True))
