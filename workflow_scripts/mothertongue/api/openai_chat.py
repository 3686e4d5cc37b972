"""Any OpenAI-compatible chat service: OpenAI itself, vLLM, llama.cpp, …"""

import re
from collections.abc import Mapping
from typing import Any

from .clients import ChatClient
from .statuses import status_error
from .types import ApiError, Temporary


class OpenAIChat(ChatClient):
    """Chat completions through the official client, which tries once."""

    usual_key = "OPENAI_API_KEY"
    name = "OpenAI"
    home = "https://api.openai.com/v1"

    def open(self, key: str, base_url: str) -> Any:
        """The official client. Only the vendor hears of the environment's organisation."""
        import openai

        client = openai.OpenAI(api_key=key, base_url=base_url, max_retries=0)
        if not self.secret:
            client.organization = client.project = None
        return client

    def transport(self, client: Any) -> Any:
        """The client of httpx2 that the official client calls through."""
        return client._client

    def response_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """OpenAI's structured outputs, which vLLM, llama.cpp and others take as well."""
        return {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": dict(schema)},
        }

    def call(self, client: Any, body: dict[str, Any], timeout: float) -> str:
        """One call of the official client; the server's answer as it came."""
        more = {key: value for key, value in body.items() if key not in ("model", "messages")}
        answer = client.chat.completions.with_raw_response.create(
            model=body["model"], messages=body["messages"], extra_body=more, timeout=timeout
        )
        told: str = answer.text
        return told

    def errors(self) -> tuple[type[Exception], ...]:
        """What the official client raises."""
        import openai

        return (openai.APIError,)

    def sort(self, error: Any, timeout: float) -> ApiError:
        """Say what a library's error means."""
        import openai

        if isinstance(error, openai.APIStatusError):
            text = self.secret.hide(_words(error))
            return status_error(error.status_code, text, error.response.headers, self.who)
        if isinstance(error, openai.APITimeoutError):
            return self.late(timeout)
        return Temporary(f"{self.who}: {self.secret.hide(error.__cause__ or error)[:200]}")

    def refusal(self, error: Any) -> tuple[str, str | None]:
        """The server's words in an error, and its name of the parameter at fault."""
        return _words(error), getattr(error, "param", None)


def _words(error: Any) -> str:
    """The server's words: the body itself where the library found no message in it."""
    words = str(error.message)
    if re.fullmatch(r"Error code: \d+", words) and getattr(error, "response", None) is not None:
        return error.response.text or words
    return words
