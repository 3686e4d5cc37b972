"""Google Cloud Translation, the official service (Basic, v2), with an API key."""

import json
from collections.abc import Mapping
from typing import Any

from ..api import Reply, Stop, Temporary
from ..api.keys import secret_of
from ..api.shapes import UNREADABLE
from ..api.statuses import error_inside, retry_after, status_error
from ..api.types import ApiError, Request
from ..api.web import Web
from .google_page import is_error_page
from .settings import Languages, TranslatorSettings

ADDRESS = "https://translation.googleapis.com/language/translate/v2"
WHO = "Google Cloud"


class GoogleCloud:
    """One text per call; the key travels in a header, never in the address."""

    deterministic = True
    limit = 5000
    usual_key = "GOOGLE_API_KEY"

    def __init__(self, settings: TranslatorSettings, languages: Languages):
        """Read the key from the environment; another server gets one only if `api.key` names it."""
        self.base_url = settings.service.base_url
        self.codes = settings.google_codes(languages)
        key = settings.service.key
        self.secret = secret_of("google-cloud", self.usual_key, self.base_url, key)
        self.web = Web(WHO, self.secret.hide)

    def request(self, text: str, source: str, target: str) -> Request:
        """Everything that determines the reply."""
        return {
            "service": "google-cloud",
            "base_url": self.base_url,
            "model": "nmt",
            "source": self.codes[source],
            "target": self.codes[target],
            "text": text,
        }

    def send(self, request: Request, timeout: float) -> Reply:
        """Call once."""
        response = self.web.request(
            "POST",
            self.base_url or ADDRESS,
            timeout=timeout,
            headers=self.headers(),
            json={
                "q": request["text"],
                "source": request["source"],
                "target": request["target"],
                "model": request["model"],
                "format": "text",
            },
        )
        if response.status_code != 200:
            raise refusal(response.status_code, self.told(response), response.headers)
        try:
            raw = self.secret.hide_in(json.loads(response.text))
        except ValueError:
            words = " ".join(self.secret.hide(response.text).split())[:150]
            raise Temporary(f"{WHO}: unusable reply, no JSON ({words or 'empty'})") from None
        wrong = error_inside(raw, WHO)
        if wrong is not None:
            raise wrong
        try:
            text = raw["data"]["translations"][0]["translatedText"]
        except (KeyError, IndexError, TypeError):  # paid all the same
            return Reply(None, UNREADABLE, characters=len(request["text"]), raw=raw)
        if is_error_page(text, request["text"]):
            raise Temporary(f"{WHO}: an error page instead of a translation ({text[:60]})")
        return Reply(text, characters=len(request["text"]), raw=raw)

    def headers(self) -> dict[str, str]:
        """The key, at the vendor's own host or where the study names one."""
        key = self.secret.reveal()
        return {"X-goog-api-key": key} if self.secret else {}

    def told(self, response: Any) -> str:
        """The service's own words about an error, without the key."""
        try:
            text = response.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            text = response.text
        return self.secret.hide(text)


def refusal(status: int, text: str, headers: Mapping[str, str]) -> ApiError:
    """Sort an error: this service says 403 for every quota, and 400 for a wrong key.

    https://cloud.google.com/translate/quotas: "Daily Limit Exceeded" and, per minute, "User Rate
    Limit Exceeded".
    """
    words = text.lower().replace(" ", "")
    if status == 403 and "dailylimit" in words:
        return Stop(f"{WHO} answered 403: {text[:200]}; the account has no quota left today")
    if status == 403 and "ratelimit" in words:
        return Temporary(f"{WHO} answered 403: {text[:200]}", retry_after(headers))
    if status == 400 and "apikey" in words:
        return Stop(f"{WHO} answered 400: {text[:200]}; check the API key and its rights")
    return status_error(status, text, headers, WHO)
