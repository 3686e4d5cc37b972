"""Turn conversations into prompts and training texts, by a text template or the tokenizer's own.

Prompts are strings with marked control tokens (marks.py). A training text is a list of segments, of
which those of the assistant are supervised; each of these ends with the token that ends an answer,
so that stopping is learned, and nothing behind that token counts.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..errors import InputError
from ..files import text_hash
from ..prompts.template import CHAT, Template, frame_warning, read_template
from .chat_template import ChatTemplate
from .marks import control

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger("mothertongue.inference")


class Segment(NamedTuple):
    """A part of a training text. `answer`: it is the assistant's, with the token that ends it."""

    text: str
    answer: bool


class Prompting(Protocol):
    """How conversations are written. Turns alternate; a prompt ends with what the user says."""

    name: str
    ends: tuple[str, ...]  # control tokens that end an answer, beside the tokenizer's end token

    def prompt(
        self, turns: Sequence[str], *, system: str | None = None, language: str | None = None
    ) -> str:
        """The prompt that an answer follows directly."""
        ...

    def segments(
        self, turns: Sequence[str], *, system: str | None = None, language: str | None = None
    ) -> list[Segment]:
        """A whole conversation: prompts and answers in turn."""
        ...


class TextPrompting:
    """Fixed words around every instruction; the tokenizer's end token ends every answer."""

    ends: tuple[str, ...] = ()

    def __init__(self, template: Template, end: str):
        """`end`: the text of the end token."""
        self.template, self.name, self.end = template, template.name, control(end)

    def segments(
        self, turns: Sequence[str], *, system: str | None = None, language: str | None = None
    ) -> list[Segment]:
        """Prompts and answers in turn; the system message stands before the first prompt."""
        found = []
        for number, text in enumerate(turns):
            if number % 2:
                found.append(Segment(text.strip() + self.end, answer=True))
                continue
            before = system if number == 0 else None
            words = self.template.prompt(text, language=language, system=before, later=number > 0)
            found.append(Segment(words, answer=False))
        return found

    def prompt(
        self, turns: Sequence[str], *, system: str | None = None, language: str | None = None
    ) -> str:
        """The prompt that an answer follows directly."""
        return "".join(part.text for part in self.segments(turns, system=system, language=language))


class ChatPrompting:
    """The tokenizer's own chat template."""

    name = CHAT

    def __init__(self, template: ChatTemplate):
        self.template = template
        self.ends: tuple[str, ...] = (template.end,)

    def segments(
        self, turns: Sequence[str], *, system: str | None = None, language: str | None = None
    ) -> list[Segment]:
        """Prompts and answers in turn, as the template writes the whole conversation."""
        cut = self.template.cut(turns, system)
        return [Segment(text, answer=bool(place % 2)) for place, text in enumerate(cut)]

    def prompt(
        self, turns: Sequence[str], *, system: str | None = None, language: str | None = None
    ) -> str:
        """The template's prompt, up to where the assistant begins to speak."""
        return self.template.prompt(turns, system)


def open_template(
    given: str | Mapping[str, Any], tokenizer: "PreTrainedTokenizerBase"
) -> Prompting:
    """The template of a recipe: `chat`, a name in the package, or a study's own (as parameters)."""
    if given == CHAT:
        return ChatPrompting(ChatTemplate(tokenizer))
    return TextPrompting(read_template(given), str(tokenizer.eos_token))


def warn_of_frame(given: object, tokenizer: "PreTrainedTokenizerBase") -> None:
    """One line where an instruct model is tuned through a template that is not its own."""
    if given != CHAT and getattr(tokenizer, "chat_template", None):
        log.warning("%s", frame_warning(given))


def template_identity(given: object, tokenizer: "PreTrainedTokenizerBase") -> dict[str, str]:
    """The hash of the tokenizer's own template where that is used, whose name says nothing of it."""
    return {"chat_template": text_hash(str(tokenizer.chat_template))} if given == CHAT else {}


def render_prompt(instruction: str, given: str = "alpaca") -> str:
    """One instruction in a template of fixed words."""
    if given == CHAT:
        raise InputError("the chat template belongs to a tokenizer; none is at hand here")
    return read_template(given).prompt(instruction)
