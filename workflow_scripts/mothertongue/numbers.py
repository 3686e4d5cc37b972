"""Numbers as people and models write them in a language: 1.234,5 · 1 234,5 · १२,३४,५६७ · ١٬٢٣٤٫٥.

Decimal and grouping marks come from CLDR (library babel). What a form can only mean, it means in
every language: `1.234,5`, `12,5`, `0,123`, `1.234.567`. One mark before exactly three digits
(`1.234`, `1,234`) has two readings; the number that `like` is an example of decides (the gold
answer of a test), else the language.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from .characters import DASHES, SPACES, ascii_digits, without_invisible

# Marks that group thousands and are never decimal: full-width comma, Arabic thousands mark,
# apostrophes, spaces. An ordinary space counts only where the language writes it so.
GROUP_ONLY = "٬，'’‘ʼ`´′" + SPACES
SPACE_TOO = {"es", "pt", "de"}  # write spaces too, although CLDR names another mark first
GROUPED = r"[1-9]\d{{0,2}}(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*(?:[.,٫]\d+)?(?!\d)"
WORD = r"\d+(?:[.,٫]\d+)*"
THREES = {  # mark that groups -> a number so grouped, with the decimal mark it leaves
    ".": (re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:[,٫]\d+)?"), ","),
    ",": (re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:[.٫]\d+)?"), "."),
}
INDIAN = re.compile(r"[1-9]\d?(?:,\d\d)+,\d{3}(?:[.٫]\d+)?")
PLAIN = re.compile(r"\d+(?:[.,٫]\d+)?")
OTHER = {".": ",", ",": "."}
# Scripts whose words are not separated: a minus after their letters is a sign, not a hyphen.
UNSEPARATED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
LATEX_SPACE = re.compile(r"(?<=\d)(,?)(?:\\[,;: ]|~|\\thinspace\s?)(?=\d)")
LATEX_MARK = re.compile(r"(?<=\d)\{([.,])\}(?=\d)")
LATEX_FRACTION = re.compile(
    r"(?:(?<![\d.,٫])(?P<whole>\d+)\s*)?\\[dt]?frac\s*"
    r"(?:\{\s*(?P<above>\d+)\s*\}|(?P<digit>\d))\s*(?:\{\s*(?P<below>\d+)\s*\}|(?P<last>\d))"
)
VULGAR_FRACTION = re.compile(r"(?:(?<![\d.,٫])(\d+)\s?)?([\u00bc-\u00be\u2150-\u215e\u2189])")
LATEX_AROUND = re.compile(r"\\(?:boxed|text|textbf|mathbf|mathrm|left|right|displaystyle)(?![a-z])")
AROUND = re.compile(r"[\s{}()$%٪％﹪‰؉\\]|[.。]$")
SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}")


class Found(NamedTuple):
    """A number of a text and where it stands, its sign included."""

    number: Decimal
    start: int
    end: int


def find_numbers(text: str, language: str, like: str | None = None) -> list[Decimal]:
    """Every number of a text, in order. `like`: a number whose marks decide ambiguous forms.

    A minus counts only at the start of a number (in 8-3 it is an operator).
    """
    cleaned = _cleaned(text)
    return [found.number for found in _find(cleaned, language, _decimal_mark(language, like))]


def parse_number(text: str, language: str, like: str | None = None) -> Decimal | None:
    """The number that a whole text is; None where it is none, or more than a number.

    Currency signs, percent signs and LaTeX around the number do not matter.
    """
    cleaned = _cleaned(text).strip()
    if SCIENTIFIC.fullmatch(cleaned):
        return Decimal(cleaned)
    mark = _decimal_mark(language, like)
    numbers = list(_find(cleaned, language, mark, spaced=True))
    if len(numbers) != 1:
        return None
    number, start, end = numbers[0]
    around = LATEX_AROUND.sub("", cleaned[:start].removesuffix("+") + "\n" + cleaned[end:])
    rest = AROUND.sub("", around)
    return number if all(unicodedata.category(c) == "Sc" for c in rest) else None


def decimal_mark_of(numbers: Iterable[str]) -> str | None:
    """The decimal mark of written numbers as far as their forms show it, else None.

    `12,5` shows a decimal comma; `1,234,567`, `1,234.5` and `114,200` a grouping one (nobody
    writes three decimals that end in 0). None if nothing shows it or forms contradict one another.
    """
    shown = {mark for number in numbers if (mark := _shown(_cleaned(number)))}
    return shown.pop() if len(shown) == 1 else None


def plain(number: Decimal) -> str:
    """A number with a decimal point, no grouping, no exponent and no trailing zeros."""
    return format(number.normalize() + 0, "f")


def _decimal_mark(language: str, like: str | None) -> str:
    """`.` or `,`, whatever `like` shows, else the language's by CLDR (`.` if unknown to it)."""
    return (decimal_mark_of([like]) if like else None) or number_marks(language)[0]


@cache
def number_marks(language: str) -> tuple[str, str]:
    """Decimal and grouping mark of a language for the digits 0-9."""
    from babel import Locale, UnknownLocaleError

    try:
        symbols = Locale.parse(language.replace("-", "_")).number_symbols["latn"]
    except (UnknownLocaleError, ValueError, KeyError):
        return ".", ","
    return symbols["decimal"], symbols["group"]


