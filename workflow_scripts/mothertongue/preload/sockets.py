"""Sockets with the names of files, however deep their folders lie."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def short_name(address: Path) -> Iterator[str]:
    """Yield a name of a socket that fits the kernel's 107 characters, however deep its folder."""
    folder = os.open(address.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{address.name}"
    finally:
        os.close(folder)


def dial(address: Path) -> socket.socket | None:
    """A connection to what listens there; None if nothing does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_name(address) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        return None
    return connection


def listen(address: Path) -> socket.socket:
    """A socket that takes connections of this user."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_name(address) as name:
        listener.bind(name)
    os.chmod(address, 0o600)
    listener.listen(64)
    return listener
