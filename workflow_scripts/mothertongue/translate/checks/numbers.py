"""Numbers of a text as values, and whether a translation keeps them.

A number is read in any script's digits, with the thousands and decimal marks of its language
(CLDR) where it is the source, and generously where it is the reply: a good translation may keep
the marks of the source. Words such as million, 万 or lakh multiply. What a translation may write
in letters (small numbers, centuries) does not have to be there in digits.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from ...files import load_yaml
from ...numbers import number_marks
from .phrases import JOINED, normal

MOST = 200  # numbers of a text that are looked at
SPELLED = 20  # numbers up to here are often written in letters
BUDDHIST = 543  # years between the Thai and the Gregorian era
DAWN = {"sw": "saa", "am": "ሰዓት"}  # hours are counted from six o'clock
SPACES = "\u00a0\u202f\u2009"
NATIVE = re.compile(r"[^\D0-9]")  # decimal digits of other scripts
DIGITS = re.compile(
    rf"\d{{1,3}}(?:[ {SPACES}]\d{{3}})+(?![\d])(?:[.,]\d+)?|\d(?:[\d.,'’\u066b\u066c{SPACES}]*\d)?"
)
ROMAN = re.compile(
    r"(?<![^\W\d_])(?=[IVXLCDM])(M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))"
    r"(?=[^\w]|$|_|[-–]?(?:e|è|ème|eme|ème|er|re|th|st|nd|rd|[ºªº°]|ú|lea)(?!\w))"
)
ALONE = {"V", "X"}  # single letters that are numbers more often than not; "I" is a word
CYRILLIC_ROMAN = str.maketrans("ІХСМ", "IXCM")
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
GROUPED = re.compile(r"\d{1,3}(?:\.\d{2,3})*\.\d{3}(?:,\d+)?")
HAN = re.compile("[〇零一二两兩三四五六七八九十百千万萬亿億兆廿卅]+")
HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_LARGE = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
CLOCK = re.compile(r"\s*(?::\s*\d\d|[ap]\.?\s?m\b|o.?clock)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands, and the values that it may have."""

    text: str
    values: frozenset[Decimal]
    parts: tuple["Number", ...] = ()  # of figures parted by spaces: 10 200 may be two numbers


@lru_cache(maxsize=1)
def _scale_table() -> dict[str, dict[int, list[str]]]:
    found: dict[str, dict[int, list[str]]] = load_yaml(Path(__file__).with_name("scales.yaml"))
    return found


@lru_cache(maxsize=128)
def _scales(language: str) -> tuple[re.Pattern[str] | None, dict[str, int]]:
    """What multiplies a number in a language: a pattern to match behind it, and its powers."""
    powers: dict[str, int] = {}
    for power, words in _scale_table().get(language, {}).items():
        for word in words:
            powers[normal(word)] = power
    if not powers:
        return None, {}
    joined = language in JOINED
    one = "|".join(
        re.escape(word) + ("" if joined or len(word) > 3 else r"(?!\w)")
        for word in sorted(powers, key=len, reverse=True)
    )
    return re.compile(rf"[\s\u00a0-]{{0,2}}({one})"), powers


