"""Find keys and passwords in addresses, so that they reach no log and no report."""

import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET_NAME = re.compile(r"key|token|secret|pass|auth|sig|cred|session", re.IGNORECASE)
KEY_PREFIX = re.compile(
    r"(?:sk|pk|rk|hf|gsk|co|xai|nvapi|pplx|ghp|key|api|bearer)[-_].{6,}|AIza.{20,}", re.I
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
