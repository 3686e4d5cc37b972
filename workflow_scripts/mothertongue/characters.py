"""Characters that look different and mean the same: digits, dashes, spaces, invisible ones.

Used where texts are compared (evaluate.metrics) and where numbers are read (numbers.py).
"""

import re
import unicodedata

# Default_Ignorable_Code_Point of Unicode 16, without the blanks that Hangul counts as letters
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# hyphens, figure dash, en dash, minus signs of all widths; the em dash and the horizontal bar
# separate clauses and are no minus
DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\u207b\ufe63\uff0d\u02d7", "-"))
SPACES = (
    " \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # for a character class; no tab, no line ends
)
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def ascii_digits(text: str) -> str:
    """Write decimal digits of any script as 0-9; the length stays the same."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text
    )


def without_invisible(text: str) -> str:
    """Drop joiners, direction marks, byte-order marks, soft hyphens, variation selectors."""
    return text if text.isascii() else INVISIBLE.sub("", text)
