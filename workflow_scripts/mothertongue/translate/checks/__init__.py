"""What can be wrong with a translation, told by text alone. Every reply goes through all checks.

What can be mended without guessing (quotes around the whole, a reasoning block, role tokens,
invisible characters) is mended and named; the rest is a problem, hard or soft (see `types`).
"""

from dataclasses import replace

from ...api.types import Reply
from . import rules
from .mend import mend
from .types import SEVERITY, Checked, Problem, found

__all__ = ["SEVERITY", "Checked", "Problem", "check", "problems"]


def check(
    source: str,
    reply: Reply,
    *,
    source_language: str,
    target_language: str,
    script: str | None = None,
) -> Checked:
    """Check and mend a reply as the translation of `source`; `script` is the target's (ISO 15924)."""
    if not isinstance(reply.text, str):
        return Checked(None, (found("no-text"),))
    text, mended = mend(source, reply.text)
    names = rules.problems(
        source,
        replace(reply, text=text),
        source_language=source_language,
        target_language=target_language,
        script=script,
    )
    return Checked(text, tuple(_named(name) for name in names), mended)


def _named(name: str) -> Problem:
    for kind in SEVERITY:
        if name == kind or name.startswith(f"{kind}-"):
            return found(kind, name[len(kind) + 1 :])
    raise KeyError(name)


def problems(
    source: str,
    reply: Reply,
    *,
    source_language: str,
    target_language: str,
    script: str | None = None,
) -> list[str]:
    """Kinds of what is wrong with a reply as the translation of `source`; empty: nothing."""
    checked = check(
        source,
        reply,
        source_language=source_language,
        target_language=target_language,
        script=script,
    )
    return checked.kinds
