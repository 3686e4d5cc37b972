"""The words of phrases.yaml and service.yaml, ready to be looked for in a text."""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from ...files import load_yaml

FOLDER = Path(__file__).parent
# languages whose words are not set apart by spaces, or carry prefixes: no word boundary is asked
JOINED = {"zh", "ja", "ko", "th", "my", "ar", "fa", "ur", "ps", "sd", "zu", "xh"}
ACCENTS = re.compile("[\u0300-\u036f\u064b-\u0652\u0670\u0640]")
APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "´": "'", "`": "'"})
KINDS = ("translation", "here", "sure", "sorry", "cannot", "help", "machine", "note")


@lru_cache(maxsize=512)  # several checks ask for the same lines
def normal(text: str) -> str:
    """Lower case, without accents and vocalisation, compatible forms and spaces made one."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", text).translate(APOSTROPHES).casefold()
    text = ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


class Phrases:
    """The phrases of one language; `at_start` and `within` look for a kind of them."""

    def __init__(self, language: str, entries: dict[str, list[str]]):
        self.language = language
        self._within: dict[str, re.Pattern[str]] = {}
        self._at_start: dict[str, re.Pattern[str]] = {}
        joined = language in JOINED
        for kind in KINDS:
            words = sorted({normal(word) for word in entries.get(kind, ())}, key=len, reverse=True)
            if not words:
                continue
            before = "" if joined else r"(?<!\w)"
            one = "|".join(
                re.escape(word) + (r"(?!\w)" if len(word) < 4 and not joined else "")
                for word in words
            )
            self._within[kind] = re.compile(f"{before}(?:{one})")
            self._at_start[kind] = re.compile(rf"\W*(?:{one})")

    def within(self, kind: str, normal_text: str) -> bool:
        """Whether a phrase of a kind stands anywhere in a text that `normal` made."""
        pattern = self._within.get(kind)
        return bool(pattern and pattern.search(normal_text))

    def at_start(self, kind: str, normal_text: str) -> bool:
        """Whether a text that `normal` made opens with a phrase of a kind."""
        pattern = self._at_start.get(kind)
        return bool(pattern and pattern.match(normal_text))


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = load_yaml(FOLDER / "phrases.yaml")
    return found


@lru_cache(maxsize=256)
def phrases(language: str) -> Phrases:
    """The phrases of a language; of one without any: nothing is found."""
    return Phrases(language, _table().get(language, {}))


@lru_cache(maxsize=256)
def spoken(*languages: str) -> tuple[Phrases, ...]:
    """The phrases of languages, each once, English always among them: services fall back on it."""
    return tuple(phrases(language) for language in dict.fromkeys((*languages, "en")))


@lru_cache(maxsize=1)
def service_errors() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of error pages, of an HTTP status beside a word for error, and of messages."""
    table = load_yaml(FOLDER / "service.yaml")
    words = "|".join(re.escape(normal(word)) for word in table["errors"])
    # an error's number, or the word before a colon, opens a message
    opens = rf"^\W*(?:(?:{words})\s*[:：\]]|[45]\d\d\s*[:：])\s*[^\W\d_]"
    status = (
        opens
        + rf"|(?:{words})\W{{0,3}}(?:\w+\W{{1,3}})?\b[45]\d\d\b|^\W*[45]\d\d\W{{1,4}}(?:\w+ ){{0,3}}(?:{words})"
    )
    messages = "|".join(re.escape(normal(message)) for message in table["messages"])
    return (
        re.compile("|".join(table["pages"]), re.IGNORECASE),
        re.compile(status),
        re.compile(messages),
    )
