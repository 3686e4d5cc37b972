"""The prose of a text: the words that a translation has to change, without names, code and links."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path

from ...files import load_yaml
from ..languages import script_of, second_opinion

WORDS = 3  # words of prose from which an echo is told from a name
SPACELESS = {"zh", "ja", "th", "my"}
CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|\$[^$\n]+\$|\\\(.*?\\\)|\\\[.*?\\\]", re.DOTALL)  # fmt: skip
LINK = re.compile(
    r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+|\b[\w-]+(?:\.[\w-]+)+(?:/\S*)?"
    r"|<[^<>\n]{1,200}>|\{\{?[\w.]+\}?\}|[#@]\w+|(?:\.{0,2}/)[\w./-]+"
)
WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*(?:[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f][\w\u0900-\u0dff\u1000-\u109f]*)*")  # fmt: skip
IDENTIFIER = re.compile(r"\b\w*(?:[a-z][A-Z]|_|\d)\w*\b")
CODE_LINE = re.compile(
    r"^\s*(?:(?:import|from|def|class|return|print|elif|else:|for|while|try:|public|private|static|"
    r"void|int|var|let|const|function|#include|using|SELECT|INSERT|UPDATE|sudo|pip|npm|git)\b"
    r".*[(:{;=<\"'].*|.*[=(\[<].*[;{}]|[{}\s;)]+|[\w.\[\]\"']+\s*[-+*/]?=\s*\S.*|[\w.]+\(.*\)\s*;?)\s*$"
)
COMMAND = re.compile(
    r"\s*\$?\s*(?:git|npm|npx|pip3?|sudo|docker|kubectl|apt-get|conda|chmod|mkdir)"
    r"\s+(?!(?:is|was|can|are|does|has|will|and|or)\b)[\w./~-]+(?:\s+[\w./:@~=-]*[\w/~=-])*\s*"
)
MARKS = re.compile("[\u0300-\u036f\u200b-\u200f\u2060\ufeff]")
OTHER = re.compile(r"[\W_]+")
ENDED = re.compile(r"[^\W\d_][.?!][\s\"'”’)]*\Z")
CASED = {"LATIN", "CYRILLIC", "GREEK"}


@lru_cache(maxsize=1)
def _listed() -> dict[str, frozenset[str]]:
    """The word lists of prose.yaml."""
    lists: dict[str, list[str]] = load_yaml(Path(__file__).with_name("prose.yaml"))
    return {kind: frozenset(words) for kind, words in lists.items()}


@lru_cache(maxsize=128)  # several checks ask for the same two texts
def without_code(text: str) -> str:
    """A text without code, links, placeholders and tags."""
    text = LINK.sub(" ", CODE.sub(" ", text))
    lines = [line for line in text.splitlines() if not COMMAND.fullmatch(line)]
    if len(lines) > 1 or any(mark in text for mark in "(){}=;"):
        lines = [line for line in lines if not CODE_LINE.match(line)]
    text = "\n".join(lines)
    return text


@lru_cache(maxsize=512)
def fold(text: str) -> str:
    """Letters and digits in lower case and without accents, words parted by one space."""
    text = text.casefold()
    if not text.isascii():
        text = MARKS.sub("", unicodedata.normalize("NFKD", text))
    return " ".join(OTHER.sub(" ", text).split())


@lru_cache(maxsize=1024)
def prose(text: str, language: str) -> tuple[str, ...]:
    """The words of a text that are no names: what a translation has to change, lower case.

    In a script without capitals (or without spaces) every word counts; of a text without spaces
    these are its characters in pairs.
    """
    plain = without_code(text)
    if language in SPACELESS:
        letters = "".join(char for char in plain if script_of(char) not in ("", "LATIN"))
        return tuple(letters[i : i + 2] for i in range(0, len(letters) - 1, 2))
    words = []
    for line in plain.splitlines():
        start = True
        for match in WORD.finditer(line):
            word = match.group()
            # one letter is a variable: a² + b²
            several = word[1:2].isalpha() or sum(map(str.isalpha, word)) > 1
            if several or word == "I" or script_of(word[0]) not in CASED:
                words.append((word, start))
            start = False
    listed = _listed()
    names: list[str] = []
    lower: list[str] = []
    for word, _ in words:
        named = word[0].isupper() and word.casefold() not in listed["sentence_words"]
        (names if named else lower).append(word)
    lower = [word for word in lower if not IDENTIFIER.fullmatch(word)]
    telling = [word for word in lower if word.casefold() not in listed["particles"]]
    if not telling:
        shouted = [word for word in names if len(word) > 3 and word.isupper()]
        together = max(len(part.split()) for part in re.split(r"[,;/\n]", plain))
        if min(len(shouted), together) < WORDS or second_opinion(plain.lower())[:2] != (
            language,
            True,
        ):
            return ()
        return tuple(map(str.casefold, names))
    starts = [word for word, start in words if start and word[0].isupper()]
    return tuple(word.casefold() for word in [*lower, *starts])


def is_only_names(source: str, language: str) -> bool:
    """Whether a text has no prose: names, numbers, code, links, formulas, or fewer than 3 words.

    Two words that end as a sentence does are one: "Explain gravity."
    """
    least = WORDS - 1 if ENDED.search(source) else WORDS
    return len(prose(source, language)) < least or (
        len(fold(without_code(source)).split()) < least and language not in SPACELESS
    )


def likeness(source: str, text: str, language: str) -> float:
    """The share of the source's prose words that a reply still has (1.0: every one)."""
    wanted = Counter(prose(source, language))
    if not wanted:
        return 0.0
    there = Counter(prose(text, language)) | Counter(map(str.casefold, WORD.findall(text)))
    return (wanted & there).total() / wanted.total()
