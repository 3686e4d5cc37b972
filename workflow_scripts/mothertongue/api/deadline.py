"""Limits the whole time of a call, for clients whose time-outs hold for one read or write only.

A server that sends a byte a second would be read for ever. Every connection of a client is therefore
told, before each operation, how much time the calling thread has left.
"""

import http.client
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_call = threading.local()
LEAST = 0.001  # seconds: a time-out of 0 would mean "do not block"


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Bound what this thread reads and writes inside the block."""
    _call.until = time.monotonic() + seconds
    try:
        yield
    finally:
        _call.until = None


def left(otherwise: float | None = None) -> float | None:
    """Seconds that the call of this thread has left, at most `otherwise`."""
    until: float | None = getattr(_call, "until", None)
    if until is None:
        return otherwise
    rest = max(LEAST, until - time.monotonic())
    return rest if otherwise is None else min(rest, otherwise)


class _Stream:
    """A connection of httpcore whose operations end in time."""

    def __init__(self, stream: Any):
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        content: bytes = self._stream.read(max_bytes, timeout=left(timeout))
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=left(timeout))

    def start_tls(self, *arguments: Any, timeout: float | None = None, **options: Any) -> "_Stream":
        return _Stream(self._stream.start_tls(*arguments, timeout=left(timeout), **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Backend:
    """Opens the connections of an httpcore pool."""

    def __init__(self, backend: Any):
        self._backend = backend

    def connect_tcp(self, *arguments: Any, timeout: float | None = None, **options: Any) -> _Stream:
        return _Stream(self._backend.connect_tcp(*arguments, timeout=left(timeout), **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


def bound(client: Any, connections: int) -> None:
    """Bound every connection of an httpx (or httpx2) client; the rest of its transport stays.

    Its proxies, certificates and redirects are those of the official client. httpx has no public way
    to the network below it (a test holds the names used here).
    """
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)
            pool._max_connections = max(pool._max_connections or 0, connections)
            pool._max_keepalive_connections = max(pool._max_keepalive_connections or 0, connections)


class _Raw(io.RawIOBase):
    """A socket's reading end that looks at the time before each read."""

    def __init__(self, socket: Any):
        self._socket, self._raw = socket, socket.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(left(self._socket.gettimeout()))
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """A response of the standard library (below urllib3 and requests) that ends in time."""

    def __init__(self, sock: Any, *arguments: Any, **options: Any):
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Raw(sock))


def bounded_adapter(connections: int) -> Any:
    """An adapter of requests whose responses end in time; proxies and certificates as usual."""
    import urllib3
    from requests.adapters import HTTPAdapter

    class Connection(urllib3.connection.HTTPConnection):
        response_class = BoundedResponse

    class SecureConnection(urllib3.connection.HTTPSConnection):
        response_class = BoundedResponse

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}

        def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(*arguments, **options)
            manager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
            return manager

    return Adapter(pool_connections=connections, pool_maxsize=connections)