def _western(text: str) -> str:
    """Compatible forms and Western digits: ½ becomes 1⁄2, ٣ and ３ become 3."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return NATIVE.sub(lambda digit: str(unicodedata.decimal(digit.group())), text)


def _strict(token: str, language: str) -> set[Decimal]:
    """The values of a token by the marks of its language; every reading if they do not fit."""
    decimal, group = number_marks(language)
    token = token.replace("\u066b", ".").replace("\u066c", ",").replace("’", "'")
    if "\u066b" in decimal:
        decimal, group = ".", ","
    bare = re.sub(f"[ {SPACES}]", "", token)
    groups = {group, "'"} - {decimal}
    for mark in groups:
        if mark in bare and re.fullmatch(
            rf"\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}(?:{re.escape(decimal)}\d+)?",
            bare,
        ):
            return {Decimal(bare.replace(mark, "").replace(decimal, "."))}
    if re.fullmatch(rf"\d+{re.escape(decimal)}\d+", bare):
        return {Decimal(bare.replace(decimal, "."))}
    return _generous(bare)


def _generous(token: str) -> set[Decimal]:
    """Every value that a token may have in some language."""
    bare = re.sub(f"[ {SPACES}]", "", token)
    bare = bare.replace("\u066b", ".").replace("\u066c", ",").replace("’", "'")
    found = {Decimal(re.sub(r"\D", "", bare) or 0)}
    marks = [char for char in bare if not char.isdigit()]
    if marks:
        last = max(bare.rfind(mark) for mark in set(marks))
        if marks.count(bare[last]) == 1:
            whole, fraction = re.sub(r"\D", "", bare[:last]), bare[last + 1 :]
            three = len(fraction) == 3 and len(set(marks)) == 1 and len(whole) <= 3 and whole != "0"
            decimal = Decimal(f"{whole or 0}.{fraction}")
            found = {decimal, *found} if three else {decimal}
            if set(marks) == {"'"}:
                found.add(Decimal(whole + fraction))
    return found


def _more_readings(value: Decimal, text: str, start: int, end: int, language: str) -> set[Decimal]:
    """Other values that the surroundings allow: hours, decades, short years, the Thai era."""
    more: set[Decimal] = set()
    if value != value.to_integral_value() or value > 3000:
        return more
    number = int(value)
    behind, before = text[end : end + 12], text[max(0, start - 3) : start]
    if number <= 24 and CLOCK.match(behind):
        more |= {Decimal(number + 12), Decimal(abs(number - 12))}
    if number <= 12 and language in DAWN and DAWN[language] in text[max(0, start - 8) : end + 8]:
        more |= {Decimal((number + shift) % 24) for shift in (6, 18)}
    plain = end - start == 4
    if plain and 1800 <= number <= 2090 and number % 10 == 0:
        more.add(Decimal(number % 100))
    if plain and language == "th" and number > 2300:
        more.add(Decimal(number - BUDDHIST))
    if number < 100 and re.search(r"\d\s?[-–—/]\s?$", before):
        century = re.search(r"(\d\d)\d\d\s?[-–—/]\s?$", text[max(0, start - 8) : start])
        if century:
            more.add(Decimal(int(century.group(1)) * 100 + number))
    return more


def numbers(text: str, language: str, *, generous: bool = False) -> Iterator[Number]:
    """The numbers of a text, in order."""
    text = _western(text)
    spaces = number_marks(language)[1] in " " + SPACES
    before: tuple[int, Number] | None = None
    for count, match in enumerate(DIGITS.finditer(text)):
        if count >= MOST:
            break
        token = match.group()
        parted: tuple[re.Match[str], ...] = ()
        if " " in token and not spaces:
            parted = tuple(re.finditer(r"[^ ]+", token))
        elif token.count(".") > 1 and not GROUPED.fullmatch(token):
            for part in re.finditer(r"[^.]+", token):  # a version, a section: several numbers
                start = match.start() + part.start()
                yield _number(text, part.group(), start, language, generous)[0]
            continue
        number, power = _number(text, token, match.start(), language, generous)
        if parted:
            inner = tuple(
                _number(text, part.group(), match.start() + part.start(), language, generous)[0]
                for part in parted
            )
            number = Number(token, number.values, inner)
        if before and power and match.start() - before[0] <= 1:  # 3亿5000万
            both = {a + b for a in before[1].values for b in number.values}
            number = Number(before[1].text + token, frozenset(both | number.values))
        behind = match.end() + 1
        before = (behind, number) if power and language in ("zh", "ja", "ko") else None
        yield number


def _number(text: str, token: str, start: int, language: str, generous: bool) -> tuple[Number, int]:
    """A token as a number, and the power of ten of the word behind it (0: none)."""
    end = start + len(token)
    values = _generous(token) if generous else _strict(token, language)
    power = _power(text[end : end + 24], language)
    if token.isdecimal() and re.search(r"(?:^|[^\w.,])[.,]$", text[max(0, start - 2) : start]):
        values = {*values, Decimal(f"0.{token}")}  # $.20
    readings = set(values)
    if power:
        scaled = {value.scaleb(power) for value in values}
        readings = scaled | values if generous or power < 3 else scaled
    for value in values:
        readings |= _more_readings(value, text, start, end, language)
    return Number(token, frozenset(readings)), power


def _power(tail: str, language: str) -> int:
    if not tail or not (tail[0].isspace() or tail[0] == "-" or tail[0].isalpha()):
        return 0
    lead = " " if tail[0].isspace() else ""
    tail = lead + normal(tail)
    for spoken in dict.fromkeys((language, "en")):
        pattern, powers = _scales(spoken)
        scale = pattern.match(tail) if pattern else None
        if scale:
            return powers[scale.group(1)]
    return 0


def _roman_value(letters: str) -> int:
    values = [ROMAN_VALUES[letter] for letter in letters]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _han_value(letters: str) -> int:
    if not any(char in HAN_UNITS or char in HAN_LARGE or char in "廿卅" for char in letters):
        return int("".join(str(HAN_DIGITS[char]) for char in letters))
    total = section = digit = 0
    for char in letters:
        if char in HAN_DIGITS:
            digit = HAN_DIGITS[char]
        elif char in "廿卅":
            section += 20 if char == "廿" else 30
        elif char in HAN_UNITS:
            section += (digit or 1) * HAN_UNITS[char]
            digit = 0
        else:
            total = (total + section + digit or 1) * HAN_LARGE[char]
            section = digit = 0
    return total + section + digit


def _romans(text: str, language: str) -> Iterator[Number]:
    """The Roman numerals of a text."""
    if language in ("ru", "uk", "sr", "ky"):
        text = text.translate(CYRILLIC_ROMAN)
    for match in ROMAN.finditer(text):
        if len(match.group(1)) > 1 or match.group(1) in ALONE:
            yield Number(match.group(1), frozenset({Decimal(_roman_value(match.group(1)))}))


def _centuries(text: str, language: str) -> Iterator[Number]:
    """Roman numerals that are no abbreviation such as CD or MC: two letters and more, up to 39."""
    for number in _romans(text, language):
        if len(number.text) > 1 and not set(number.text) - set("IVX"):
            yield number


@lru_cache(maxsize=1024)
def lettered(text: str, language: str) -> frozenset[Decimal]:
    """Values of numbers that a text writes in letters: Roman, Han, and English words."""
    found = {value for number in _romans(text, language) for value in number.values}
    if language in ("zh", "ja"):
        found |= {Decimal(_han_value(match.group())) for match in HAN.finditer(text)}
    if language == "en":
        words = set(re.findall("[a-z]+", text.lower()))
        found |= {Decimal(ENGLISH[word]) for word in words & ENGLISH.keys()}
    return frozenset(found)


ENGLISH = {
    word: value
    for value, words in enumerate(
        ["zero", "one/first/once", "two/second/twice/half", "three/third/thirds", "four/fourth", "five/fifth", "six/sixth", "seven/seventh", "eight/eighth", "nine/ninth", "ten/tenth", "eleven/eleventh", "twelve/twelfth/dozen", "thirteen/thirteenth", "fourteen/fourteenth", "fifteen/fifteenth", "sixteen/sixteenth", "seventeen/seventeenth", "eighteen/eighteenth", "nineteen/nineteenth", "twenty/twentieth"]
    )
    for word in words.split("/")
} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "january": 1,
    "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12,
}  # fmt: skip


@lru_cache(maxsize=1024)
def _of_source(source: str, language: str) -> tuple[Number, ...]:
    return tuple(numbers(source, language))


def changed_numbers(
    source: str, text: str, source_language: str, target_language: str
) -> str | None:
    """The numbers of a source that its translation changed or lost, or None."""
    wanted = list(_of_source(source, source_language))
    if not wanted:
        return None
    all_there = list(numbers(text, target_language, generous=True))
    there = [*all_there]
    missing: list[Number] = []
    for number in wanted:
        if not _take(number, there):
            lost = [part for part in number.parts if not _take(part, there)]
            missing += lost if number.parts else [number]
    if not missing:
        return None
    values = {value for number in wanted for value in number.values}
    again = {value for number in all_there for value in number.values}  # said once for twice
    again |= lettered(text, target_language)
    missing = [number for number in missing if not number.values & again]
    said = lettered(source, source_language) | values
    extra = [number for number in there if not number.values & said]
    if not extra and missing and not there:
        extra = [number for number in _centuries(text, target_language) if not number.values & said]
    large = [number for number in missing if not _spelled(number)]
    if len(all_there) >= len(wanted) and len(there) == len(all_there) and extra:
        return ", ".join(number.text for number in wanted[:5])  # not one is there
    shown = ", ".join(number.text for number in missing[:5])
    if extra and (large or (missing and len(all_there) == len(wanted))):
        return shown
    if len(large) >= 2 and len(large) > len(wanted) / 2:
        return shown
    if missing and len(extra) >= len(missing) > len(wanted) / 2:
        return shown
    return None


def _take(number: Number, there: list[Number]) -> bool:
    """Take the same number out of those of a reply; whether it was there."""
    for other in there:
        if other.values & number.values:
            there.remove(other)
            return True
        if other.parts and any(part.values & number.values for part in other.parts):
            return True
    return False


def _spelled(number: Number) -> bool:
    """Whether a number is small enough to be written in letters."""
    return any(v <= SPELLED and v == v.to_integral_value() for v in number.values)
