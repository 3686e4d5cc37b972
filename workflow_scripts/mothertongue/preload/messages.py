"""What jobs, job server and base servers tell each other over sockets.

A message is a length and a pickle; open files travel with its first byte.
"""

import pickle
import socket
import struct
from dataclasses import dataclass
from typing import Any, Literal

from .registry import Loadable


@dataclass(frozen=True, slots=True)
class Request:
    """A job to be done: a script, what its `main` takes, and the job's surroundings."""

    module: str
    keywords: dict[str, Any]
    base: Loadable | None
    key: str | None  # of the base
    devices: list[str]  # GPUs that the job has leased
    folder: str
    environment: dict[str, str]
    ancestor: tuple[int, str] | None  # the Snakemake above the job
    grace: float  # seconds between the signal to stop and the kill


@dataclass(frozen=True, slots=True)
class Free:
    """End the base servers on some GPUs."""

    devices: list[str]


@dataclass(frozen=True, slots=True)
class Load:
    """What a new base server is to load."""

    base: Loadable
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How a job goes: `started` or `declined` at first, another state at its end."""

    state: Literal["started", "declined", "done", "input error", "error", "killed"]
    text: str = ""
    kind: str = ""  # the name of the exception
    signal: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """A base server tells the job server that one of its jobs has ended."""


def send(connection: socket.socket, message: object, fds: list[int] | None = None) -> None:
    """Send a message, with open files for the other process to use."""
    body = pickle.dumps(message)
    frame = struct.pack("!Q", len(body)) + body
    if fds:
        sent = socket.send_fds(connection, [frame], fds)
        frame = frame[sent:]
    connection.sendall(frame)


def receive(connection: socket.socket) -> Any:
    """Wait for a message; None if the other end closed the connection."""
    return receive_with_fds(connection, 0)[0]


def receive_with_fds(connection: socket.socket, count: int) -> tuple[Any, list[int]]:
    """Wait for a message and up to `count` open files that come with it.

    Not a byte more is read: the next message may be there already.
    """
    fds: list[int] = []

    def read(size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            if count and not fds:
                part, found, _, _ = socket.recv_fds(connection, size - len(data), count)
                fds.extend(found)
            else:
                part = connection.recv(size - len(data))
            if not part:
                return None
            data += part
        return data

    head = read(8)
    body = read(struct.unpack("!Q", head)[0]) if head else None
    return (pickle.loads(body) if body else None), fds
