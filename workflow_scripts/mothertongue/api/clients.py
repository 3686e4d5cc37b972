"""Clients of the services: one small class each, loaded when first used.

A client makes requests (JSON-able dicts that determine the reply) and sends them. It never tries
twice: the engine does, so that every attempt is counted, paced and paid once.
"""

import importlib
import json
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError
from ..prompts import fill, read_prompt
from .adapt import DROP, adapted, declined
from .deadline import bound, ends_within
from .keys import Secret, secret_of
from .settings import Service
from .shapes import UNREADABLE, read_chat
from .statuses import error_inside, retry_after, status_error
from .types import ApiError, Reply, Request, Temporary, Unanswerable

__all__ = ["CLIENTS", "ChatClient", "Secret", "load", "make_client", "retry_after", "status_error"]

CLIENTS = {
    "openai": "mothertongue.api.openai_chat:OpenAIChat",
    "cohere": "mothertongue.api.cohere_chat:CohereChat",
}
SECOND_ATTEMPT = "second-attempt"  # the prompt that stands before a request's own text
MOST_ADAPTATIONS = 6  # calls of one send that may be refused for a parameter
KEPT = ("service", "base_url", "model", "messages")  # of every request, even without a value


def make_client(service: Service) -> "ChatClient":
    """The client of a chat service (`Service.of` makes one from a translator's or judge's entry)."""
    if service.backend not in CLIENTS:
        raise InputError(f"unknown chat service '{service.backend}'; known: {', '.join(CLIENTS)}")
    client: ChatClient = load(CLIENTS[service.backend])(service)
    return client


def load(address: str) -> Any:
    """`package.module:name` -> the object."""
    module, _, name = address.partition(":")
    return getattr(importlib.import_module(module), name)


