"""Clients of the services: one small class each, loaded when first used.

A client makes requests (JSON-able dicts that determine the reply) and sends them. It never tries
twice: the engine does, so that every attempt is counted, paced and paid once.
"""

import importlib
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError
from .types import ApiError, Reply, Request, Stop, Temporary, Unanswerable

CLIENTS = {
    "openai": "mothertongue.api.openai_chat:OpenAIChat",
    "cohere": "mothertongue.api.cohere_chat:CohereChat",
}
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError)  # of a wrong body


def make_client(entry: Mapping[str, Any]) -> Any:
    """The chat client of a translator's or judge's entry (`backend`, `model`, `base_url`, …)."""
    backend = entry["backend"]
    if backend not in CLIENTS:
        raise InputError(f"unknown chat service '{backend}'; known: {', '.join(CLIENTS)}")
    return load(CLIENTS[backend])(entry)


def load(address: str) -> Any:
    """`package.module:name` -> the object."""
    module, _, name = address.partition(":")
    return getattr(importlib.import_module(module), name)


class Secret:
    """A key from the environment. It shows itself nowhere but in the call."""

    def __init__(self, variable: str, *, needed: bool = True):
        """Read the key from `variable`. It is asked for at the first call only."""
        self.variable, self.needed = variable, needed
        self._value = os.environ.get(variable, "").strip()

    def reveal(self) -> str:
        """The key itself, or a placeholder where none is needed; one line if it is missing."""
        if not self._value and self.needed:
            raise InputError(f"no API key: set the environment variable {self.variable}")
        if not (self._value.isascii() and self._value.isprintable()) or " " in self._value:
            raise InputError(f"{self.variable}: holds characters that no API key has; set it anew")
        return self._value or "none"

    def hide(self, text: object) -> str:
        """A text without the key."""
        text = str(text)
        if self._value:
            text = text.replace(self._value, f"<{self.variable}>")
        return text

    def __repr__(self) -> str:
        """Never the key."""
        return f"Secret({self.variable})"


