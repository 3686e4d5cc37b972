"""Google Translate's mobile page, by deep-translator. No key; unofficial, so be gentle.

The library has no time-out, hides the status and one instance serves one thread: its `requests`
is therefore lent a bounded, connection-keeping `get`, and every thread has its own instances.
"""

import re
import threading
from typing import Any

from ..api import Reply, Temporary
from ..api.statuses import status_error
from ..api.types import ApiError, Request
from ..api.web import Web
from ..errors import InputError
from .settings import Languages, TranslatorSettings

ERROR_PAGE = re.compile(r"Error \d{3} \(|<!DOCTYPE html|<html[\s>]|That.s an error", re.IGNORECASE)


def is_error_page(text: object, source: str) -> bool:
    """Whether Google gave the text of its own error page as the translation (deep-translator #307)."""
    found = ERROR_PAGE.search(text) if isinstance(text, str) else None
    return found is not None and not ERROR_PAGE.search(source)


class BoundedRequests:
    """What the library uses of `requests`: a `get` that ends in time and tells of errors."""

    def __init__(self) -> None:
        """The time-out of a call is left here by the thread that calls."""
        self.local = threading.local()
        self.web = Web("Google")

    def get(self, url: str, **arguments: Any) -> Any:
        """GET that raises on every status that is not success."""
        timeout = getattr(self.local, "timeout", 60.0)
        response = self.web.request("GET", url, timeout=timeout, **arguments)
        if response.status_code != 200:
            # the page's own text is long HTML: the status says enough
            raise status_error(response.status_code, "", response.headers, "Google")
        if response.encoding is None or "charset" not in response.headers.get("content-type", ""):
            response.encoding = "utf-8"
        return response


REQUESTS = BoundedRequests()


class GooglePage:
    """`GoogleTranslator` for every direction and thread."""

    deterministic = True
    limit = 1500  # the page answers 400 beyond about 1,800 Chinese characters

    def __init__(self, settings: TranslatorSettings, languages: Languages):
        """`base_url` is for tests; `codes` for languages that Google calls otherwise."""
        self.base_url = settings.service.base_url
        self.codes = settings.google_codes(languages)
        self.local = threading.local()

    def request(self, text: str, source: str, target: str) -> Request:
        """Everything that determines the reply."""
        return {
            "service": "google",
            "base_url": self.base_url,
            "source": self.codes[source],
            "target": self.codes[target],
            "text": text,
        }

    def _translator(self, source: str, target: str) -> Any:
        import deep_translator.google as library
        from deep_translator.exceptions import LanguageNotSupportedException

        library.requests = REQUESTS
        known = self.local.__dict__.setdefault("translators", {})
        if (source, target) not in known:
            try:
                known[source, target] = library.GoogleTranslator(source=source, target=target)
            except LanguageNotSupportedException:
                raise InputError(
                    f"Google Translate does not know '{source}' or '{target}'; set "
                    "translate.translators.*.codes"
                ) from None
            if self.base_url:
                known[source, target]._base_url = self.base_url
        return known[source, target]

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once."""
        from deep_translator.exceptions import BaseError

        translator = self._translator(request["source"], request["target"])
        REQUESTS.local.timeout = timeout
        try:
            text = translator.translate(request["text"])
        except (ApiError, InputError):
            raise
        except BaseError as error:  # no translation in the page
            raise Temporary(f"Google: {type(error).__name__}") from None
        except Exception as error:
            raise Temporary(f"Google: unusable reply ({type(error).__name__})") from None
        if is_error_page(text, request["text"]):
            raise Temporary(f"Google: an error page instead of a translation ({text[:60]})")
        return Reply(text, characters=len(request["text"]), raw=text)
