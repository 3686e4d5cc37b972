"""Keys and addresses: where a key may go, and how it is kept out of what is written."""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from ..errors import InputError
from ..secrets import key_in_address

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


def secret_of(service: str, usual: str, base_url: str | None, named: str | None) -> Secret:
    """The key for a service: the variable `named` by `api.key`, else the usual one at its own host.

    Another server (`base_url`) gets no key unless the study names one for it.
    """
    found = key_in_address(base_url)
    if found:
        raise InputError(f"base_url holds {found}; name its variable in api.key instead")
    return Secret(named or (usual if goes_to_vendor(service, base_url) else None))