class ChatClient:
    """What chat services share: the key, the request, and how one reply is asked for and read.

    A service's own class names its usual key, opens the official client with `open`, calls it
    with `call`, reads the answer with `read`, and sorts the library's errors with `sort`.
    """

    usual_key: str
    name: str
    http: str  # the library of the official client: httpx or httpx2

    def __init__(self, entry: Mapping[str, Any]):
        """Read the key; a server of one's own (`base_url`) needs none."""
        self.entry = entry
        self.base_url = entry.get("base_url")
        self.who = self.base_url or self.name
        settings = entry.get("api") or {}
        self.secret = Secret(settings.get("key") or self.usual_key, needed=self.base_url is None)
        self.learnt: dict[str, str] = {}  # parameters that the service declines
        self._connections = int(settings.get("concurrency") or 8) + 4
        self._client: Any = None
        self._lock = threading.Lock()

    def chat_request(
        self,
        prompt: str,
        *,
        system: str | None = None,
        temperature: float | None = 0.0,
        max_tokens: int | None = None,
        seed: int | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Request:
        """A chat request: everything that determines the reply.

        `schema`: a JSON schema that the server is asked to hold the reply to; the prompt should
        ask for JSON, too.
        """
        messages = [{"role": "system", "content": system}] if system else []
        request: Request = {
            "service": self.entry["backend"],
            "base_url": self.base_url,
            "model": self.entry["model"],
            "messages": [*messages, {"role": "user", "content": prompt}],
        }
        optional = (
            ("temperature", temperature),
            ("max_tokens", max_tokens),
            ("seed", seed),
            ("response_format", self.response_format(schema) if schema else None),
        )
        return request | {key: value for key, value in optional if value is not None}

    def again(self, request: Request, attempt: int, problems: Sequence[str]) -> Request:
        """The request of a later attempt: at a higher temperature, the prompt as it is.

        A service that takes no temperature above 0 is told what was wrong (`say_what_was_wrong`).
        """
        base = request.get("temperature")
        if base is None or base >= 1 or "temperature" in self.learnt:
            return self.say_what_was_wrong(request, attempt, problems)
        raised = base + (1 - base) * (1 - 0.7 ** (attempt - 1))
        return {**request, "temperature": round(raised, 4)}

    def say_what_was_wrong(
        self, request: Request, attempt: int, problems: Sequence[str]
    ) -> Request:
        """The same request with a line before its prompt."""
        *before, last = request["messages"]
        told = f" ({', '.join(problems)})" if problems else ""
        line = (
            f"Attempt {attempt}: the previous reply to this request could not be used{told}."
            " Follow the instructions below exactly."
        )
        message = {**last, "content": f"{line}\n{last['content']}"}
        return {**request, "messages": [*before, message]}

    def response_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """How this service is told the JSON schema of its reply."""
        raise NotImplementedError

    def hide(self, text: object) -> str:
        """A text without the key."""
        return self.secret.hide(text)

    def client(self) -> Any:
        """The official client, made at the first call: a replay needs none."""
        with self._lock:
            if self._client is None:
                library = importlib.import_module(self.http)
                limits = library.Limits(max_connections=self._connections)
                transport = bounded_transport(library)(limits=limits)
                self._client = self.open(self.secret.reveal(), library.Client(transport=transport))
        return self._client

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once."""
        client = self.client()
        arguments = {k: v for k, v in request.items() if k not in ("service", "base_url")}
        try:
            done = self.call(client, arguments, timeout)
            # a server may say the key back to us, even in a good answer
            # model_dump_json would fail on half an emoji; `Reply` mends it
            told = json.dumps(done.model_dump(), ensure_ascii=False, default=str)
            return self.read(json.loads(self.secret.hide(told)))
        except self.errors() as error:
            raise self.sort(error, timeout) from None
        except UNREADABLE as error:
            told = self.secret.hide(error)[:200]
            raise Temporary(
                f"{self.who}: unusable reply ({type(error).__name__}: {told})"
            ) from None

    def late(self, timeout: float) -> Temporary:
        """The error of a call that did not end in time."""
        return Temporary(f"{self.who}: no reply within {timeout:g} s")


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Seconds that a server asks to wait: `Retry-After` as seconds or as a date."""
    value = (headers or {}).get("retry-after") or (headers or {}).get("Retry-After")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except (TypeError, ValueError):
            return None


def status_error(status: int, text: str, headers: Mapping[str, str] | None, who: str) -> ApiError:
    """Sort an HTTP status: come back later, act first, or this request alone is at fault."""
    line = " ".join(text.split())[:200]
    low = line.lower()
    told = f"{who} answered {status}" + (f": {line}" if line else "")
    error = _sorted(status, line, low, told, headers, who)
    error.status = status
    return error


def _sorted(
    status: int, line: str, low: str, told: str, headers: Mapping[str, str] | None, who: str
) -> ApiError:
    if status < 300:  # a success whose body could not be read
        return Temporary(f"{who}: unusable reply ({line[:100]})")
    if status in (401, 403):
        return Stop(f"{told}; check the API key and its rights")
    if status == 402 or "insufficient_quota" in low or "exceeded your current quota" in low:
        return Stop(f"{told}; the account has no quota left")
    if status == 429 and ("monthly" in low or "per month" in low):
        return Stop(f"{told}; the account has no quota left")
    if status == 404:
        return Stop(f"{told}; check the model's name and base_url")
    if status in (408, 409, 425, 429) or status >= 500:
        return Temporary(told, retry_after(headers))
    return Unanswerable(told)


def bounded_transport(library: Any) -> Any:
    """A transport of httpx (or httpx2) whose responses end in time, however they trickle.

    The libraries' time-outs are per read: a server that sends a byte a second is read for ever.
    """

    class BoundedStream(library.SyncByteStream):
        def __init__(self, stream: Any, deadline: float):
            self.stream, self.deadline = stream, deadline

        def __iter__(self):
            for chunk in self.stream:
                yield chunk
                if time.monotonic() > self.deadline:
                    raise library.ReadTimeout("the response did not end in time")

        def close(self) -> None:
            self.stream.close()

    class BoundedTransport(library.HTTPTransport):
        def handle_request(self, request: Any) -> Any:
            allowed = request.extensions.get("timeout", {}).get("read") or 600.0
            response = super().handle_request(request)
            response.stream = BoundedStream(response.stream, time.monotonic() + allowed)
            return response

    return BoundedTransport
