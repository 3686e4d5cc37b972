"""Messages over a socket: a length, a pickle, and file descriptors with the first byte."""

import pickle
import socket
import struct
from typing import Any


def send(connection: socket.socket, message: dict[str, Any], fds: list[int] | None = None) -> None:
    """Send a message, with open files for the other process to use."""
    body = pickle.dumps(message)
    frame = struct.pack("!Q", len(body)) + body
    if fds:
        sent = socket.send_fds(connection, [frame], fds)
        frame = frame[sent:]
    connection.sendall(frame)


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Wait for a message; None if the other end closed the connection."""
    return receive_with_fds(connection, 0)[0]


def receive_with_fds(
    connection: socket.socket, count: int
) -> tuple[dict[str, Any] | None, list[int]]:
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
