"""Cohere's chat service (API v2)."""

import threading
from collections.abc import Mapping
from typing import Any

from .clients import ChatClient
from .settings import Service
from .statuses import status_error
from .types import ApiError, Reply, Request, Temporary


class CohereChat(ChatClient):
    """`ClientV2.chat` through the official client, which tries once."""

    usual_key = "COHERE_API_KEY"
    name = "Cohere"
    home = "https://api.cohere.com"

    def __init__(self, service: Service):
        """Every thread keeps the answer to its own call."""
        super().__init__(service)
        self._told = threading.local()

    def open(self, key: str, base_url: str) -> Any:
        """The official client."""
        import cohere

        client = cohere.ClientV2(api_key=key, base_url=base_url, max_retries=0)
        self.transport(client).event_hooks = {"response": [self._keep]}
        return client

    def _keep(self, response: Any) -> None:
        """Keep a good answer as it came: what the library makes of an unknown shape is an error."""
        if response.status_code == 200:
            response.read()
            self._told.text = response.text

    def transport(self, client: Any) -> Any:
        """The client of httpx that the official client calls through."""
        return client._client_wrapper.httpx_client.httpx_client

    def response_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Cohere's JSON mode, held to a schema."""
        return {"type": "json_object", "json_schema": dict(schema)}

    def call(self, client: Any, body: dict[str, Any], timeout: float) -> str:
        """One call of the official client; the server's answer as it came."""
        more = {key: value for key, value in body.items() if key not in ("model", "messages")}
        options = {
            "timeout_in_seconds": timeout,
            "max_retries": 0,
            "additional_body_parameters": more,
        }
        self._told.text = None
        try:
            client.chat(model=body["model"], messages=body["messages"], request_options=options)
        except (TypeError, ValueError, AttributeError, KeyError):
            if self._told.text is None:
                raise
        told: str = self._told.text
        return told

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once; a model that gave up has not replied."""
        reply = super().send(request, timeout)
        if reply.finish in ("error", "timeout"):
            raise Temporary(f"{self.who}: the model ended with {reply.finish.upper()}")
        return reply

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
            text = self.secret.hide(self.refusal(error)[0])
            return status_error(error.status_code or 0, text, error.headers, self.who)
        if isinstance(error, httpx.TimeoutException):
            return self.late(timeout)
        return Temporary(f"{self.who}: {self.secret.hide(error)[:200]}")

    def refusal(self, error: Any) -> tuple[str, str | None]:
        """The server's words in an error, and its name of the parameter at fault."""
        body = getattr(error, "body", None)
        if isinstance(body, Mapping):
            return str(body.get("message") or body), body.get("param")
        return str(body or ""), None
