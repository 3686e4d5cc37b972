"""Look up and fetch files at web addresses; the hub is in hub.py, services are in api/."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from .errors import InputError

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
TIMEOUT_SECONDS = 60
PROBE_SECONDS = 10


class Answer(NamedTuple):
    """Whether an address is there (None: nobody could be asked), and why not."""

    there: bool | None
    why: str = ""


def is_url(source: str) -> bool:
    """Whether a configured path is a web address."""
    return source.startswith(("https://", "http://"))


def check_scheme(url: str) -> None:
    """Raise `InputError` unless the address is https, or on this machine."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOCAL_HOSTS:
        raise InputError(f"{url}: only https addresses are fetched; give a path or https://")


def fetch(url: str) -> bytes:
    """The bytes at an address; plain http only from this machine."""
    check_scheme(url)
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as reply:
            content: bytes = reply.read()
            return content
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise InputError(
            f"{url}: cannot be fetched ({error}); download the file and give its path instead"
        ) from None


def probe(urls: Iterable[str]) -> dict[str, Answer]:
    """Ask for the heads of addresses, at the same time."""
    urls = list(urls)
    if not urls:
        return {}
    with ThreadPoolExecutor(min(8, len(urls))) as pool:
        return dict(zip(urls, pool.map(_probe, urls), strict=True))


def _probe(url: str) -> Answer:
    try:
        check_scheme(url)
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS):
            return Answer(True)
    except InputError as error:
        return Answer(False, str(error).removeprefix(f"{url}: "))
    except urllib.error.HTTPError as error:
        if error.code in (405, 501):  # no HEAD there
            return Answer(True)
        if error.code == 429 or error.code >= 500:
            return Answer(None, f"the server answers HTTP {error.code}")
        return Answer(False, f"not there (HTTP {error.code})")
    except (urllib.error.URLError, OSError, ValueError) as error:
        return Answer(None, f"cannot be reached ({getattr(error, 'reason', error)})")
