"""Take off a reply what the source has not and what is certainly no part of the translation."""

import re

THINK = re.compile(
    r"\A\s*(?:<(think|thinking|thought|reasoning|reflection)>.*?</\1>\s*)+",
    re.DOTALL | re.IGNORECASE,
)
ROLE = re.compile(r"<\|[A-Za-z_]{1,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>")
INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "'": "'", "‘": "’"}


def mend(source: str, text: str) -> tuple[str, tuple[str, ...]]:
    """The mended text, and the kinds of what was mended."""
    mended = []
    for kind, pattern in (("reasoning", THINK), ("role-token", ROLE), ("zero-width", INVISIBLE)):
        if pattern.search(text) and not pattern.search(source):
            text, kinds = pattern.sub("", text), kind
            mended.append(kinds)
    if mended:
        text = text.strip()
    stripped = text.strip()
    if len(stripped) > 2 and QUOTES.get(stripped[0]) == stripped[-1]:
        inside = stripped[1:-1]
        own = source.strip()[:1] in QUOTES
        if not own and not any(mark in inside for mark in (stripped[0], stripped[-1])):
            text = inside.strip()
            mended.append("wrapped")
    return text, tuple(mended)
