"""Control tokens in a prompt, told from the same characters in a text that people wrote.

A prompt is one string. What the template writes as a control token stands between `OPEN` and `CLOSE`,
two code points that no text may hold (Unicode noncharacters); the same characters anywhere else are
text. `WHOLE` at the start says that the prompt brings all its control tokens itself, as a chat
template does, so that no beginning-of-sequence token is put before it.
"""

import re
from collections.abc import Iterable

OPEN, CLOSE, WHOLE = "\ufdd0", "\ufdd1", "\ufdd2"
MARKED = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
MARKS = re.compile(f"[{OPEN}{CLOSE}{WHOLE}]")


def control(token: str) -> str:
    """A control token, marked as one."""
    return f"{OPEN}{token}{CLOSE}"


def marked(text: str, tokens: Iterable[str]) -> str:
    """A template's own words with every control token in them marked."""
    known = sorted(filter(None, tokens), key=len, reverse=True)
    if not known:
        return text
    return re.sub("|".join(map(re.escape, known)), lambda found: control(found[0]), text)


def without_marks(text: str) -> str:
    """A prompt as people read it."""
    return MARKS.sub("", text)


def pieces(text: str) -> list[tuple[str, bool]]:
    """A prompt cut into text (False) and control tokens (True), empty pieces left out."""
    cut = MARKED.split(text.replace(WHOLE, ""))
    return [(piece, bool(place % 2)) for place, piece in enumerate(cut) if piece]