class ChatClient(ABC):
    """What chat services share: the key, the request, and how one reply is asked for and read.

    A service's own class names its usual key and its address, and defines the abstract methods.
    """

    usual_key: str
    name: str
    home: str  # the vendor's address

    def __init__(self, service: Service | Mapping[str, Any]):
        """Read the key; a server of one's own (`base_url`) gets one only if `api.key` names it."""
        self.service = Service.of(service)
        self.base_url = self.service.base_url
        self.who = self.base_url or self.name
        self.secret = secret_of(
            self.service.backend, self.usual_key, self.base_url, self.service.key
        )
        self.learnt: dict[str, str] = {}  # parameters that the service declines, and what is done
        self._because: dict[str, str] = {}  # the refusal behind each
        self._misread: set[str] = set()  # refusals that were about something else
        self.notes: list[str] = []  # the same in words, for provenance
        self._connections = self.service.concurrency + 4
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
            "service": self.service.backend,
            "base_url": self.base_url,
            "model": self.service.model,
            "messages": [*messages, {"role": "user", "content": prompt}],
        }
        optional = (
            ("temperature", temperature),
            ("max_tokens", max_tokens),
            ("seed", seed),
            ("response_format", self.response_format(schema) if schema else None),
        )
        request |= {key: value for key, value in optional if value is not None}
        request |= self.service.parameters
        return {key: value for key, value in request.items() if key in KEPT or value is not None}

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
        line = fill(read_prompt(SECOND_ATTEMPT).text, attempt=str(attempt), told=told)
        message = {**last, "content": f"{line}\n{last['content']}"}
        return {**request, "messages": [*before, message]}

    @abstractmethod
    def response_format(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """How this service is told the JSON schema of its reply."""

    @abstractmethod
    def open(self, key: str, base_url: str) -> Any:
        """The official client, without second tries of its own."""

    @abstractmethod
    def transport(self, client: Any) -> Any:
        """The HTTP client inside the official one, whose reading is bounded in time."""

    @abstractmethod
    def call(self, client: Any, body: dict[str, Any], timeout: float) -> str:
        """Call once; the body of the answer as it came."""

    @abstractmethod
    def errors(self) -> tuple[type[Exception], ...]:
        """The library's errors that `sort` sorts."""

    @abstractmethod
    def sort(self, error: Any, timeout: float) -> ApiError:
        """A library's error as one that says whether to try again."""

    def hide(self, text: object) -> str:
        """A text without the key."""
        return self.secret.hide(text)

    def client(self) -> Any:
        """The official client, made at the first call: a replay needs none."""
        with self._lock:
            if self._client is None:
                for library in ("httpx", "httpx2"):  # a line for every call says nothing
                    logging.getLogger(library).setLevel(logging.WARNING)
                client = self.open(self.secret.reveal(), self.base_url or self.home)
                bound(self.transport(client), self._connections)
                self._client = client
        return self._client

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once; again only if the service declines a parameter that it has not yet declined."""
        client = self.client()
        for last in (*[False] * MOST_ADAPTATIONS, True):
            body = self.body(request)
            started = time.monotonic()
            try:
                with ends_within(timeout):
                    told = self.call(client, body, timeout)
                break
            except self.errors() as error:
                known = self.sort(error, timeout)
                if isinstance(known, Temporary) and time.monotonic() - started >= timeout:
                    known = self.late(timeout)
                refused = isinstance(known, Unanswerable) and not last
                if not (refused and self.learn(error, body, request)):
                    self.unlearn(error, body)
                    raise known from None
        try:
            raw = json.loads(told)
        except ValueError:
            words = " ".join(self.secret.hide(told).split())[:150]
            raise Temporary(f"{self.who}: unusable reply, no JSON ({words or 'empty'})") from None
        wrong = error_inside(raw, self.who)
        if wrong is not None:
            raise type(wrong)(self.secret.hide(wrong)).of(wrong)
        return read_chat(self.secret.hide_in(raw))

    def reread(self, reply: Reply) -> Reply:
        """A stored reply that an earlier version could not read, read by this one."""
        return read_chat(reply.raw) if reply.finish == UNREADABLE else reply

    def body(self, request: Request) -> dict[str, Any]:
        """A request as the server takes it, without what it declines."""
        sent = {key: value for key, value in request.items() if key not in ("service", "base_url")}
        return adapted(sent, self.learnt)

    def learn(self, error: Any, body: Mapping[str, Any], request: Request) -> bool:
        """Whether a refusal is about a parameter, so that the call may be made without it."""
        with self._lock:
            if self.body(request) != body:  # another thread has learnt it meanwhile
                return True
            words, parameter = self.refusal(error)
            if words in self._misread:
                return False
            own = self.service.parameters
            mine = {name: value for name, value in body.items() if name not in own}
            found = declined(words, parameter, mine)
            if found is None or found[0] in self.learnt:
                return False
            name, action = found
            self.learnt[name], self._because[name] = action, words
            done = action if action == DROP else f"sent as {action}"
            said = " ".join(self.secret.hide(words).split())[:150]
            self.notes.append(f"{name} is {done} (the server: {said})")
            print(f"{self.who}: {self.notes[-1]}", flush=True)
        return True

    def unlearn(self, error: Any, body: Mapping[str, Any]) -> None:
        """Forget what was learnt from a refusal that came again, word for word, without it."""
        words, _ = self.refusal(error) if isinstance(error, self.errors()) else ("", None)
        with self._lock:
            for name in [n for n, why in self._because.items() if why == words and n not in body]:
                del self.learnt[name], self._because[name]
                self._misread.add(words)
                self.notes = [note for note in self.notes if not note.startswith(f"{name} is ")]

    @abstractmethod
    def refusal(self, error: Any) -> tuple[str, str | None]:
        """The server's words in a library's error, and its name of the parameter at fault."""

    def late(self, timeout: float) -> Temporary:
        """The error of a call that did not end in time."""
        return Temporary(f"{self.who}: no reply within {timeout:g} s")
