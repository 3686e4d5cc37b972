"""Any OpenAI-compatible chat service: OpenAI itself, vLLM, llama.cpp, …"""

from collections.abc import Mapping
from typing import Any

from .clients import ChatClient, status_error
from .types import ApiError, Reply, Temporary


class OpenAIChat(ChatClient):
    """Chat completions through the official client, which tries once."""

    usual_key = "OPENAI_API_KEY"
    name = "OpenAI"
    http = "httpx2"

    def open(self, key: str, http_client: Any) -> Any:
        """The official client."""
        import openai

        return openai.OpenAI(
            api_key=key, base_url=self.base_url, max_retries=0, http_client=http_client
        )

    def response_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """OpenAI's structured outputs, which vLLM, llama.cpp and others take as well."""
        return {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": dict(schema)},
        }

    def call(self, client: Any, arguments: dict[str, Any], timeout: float) -> Any:
        """One call of the official client."""
        return client.chat.completions.create(**arguments, timeout=timeout)

    def read(self, raw: dict[str, Any]) -> Reply:
        """The reply in a completion."""
        choice, usage = raw["choices"][0], raw.get("usage") or {}
        return Reply(
            text=choice["message"].get("content"),
            finish=choice.get("finish_reason") or "stop",
            input_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
            raw=raw,
        )

    def errors(self) -> tuple[type[Exception], ...]:
        """What the official client raises."""
        import openai

        return (openai.APIError,)

    def sort(self, error: Any, timeout: float) -> ApiError:
        """Say what a library's error means."""
        import openai

        if isinstance(error, openai.APIStatusError):
            text = self.secret.hide(error.message)
            return status_error(error.status_code, text, error.response.headers, self.who)
        if isinstance(error, openai.APITimeoutError):
            return self.late(timeout)
        return Temporary(f"{self.who}: {self.secret.hide(error.__cause__ or error)[:200]}")
