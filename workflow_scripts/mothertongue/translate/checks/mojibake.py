"""Find and repair text that was decoded with the wrong table: "seÃ±or" for "señor", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚" for "привет"."""

import re

from ..languages import script_of

# tables by which UTF-8 is read wrongly; ftfy knows the Western ones and their mixtures best
TABLES = (
    "cp1252", "latin-1", "cp1251", "koi8-r", "gbk", "cp1256", "cp437", "mac-roman", "shift_jis",
    "euc-kr", "big5", "cp1253", "cp1250", "cp1254", "cp874",
)  # fmt: skip
DOUBLE = {"gbk", "shift_jis", "euc-kr", "big5"}  # two bytes are one character here too
RUN = re.compile(r"[^\x00-\x7f]+")
SUSPECT = re.compile("[\u0080-\u00ff\u0152-\u0178\u0192\u02c6\u2013-\u2122]{2}")
RUNS, LONGEST = 16, 60
MOST = 0.6  # share of the runs of a text that must be readable in the same other table
LOST = re.compile(r"\ufffd|(?:\?{3,}\W{0,3}){2,}|锟斤拷|烫烫烫|ï»¿|\\u[0-9a-fA-F]{4}")
ASKED = re.compile(r"[^\W\d_]\?[^\W\d_]")  # letters that a table did not have: "n?o", "irm?os"
LINK = re.compile(r"\S+://\S+|www\.\S+")
LEAST, NEARLY_ALL = 6, 0.8  # letters of À–ÿ alone: a Cyrillic or Greek table read as a Western one
ALIEN = {"CJK", "CYRILLIC", "HANGUL", "KATAKANA", "ARABIC", "THAI", "GREEK"}


def mojibake(source: str, text: str) -> str | None:
    """A piece of a reply that was decoded wrongly where its source was not, or None."""
    lost = LOST.search(text)
    if lost and not LOST.search(source):
        return lost.group()
    asked = ASKED.findall(LINK.sub("", text)) if "?" in text else []
    if len(asked) >= 2 and not ASKED.search(source):
        return str(asked[0])
    if text.isascii():
        return None
    letters = [char for char in text if char.isalpha()]
    upper = sum("\u00c0" <= char <= "\u00ff" for char in letters)
    if upper >= LEAST and upper >= NEARLY_ALL * len(letters):
        return text[:60]
    from ftfy.badness import badness

    bad = badness(text)
    if bad and bad > badness(source):
        from ftfy import fix_encoding

        if bad >= 3 or fix_encoding(text) != text:
            return text[:60]
    read = _reread(text)
    return read if read and _reread(source) is None else None


def _reread(text: str) -> str | None:
    """A run of a text most of whose runs are UTF-8 in one other table, and shorter when read so."""
    western = all(char < "\u0250" or not char.isalpha() for char in set(text))
    if western and not SUSPECT.search(text):
        return None
    runs = [match for _, match in zip(range(RUNS), RUN.finditer(text), strict=False)]
    for table in TABLES:
        told = [match for match in runs if _fits(match.group()[:LONGEST], table)]
        if not told or len(told) < MOST * len(runs):
            continue
        long = [match for match in told if len(match.group()) >= 4]
        inside = [match for match in told if _in_a_word(text, match)]
        if long or len(inside) >= 1 or len(told) >= 3:
            return (long or inside or told)[0].group()[:LONGEST]
    return None


def _fits(run: str, table: str) -> bool:
    try:
        data = run.encode(table)
    except UnicodeError:
        return False
    for end in range(len(data), max(len(data) - 4, 1), -1):  # a run cut at LONGEST may end early
        try:
            read = data[:end].decode("utf-8")
        except UnicodeError:
            continue
        shorter = len(read) < len(run) or (table in DOUBLE and len(read) <= len(run))
        return shorter and not read.isascii() and read.isprintable()
    return False


def _in_a_word(text: str, match: re.Match[str]) -> bool:
    """Whether a run of another script stands inside a Latin word."""
    around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    run = match.group()
    return any(script_of(c) == "LATIN" for c in around) and any(script_of(c) in ALIEN for c in run)
