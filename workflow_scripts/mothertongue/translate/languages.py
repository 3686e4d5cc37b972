"""Which script and language a text is in: code points first, then lingua for what is long enough.

lingua is asked to choose between source, target and the languages a translator slips into, in
its fast mode. CLD2 is asked where lingua does not know the target, and about unchanged texts.
"""

import threading
import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingua import LanguageDetector

LONG_ENOUGH = 40  # letters from which a language can be told
SLIPS = ("en", "es", "fr", "de", "pt", "it", "ru", "uk", "zh", "ja", "ar", "hi")
MOST = 3000  # characters whose scripts are counted
HEAD = 400  # characters that are looked at
SCRIPTS = {
    "Latn": "LATIN",
    "Cyrl": "CYRILLIC",
    "Arab": "ARABIC",
    "Deva": "DEVANAGARI",
    "Beng": "BENGALI",
    "Grek": "GREEK",
    "Ethi": "ETHIOPIC",
    "Gujr": "GUJARATI",
    "Guru": "GURMUKHI",
    "Hang": "HANGUL",
    "Hebr": "HEBREW",
    "Knda": "KANNADA",
    "Mlym": "MALAYALAM",
    "Mymr": "MYANMAR",
    "Sinh": "SINHALA",
    "Taml": "TAMIL",
    "Telu": "TELUGU",
    "Thai": "THAI",
    "Hans": "CJK",
    "Hant": "CJK",
    "Hani": "CJK",
}
WEIGHT = {"CJK": 3.0, "HIRAGANA": 2.0, "KATAKANA": 2.0, "HANGUL": 2.0}
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    """resources/languages.yaml; empty where only the package is there."""
    import yaml

    table = Path(__file__).resolve().parents[3] / "resources" / "languages.yaml"
    return yaml.safe_load(table.read_text(encoding="utf-8")) if table.is_file() else {}


@lru_cache(maxsize=1)
def scripts() -> dict[str, str]:
    """Script by language."""
    return {code: entry["script"] for code, entry in _table().items()}


def known_code(code: str) -> str:
    """Our code of a language that is named by another: zh-CN, en_US, eng, zho_Hans."""
    code = code.strip()
    if code in _table():
        return code
    others = {
        other: ours for ours, entry in _table().items() for other in (entry["aya"], entry["google"])
    }
    first = code.replace("_", "-").split("-")[0].lower()
    return others.get(code) or (first if first in _table() else others.get(first, code))


@lru_cache(maxsize=4096)
def script_of(char: str) -> str:
    """The script of a letter by the first word of its Unicode name, '' for other characters."""
    if char < "\u0250":
        return "LATIN" if char.isalpha() else ""
    if unicodedata.category(char)[0] not in "LM":
        return ""
    return unicodedata.name(char, "").split(" ")[0].split("-")[0]


def weight(text: str) -> float:
    """A text's length in Latin characters: one Chinese character says as much as about three."""
    if text.isascii():
        return float(len(text))
    return sum(
        count * (1.0 if char < "\u1100" else WEIGHT.get(script_of(char), 1.0))
        for char, count in Counter(text).items()
    )


def script_share(text: str, script: str) -> tuple[float, float]:
    """The share of letters (by weight) in a script (ISO 15924), and the weight of all letters."""
    wanted = {SCRIPTS.get(script, script)}
    if script == "Jpan":
        wanted = {"HIRAGANA", "KATAKANA", "CJK"}
    total = inside = 0.0
    for char, count in Counter(text[:MOST]).items():  # few different characters make a text
        name = script_of(char)
        if name:
            amount = count * WEIGHT.get(name, 1.0)
            total += amount
            inside += amount if name in wanted else 0.0
    return (inside / total if total else 1.0), total


@lru_cache(maxsize=1)
def _lingua() -> dict[str, Any]:
    """lingua's languages by ISO 639-1 code."""
    from lingua import Language

    return {language.iso_code_639_1.name.lower(): language for language in Language.all()}


