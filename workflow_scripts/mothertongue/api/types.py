"""What travels between a stage, the engine and a client."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

Request = dict[str, Any]
DECLINED = "declined"  # how version 1.0.0 stored a request that the service had rejected


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a service. `raw` is the service's own JSON, kept as it came."""

    text: str | None
    finish: str = "stop"
    input_tokens: int | None = None
    output_tokens: int | None = None
    characters: int = 0
    raw: Any = None

    def __post_init__(self) -> None:
        """Half a surrogate pair (an emoji cut in two) fits no file: it becomes a question mark."""
        if isinstance(self.text, str) and whole(self.text) != self.text:
            object.__setattr__(self, "text", whole(self.text))
            raw = json.dumps(self.raw, ensure_ascii=False, default=str)
            object.__setattr__(self, "raw", json.loads(whole(raw)))


def whole(text: str) -> str:
    """A text without lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def no_problems(reply: Reply) -> list[str]:
    """Accept any reply that has text."""
    return [] if isinstance(reply.text, str) and reply.text.strip() else ["empty"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of a reply: its problems, how bad they are, and whether it is unusable.

    Of several replies the engine keeps the one with the least severity; a hard one only where all
    are hard.
    """

    problems: list[str] = field(default_factory=list)
    severity: int = 0
    hard: bool = False

    @property
    def rank(self) -> tuple[bool, int]:
        """The better of two replies has the smaller rank."""
        return self.hard, self.severity


Check = Callable[[Reply], "list[str] | Verdict"]


def verdict_on(check: Check, reply: Reply) -> Verdict:
    """Apply a check; a plain list of problems is as severe as it is long, and never hard."""
    found = check(reply)
    if isinstance(found, Verdict):
        return found
    blank = not (isinstance(reply.text, str) and reply.text.strip())
    return Verdict(list(found), (99 if blank else len(found)) if found else 0)


@dataclass(slots=True)
class Ask:
    """One question to a service: the request that determines the reply, and how to check it."""

    request: Request
    check: Check = no_problems
    tag: Any = None


@dataclass(slots=True)
class Outcome:
    """What became of an ask: `ok`, `quarantined` (kept, with problems) or `failed` (no reply).

    `hard`: the check calls the best reply unusable. `refused`: the service rejects the request, and
    a later run would hear the same. `http_status` and `calls`: how the service
    answered last, and how many calls this run made.
    """

    tag: Any
    status: str
    reply: Reply | None
    problems: list[str] = field(default_factory=list)
    stored: bool = False  # the reply was in the store already: nothing was sent
    hard: bool = False
    refused: bool = False
    http_status: int | None = None
    calls: int = 0

    @property
    def text(self) -> str | None:
        """The reply's text, or None without a reply."""
        return self.reply.text if self.reply else None


@dataclass
class Counts:
    """What a run of the engine did."""

    asked: int = 0
    stored: int = 0
    repeated: int = 0
    sent: int = 0
    retried: int = 0
    rejected: int = 0
    quarantined: int = 0
    hard: int = 0
    failed: int = 0
    refused: int = 0


class Sender(Protocol):
    """What the engine calls: a chat client, a translator, or what a test puts in its place.

    It may also have `again` (the request of a later attempt), `reread` (a stored reply read anew),
    `hide` (a text without the key), `notes` (parameters that the service declines), `local` (a model
    in this process) and `deterministic` (the same request always brings the same reply).
    """

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once; raises an `ApiError` if no reply comes."""
        ...


class ApiError(Exception):
    """A call that brought no usable reply; `status`: the HTTP status, if there was one."""

    status: int | None = None

    def of(self, other: "ApiError") -> "ApiError":
        """This error with the status of another."""
        self.status = other.status
        return self


class Temporary(ApiError):
    """Worth trying again; `after` is the server's own wish in seconds."""

    def __init__(self, message: str, after: float | None = None):
        """Keep the server's wish beside the message."""
        super().__init__(message)
        self.after = after


class Unanswerable(ApiError):
    """The service rejects this one request (too long, filtered); others may still work."""


class Stop(ApiError):
    """No call can work until somebody acts: wrong key, no quota, unknown model, no money."""
