"""Says what an error of a service means: try again later, stop until somebody acts, or skip this request."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .types import ApiError, Stop, Temporary, Unanswerable

LONGEST = 200  # characters of the server's words
NO_MONEY = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|exceeded your current quota|out of credits?|"
    r"no credits?\b|(?:credit|balance|funds?)\b.{0,30}(?:too low|exhausted|used up|insufficient)|"
    r"payment required|billing",
    re.IGNORECASE,
)
BUSY = re.compile(
    r"rate.?limit|too many|overload|capacity|busy|try again|time.?out|timed out|temporar|unavailable",
    re.IGNORECASE,
)
NO_RIGHT = re.compile(
    r"api.?key|unauthori[sz]ed|authenticat|permission|forbidden|access denied", re.IGNORECASE
)
NO_MODEL = re.compile(r"model.{0,80}(?:not found|not exist|unknown|no such)|model_not_found", re.I)
BAD_REQUEST = re.compile(
    r"invalid_request|unsupported_|context.?length|content.?(?:filter|policy)|moderation", re.I
)
INVALID = re.compile(r"validation error.{0,90}\bbody\b", re.IGNORECASE)


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Seconds that a server asks to wait: `Retry-After` as seconds or as a date.

    A date is read against the server's own clock where it tells it.
    """
    known = {name.lower(): value for name, value in (headers or {}).items()}
    value = known.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError):
        return None
    try:
        now = parsedate_to_datetime(known["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        now = time.time()
    return max(0.0, until - now)


def status_error(status: int, text: str, headers: Mapping[str, str] | None, who: str) -> ApiError:
    """Sort an HTTP status, with the server's own words."""
    line = " ".join(text.split())[:LONGEST]
    told = f"{who} answered {status}" + (f": {line}" if line else "")
    if status < 300:  # a success whose body could not be read
        return Temporary(f"{who}: unusable reply ({line[:100]})")
    return _sorted(status, line, told, headers)


def error_inside(raw: Any, who: str) -> ApiError | None:
    """The error that the body of a 200 holds, if it holds one instead of a reply."""
    found = _words_of(raw)
    if found is None:
        return None
    code, words = found
    line = " ".join(words.split())[:LONGEST]
    status = int(code) if str(code).isdigit() and 400 <= int(code) < 600 else 0
    said = f"{code or ''} {line}"
    if not status:
        kinds = ((402, NO_MONEY), (503, BUSY), (401, NO_RIGHT), (404, NO_MODEL), (400, BAD_REQUEST))
        status = next((number for number, words in kinds if words.search(said)), 500)
    shown = f" ({code})" if code not in (None, "") else ""
    return _sorted(status, line, f"{who} answered 200 with an error{shown}: {line}", None)


def _words_of(raw: Any) -> tuple[Any, str] | None:
    """The code and the words of an error object in any of its usual shapes."""
    if not isinstance(raw, Mapping):
        return None
    choices = raw.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    choice = choice if isinstance(choice, Mapping) else {}
    error = raw.get("error") or raw.get("errors") or choice.get("error")
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, Mapping):
        words = next(
            (error[k] for k in ("message", "detail", "msg", "type") if error.get(k)), error
        )
        more = error.get("metadata")
        if isinstance(more, Mapping) and isinstance(more.get("raw"), str):
            words = f"{words} ({more['raw']})"
        return error.get("code") or error.get("status") or error.get("type"), str(words)
    if error:
        return raw.get("code") or raw.get("status"), str(error)
    base = raw.get("base_resp")
    if isinstance(base, Mapping) and base.get("status_code"):
        return base["status_code"], str(base.get("status_msg") or base)
    if choices or isinstance(raw.get("message"), Mapping) or raw.get("data"):
        return None
    for name in ("message", "detail", "error_msg", "msg"):
        if isinstance(raw.get(name), str | list) and raw[name]:
            return raw.get("code") or raw.get("error_code") or raw.get("status"), str(raw[name])
    return None


def _sorted(status: int, line: str, told: str, headers: Mapping[str, str] | None) -> ApiError:
    error: ApiError
    low = line.lower()
    if status in (401, 403):
        error = Stop(f"{told}; check the API key and its rights")
    elif (
        status == 402
        or (status < 500 and NO_MONEY.search(low))
        or (status == 429 and ("monthly" in low or "per month" in low))
    ):
        error = Stop(f"{told}; the account has no quota left")
    elif status == 404:
        error = Stop(f"{told}; check the model's name and base_url")
    elif status >= 500 and INVALID.search(line):  # llama-cpp-python's server says 500
        error = Unanswerable(told)
    elif status in (408, 409, 425, 429) or status >= 500:
        error = Temporary(told, retry_after(headers))
    else:
        error = Unanswerable(told)
    error.status = status
    return error
