"""Plain web requests that end in time: one session per thread, no second try."""

import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .deadline import bounded_adapter, ends_within
from .types import Temporary

SECRET_HEADERS = ("X-goog-api-key",)


class Web:
    """`requests` with a limit on the whole time of a call, however its headers or body trickle."""

    def __init__(self, who: str, hide: Callable[[object], str] = str):
        """`who` answers; `hide` takes keys out of messages."""
        self.who, self.hide = who, hide
        self._local = threading.local()

    def _session(self) -> Any:
        import requests

        class Session(requests.Session):
            def rebuild_auth(self, prepared_request: Any, response: Any) -> None:
                """A key does not follow a redirect to another host."""
                super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]  # its stubs have no types
                before, after = urlsplit(response.request.url), urlsplit(prepared_request.url)
                if before[:2] != after[:2]:
                    for name in SECRET_HEADERS:
                        prepared_request.headers.pop(name, None)

        session = Session()
        session.mount("http://", bounded_adapter(4))
        session.mount("https://", bounded_adapter(4))
        return session

    def request(self, method: str, url: str, *, timeout: float, **arguments: Any) -> Any:
        """One request, its whole body read; a connection that fails is `Temporary`."""
        import requests

        if not hasattr(self._local, "session"):
            self._local.session = self._session()
        until = time.monotonic() + timeout
        try:
            with ends_within(timeout):
                return self._local.session.request(method, url, timeout=timeout, **arguments)
        except requests.exceptions.RequestException as error:
            self._local.session = self._session()
            late = isinstance(error, requests.exceptions.Timeout) or time.monotonic() >= until
            if late:
                raise Temporary(f"{self.who}: no reply within {timeout:g} s") from None
            told = self.hide(error)[:200]
            raise Temporary(f"{self.who}: {type(error).__name__}: {told}") from None
