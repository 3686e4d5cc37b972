"""Translation by a chat model: Cohere's or any OpenAI-compatible server, the paper's prompt."""

from collections.abc import Sequence

from ..api import Reply, make_client
from ..api.types import Request
from ..errors import InputError
from ..prompts import fill, read_prompt
from ..prompts.checks import translation_prompt_mistakes
from .settings import Languages, TranslatorSettings

DEFAULT = read_prompt("translate")


class ChatTranslator:
    """One text, one prompt, one reply."""

    limit = 8000

    def __init__(self, settings: TranslatorSettings, languages: Languages):
        """The prompt names languages in English."""
        self.settings, self.languages = settings, languages
        self.prompt = settings.prompt or DEFAULT.text
        if mistakes := translation_prompt_mistakes(settings.prompt):
            raise InputError(f"translate.translators.*.{'; '.join(mistakes)}")
        self.client = make_client(settings.service)

    def request(self, text: str, source: str, target: str) -> Request:
        """The chat request that translates a text."""
        prompt = fill(
            self.prompt,
            source_lang=self.languages[source].name,
            target_lang=self.languages[target].name,
            text=text,
        )
        return self.client.chat_request(
            prompt,
            temperature=self.settings.temperature,
            max_tokens=self.settings.max_tokens,
            seed=self.settings.seed,
        )

    def again(self, request: Request, attempt: int, problems: Sequence[str]) -> Request:
        """The request of a later attempt: a line before the prompt says what was wrong."""
        return self.client.say_what_was_wrong(request, attempt, problems)

    def hide(self, text: object) -> str:
        """A text without the key."""
        return self.client.secret.hide(text)

    @property
    def notes(self) -> list[str]:
        """Parameters that the service declines."""
        return self.client.notes

    def reread(self, reply: Reply) -> Reply:
        """A stored reply that an earlier version could not read."""
        return self.client.reread(reply)

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once; white space around the reply is not part of the translation."""
        reply = self.client.send(request, timeout)
        if not isinstance(reply.text, str):
            return reply
        return Reply(
            reply.text.strip(),
            reply.finish,
            reply.input_tokens,
            reply.output_tokens,
            reply.characters,
            reply.raw,
        )
