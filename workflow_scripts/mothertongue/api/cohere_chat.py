"""Cohere's chat service (API v2)."""

from collections.abc import Mapping
from typing import Any

from .clients import ChatClient, status_error
from .types import ApiError, Reply, Temporary

FINISH = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length"}


class CohereChat(ChatClient):
    """`ClientV2.chat` through the official client, which tries once."""

    usual_key = "COHERE_API_KEY"
    name = "Cohere"
    http = "httpx"

    def open(self, key: str, http_client: Any) -> Any:
        """The official client."""
        import cohere

        return cohere.ClientV2(
            api_key=key, base_url=self.base_url, max_retries=0, httpx_client=http_client
        )

    def response_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Cohere's JSON mode, held to a schema."""
        return {"type": "json_object", "json_schema": dict(schema)}

    def call(self, client: Any, arguments: dict[str, Any], timeout: float) -> Any:
        """One call of the official client."""
        options = {"timeout_in_seconds": timeout, "max_retries": 0}
        return client.chat(**arguments, request_options=options)

    def read(self, raw: dict[str, Any]) -> Reply:
        """The reply in an answer of the service."""
        parts = raw["message"]["content"] or []
        usage = (raw.get("usage") or {}).get("billed_units") or {}
        finish = raw.get("finish_reason") or "COMPLETE"
        if finish in ("ERROR", "TIMEOUT"):
            raise Temporary(f"{self.who}: the model ended with {finish}")
        return Reply(
            text="".join(part.get("text") or "" for part in parts),
            finish=FINISH.get(finish, finish.lower()),
            input_tokens=_whole(usage.get("input_tokens")),
            output_tokens=_whole(usage.get("output_tokens")),
            raw=raw,
        )

    def errors(self) -> tuple[type[Exception], ...]:
        """What the official client raises."""
        import cohere.core
        import httpx

        return (cohere.core.ApiError, httpx.HTTPError)

    def sort(self, error: Any, timeout: float) -> ApiError:
        """Say what a library's error means."""
        import cohere.core
        import httpx

        if isinstance(error, cohere.core.ApiError):
            body = error.body
            told = body.get("message") or body if isinstance(body, Mapping) else body or ""
            text = self.secret.hide(told)
            return status_error(error.status_code or 0, text, error.headers, self.who)
        if isinstance(error, httpx.TimeoutException):
            return self.late(timeout)
        return Temporary(f"{self.who}: {self.secret.hide(error)[:200]}")


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