@lru_cache(maxsize=1)
def _slip_detector() -> Any:
    """lingua over `SLIPS` alone, in its fast mode."""
    from lingua import LanguageDetectorBuilder

    chosen = [_lingua()[code] for code in SLIPS]
    return LanguageDetectorBuilder.from_languages(*chosen).with_low_accuracy_mode().build()


class Identifier:
    """Tells how likely a text is in the target language, for one pair of languages."""

    def __init__(self, source: str, target: str):
        """The detector itself is built at the first text."""
        self.source, self.target = source, target
        self._detector: LanguageDetector | None = None
        self._second: dict[str, LanguageDetector] = {}
        self._built = False

    def _build(self) -> None:
        from lingua import LanguageDetectorBuilder

        known = _lingua()
        if self.target in known:
            codes = dict.fromkeys((self.source, self.target, *SLIPS))
            chosen = [known[code] for code in codes if code in known]
            builder = LanguageDetectorBuilder.from_languages(*chosen)
            self._detector = builder.with_low_accuracy_mode().build()
        self._built = True

    @property
    def known(self) -> bool:
        """Whether lingua knows the target."""
        self._ready()
        return self._detector is not None

    @staticmethod
    def knows(code: str) -> bool:
        """Whether lingua knows a language."""
        return code in _lingua()

    def _ready(self) -> None:
        if not self._built:
            with _lock:
                if not self._built:
                    self._build()

    def likelihood(self, text: str, least: float = LONG_ENOUGH) -> tuple[str, float, float] | None:
        """(likeliest language, its share, the target's share), or None if it cannot be told.

        `least`: weight of letters from which it can; below the default another must agree.
        """
        head = text[:HEAD]
        if sum(char.isalpha() for char in head) * (weight(head) / max(len(head), 1)) < least:
            return None
        self._ready()
        if self._detector is None:
            return None
        values = self._detector.compute_language_confidence_values(head)
        best = values[0]
        mine = next(
            (v.value for v in values if v.language.iso_code_639_1.name.lower() == self.target), 0.0
        )
        return best.language.iso_code_639_1.name.lower(), best.value, mine

    def slip(self, text: str, least: float) -> tuple[str, float] | None:
        """(the likeliest of `SLIPS`, its share) of a text in a language that lingua may not know."""
        head = text[:HEAD]
        if sum(map(str.isalpha, head)) * (weight(head) / max(len(head), 1)) < least:
            return None
        best = _slip_detector().compute_language_confidence_values(head)[0]
        return best.language.iso_code_639_1.name.lower(), best.value

    def sure(self, text: str, rival: str) -> bool:
        """A second, slower look (full models) at a text that seems to be in `rival`."""
        from lingua import LanguageDetectorBuilder

        known = _lingua()
        if rival not in known or self.target not in known:
            return rival == self.target
        with _lock:
            if rival not in self._second:
                pair = [known[self.target], known[rival]]
                self._second[rival] = LanguageDetectorBuilder.from_languages(*pair).build()
        found = self._second[rival].detect_language_of(text[:HEAD])
        return found is not None and found.iso_code_639_1.name.lower() == self.target


CLD2_CODES = {"tl": "fil", "jw": "jv", "iw": "he", "zh-Hant": "zh", "no": "nb"}


def second_opinion(text: str, *, best: bool = False) -> tuple[str, bool, int]:
    """CLD2's (language, whether it is sure, per cent of the text in it); it knows all targets.

    `best`: its best guess for a text that is too short to be sure.
    """
    import pycld2

    head = text[: 2 * HEAD]
    if not head.isprintable():  # line ends are not
        head = "".join(char for char in head if char.isprintable() or char.isspace())
    try:
        sure, _, details = pycld2.detect(head, isPlainText=True, bestEffort=best)
    except pycld2.error:
        return "un", False, 0
    _, code, percent, _ = details[0]
    return CLD2_CODES.get(code, code), sure, percent


@lru_cache(maxsize=128)
def identifier(source: str, target: str) -> Identifier:
    """One identifier per pair of languages."""
    return Identifier(source, target)
