"""Keys and addresses: where a key may go, and how it is kept out of what is written."""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..errors import InputError

OWN_HOSTS = {  # of each service: hosts, and endings of hosts, that its usual key may go to
    "openai": ("api.openai.com", ".api.openai.com"),
    "cohere": ("api.cohere.com", "api.cohere.ai"),
    "google-cloud": ("translation.googleapis.com", "translate.googleapis.com"),
}
COMMON = frozenset(
    [
        "password",
        "changeme",
        "placeholder",
        "not-needed",
        "notneeded",
        "no-key-required",
        "nokey-required",
        "dummy-key",
        "fake-key",
        "test-key",
        "anything",
        "whatever",
        "undefined",
        "sk-dummy",
        "sk-local",
    ]
)
SHORTEST_MASKED = 8  # a shorter key stands in too many texts by chance
WORD = re.compile(r"[A-Za-z][a-z]{0,19}|[A-Z]{1,20}")
SECRET_NAME = re.compile(r"key|token|secret|pass|auth|sig|cred|session", re.IGNORECASE)
KEY_PREFIX = re.compile(
    r"(?:sk|pk|rk|hf|gsk|co|xai|nvapi|pplx|ghp|key|api|bearer)[-_].{6,}|AIza.{20,}", re.I
)


def goes_to_vendor(service: str, base_url: str | None) -> bool:
    """Whether an address is the vendor's own, over https."""
    if base_url is None:
        return True
    try:
        parts = urlsplit(base_url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    known = OWN_HOSTS.get(service, ())
    return parts.scheme == "https" and any(
        host.endswith(name) if name.startswith(".") else host == name for name in known
    )


def key_in_address(base_url: object) -> str | None:
    """The part of an address that holds a name, password or key, in words; None if there is none."""
    if not isinstance(base_url, str):
        return None
    try:
        parts = urlsplit(base_url.strip())
    except ValueError:
        return None
    if "@" in unquote(parts.netloc):
        return "a user name or password before the host"
    fields = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in fields:
        if looks_like_key(name):
            return "a key in the query (after the ?)"
        if value and (SECRET_NAME.search(name) or looks_like_key(value)):
            return "a key in the query (after the ?)"
    if parts.query and not fields:
        return "something after the ? that is no parameter"
    if looks_like_key(parts.fragment) or SECRET_NAME.search(parts.fragment):
        return "a key after the #"
    pieces = [
        piece for part in parts.path.split("/") for piece in re.split("[;=:,]", unquote(part))
    ]
    if any(looks_like_key(piece) for piece in pieces):
        return "a key in the path"
    if any(looks_like_key(label) for label in (parts.hostname or "").split(".")):
        return "a key in the host's name"
    return None


def looks_like_key(text: str) -> bool:
    """Whether a word is a credential rather than a name: a known prefix, or long and random."""
    text = unquote(text).strip()
    if text and text in _keys_of_environment():
        return True
    if re.fullmatch(r"[0-9a-fA-F-]{36}", text):  # a UUID names a deployment
        return False
    random = len(text) >= 20 and re.fullmatch(r"[\w.~+=-]+", text) is not None
    mixed = len(re.findall(r"\d", text)) >= 4 and re.search("[A-Za-z]", text) is not None
    dense = max((len(run) for run in re.findall(r"[A-Za-z0-9]+", text)), default=0) >= 16
    prefixed = KEY_PREFIX.fullmatch(text) is not None and re.search(r"\d", text) is not None
    return prefixed or (random and mixed and dense)


def _keys_of_environment() -> set[str]:
    """Values of variables that are named like keys, long enough not to be met by chance."""
    return {
        value.strip()
        for name, value in os.environ.items()
        if re.search(r"(KEY|TOKEN|SECRET|PASSWORD)$", name) and len(value.strip()) >= 12
    }


class Secret:
    """A key from the environment. It shows itself nowhere but in the call."""

    def __init__(self, variable: str | None, *, needed: bool = True):
        """Read the key from `variable` (None: no key). It is asked for at the first call only."""
        self.variable, self.needed = variable, needed and variable is not None
        self._value = os.environ.get(variable, "").strip() if variable else ""

    def __bool__(self) -> bool:
        """Whether there is a key."""
        return bool(self._value)

    def reveal(self) -> str:
        """The key itself, or a placeholder where none is needed; one line if it is missing."""
        if not self._value and self.needed:
            raise InputError(f"no API key: set the environment variable {self.variable}")
        if not (self._value.isascii() and self._value.isprintable()) or " " in self._value:
            raise InputError(f"{self.variable}: holds characters that no API key has; set it anew")
        return self._value or "none"

    @property
    def masked(self) -> bool:
        """Whether the key is replaced in messages: not if it is short or a common word."""
        value = self._value
        word = len(value) < 20 and WORD.fullmatch(value) is not None
        return len(value) >= SHORTEST_MASKED and value.lower() not in COMMON and not word

    def hide(self, text: object) -> str:
        """A message without the key, plain or as it stands in an address."""
        text = str(text)
        if self.masked:
            for form in {self._value, quote(self._value, safe="")}:
                text = text.replace(form, f"<{self.variable}>")
        return text

    def hide_in(self, told: Any) -> Any:
        """A server's JSON without the key, in texts only and only where no text holds it by chance.

        Nothing is replaced unless the key is long and mixes letters and digits: the words of a
        reply, its numbers and its structure stay as they came.
        """
        if not (len(self._value) >= 16 and re.search(r"\d", self._value) and self.masked):
            return told
        if not re.search("[A-Za-z]", self._value):
            return told
        if isinstance(told, str):
            return told.replace(self._value, f"<{self.variable}>")
        if isinstance(told, Mapping):
            return {name: self.hide_in(value) for name, value in told.items()}
        return [self.hide_in(value) for value in told] if isinstance(told, list) else told

    def __repr__(self) -> str:
        """Never the key."""
        return f"Secret({self.variable})"


def secret_of(service: str, usual: str, entry: Mapping[str, Any]) -> Secret:
    """The key for a service: the variable that `api.key` names, else the usual one at its own host.

    Another server (`base_url`) gets no key unless the study names one for it.
    """
    base_url = entry.get("base_url")
    found = key_in_address(base_url)
    if found:
        raise InputError(f"base_url holds {found}; name its variable in api.key instead")
    named = (entry.get("api") or {}).get("key")
    return Secret(named or (usual if goes_to_vendor(service, base_url) else None))