@cache
def _pattern(language: str, spaced: bool) -> re.Pattern[str]:
    """What one number or a chain of digits and marks looks like in a language.

    `spaced`: an ordinary space may group thousands whatever the language.
    """
    spaced = spaced or language in SPACE_TOO or number_marks(language)[1].isspace()
    marks = GROUP_ONLY if spaced else GROUP_ONLY.replace(" ", "")
    return re.compile(f"(?P<grouped>{GROUPED.format(marks=marks)})|{WORD}")


def _shown(number: str) -> str | None:
    """The decimal mark that the form of one number shows, whatever the language."""
    found = re.search(r"\d+(?:[.,]\d+)+", number)
    if found is None:
        return None
    marks: list[str] = re.findall(r"[.,]", found[0])
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else None
    if len(marks) > 1:
        return OTHER[marks[0]]
    whole, part = found[0].split(marks[0])
    if len(part) != 3 or len(whole) > 3 or whole.startswith("0"):
        return marks[0]
    return OTHER[marks[0]] if part.endswith("0") else None


def _cleaned(text: str) -> str:
    """The text with digits 0-9, one minus, no invisible characters and no LaTeX inside numbers."""
    text = ascii_digits(without_invisible(text)).translate(DASHES)
    text = text.replace("،", ",").replace("．", ".").replace("＋", "+")
    if any(mark in text for mark in "\\{~"):
        text = text.replace(r"\!", "")  # a space of negative width, used in 1,\!234
        text = LATEX_MARK.sub(r"\1", text.replace(r"\$", "$"))
        text = LATEX_SPACE.sub(lambda found: found[1] or "\u2009", text)
        text = LATEX_FRACTION.sub(_fraction, text)
    return text if text.isascii() else VULGAR_FRACTION.sub(_vulgar, text)


def _fraction(found: re.Match[str]) -> str:
    r"""`\frac{1}{2}` as 0٫5 and `3\frac12` as 3٫5: the Arabic mark is decimal in every language."""
    above, below = found["above"] or found["digit"], found["below"] or found["last"]
    if not int(below):
        return str(found[0])
    return _with_decimals(found, found["whole"], Decimal(above) / Decimal(below))


def _vulgar(found: re.Match[str]) -> str:
    """`½` as 0٫5 and `3½` as 3٫5."""
    part = Fraction(unicodedata.numeric(found[2])).limit_denominator(10)
    exact = Decimal(part.numerator) / Decimal(part.denominator)
    return _with_decimals(found, found[1], exact)


def _with_decimals(found: re.Match[str], whole: str | None, part: Decimal) -> str:
    """A whole number and a fraction as one number; apart from digits that do not belong to it."""
    text = format(Decimal(whole or 0) + part, "f").replace(".", "٫")
    before = found.string[: found.start()][-1:]
    return f" {text}" if before.isdigit() else text


def _find(text: str, language: str, mark: str, spaced: bool = False) -> Iterator[Found]:
    """The numbers of a cleaned text; `mark` is the decimal mark of ambiguous forms."""
    for match in _pattern(language, spaced).finditer(text):
        if match["grouped"]:
            digits = re.sub(r"[^\d.,٫]", "", match[0])
            found = [Found(_decimal(digits), 0, len(match[0]))]
        else:
            found = _read(match[0], mark)
        for number, inner, length in found:
            start, end = match.start() + inner, match.start() + inner + length
            if inner == 0 and _point_before(text, start):  # .5
                start -= 1
                number = number.scaleb(-length)
            sign = _sign_before(text, start)
            yield Found(number if sign is None else -number, start if sign is None else sign, end)


def _point_before(text: str, start: int) -> bool:
    """Whether the digits at `start` are the decimals of a number such as .5."""
    before = text[start - 2 : start - 1] if start > 1 else ""
    return text[start - 1 : start] in (".", "٫") and start > 0 and not re.match(r"[\w.,)]", before)


def _sign_before(text: str, start: int) -> int | None:
    """Where the minus sign of the number at `start` stands; a currency sign may follow it."""
    at = start - 1
    if at > 0 and unicodedata.category(text[at]) == "Sc":
        at -= 1
    if at < 0 or text[at] != "-":
        return None
    before = text[:at]
    last = before.rstrip()[-1:]
    if last.isdigit() or last == ")":  # an operator
        return None
    letter = before[-1:]
    return None if letter.isalpha() and not UNSEPARATED.match(letter) else at


def _decimal(digits: str) -> Decimal:
    return Decimal(re.sub("[,٫]", ".", digits))


def _read(word: str, mark: str, at: int = 0) -> list[Found]:
    """The numbers in digits joined by `.`, `,` and `٫`, as (number, start, length)."""
    number = _one(word, mark)
    if number is not None:
        return [Found(number, at, len(word))]
    separator = next(m for m in (OTHER[mark], mark, "٫") if m in word)
    found = []
    for part in word.split(separator):
        found += _read(part, mark, at)
        at += len(part) + 1
    return found


def _one(word: str, mark: str) -> Decimal | None:
    """The number that a word is; None where it holds several (a date, a list, a version)."""
    for group, (pattern, decimal) in THREES.items():
        indian = group == "," and INDIAN.fullmatch(word)
        if not indian and not pattern.fullmatch(word):
            continue
        ambiguous = word.count(group) == 1 and decimal not in word and "٫" not in word
        if ambiguous and group == mark:
            continue
        return _decimal(word.replace(group, ""))
    return _decimal(word) if PLAIN.fullmatch(word) else None
