"""Is a reply translated at all, and into the right language?

Order: the script of the target, likeness to the source, identification. A text that only holds
names, numbers, code, links or a formula is what it is in every language.
"""

import re

from ..languages import (
    LONG_ENOUGH,
    SLIPS,
    Identifier,
    identifier,
    script_of,
    script_share,
    scripts,
    second_opinion,
)
from .prose import IDENTIFIER, WORD, WORDS, fold, is_only_names, likeness, prose, without_code
from .types import Problem, found

SCRIPT = 0.35  # share of letters that must be in the target's script
LETTERS = 8  # letters (by weight) from which a share of scripts tells something
NEARLY = 0.8  # share of the source's prose words in a reply that is nearly the source
FOREIGN = 0.05  # the target's likelihood under which a text is in another language
SURE = 120  # characters from which CLD2 alone is believed when it names the target
LIKELY = 0.6  # or the likelihood of another language, where CLD2 does not see the target either
SIBLINGS = {"ceb", "fil"}  # CLD2 needs a long text to tell these
CLOSE = 60  # letters
SLIPPED = 0.9  # the likelihood of a language that a translator slips into, CLD2 being unsure
# languages so alike that a good translation keeps most words: only an identical text is an echo
ALIKE = (
    {"id", "ms", "jv"}, {"ru", "uk", "sr"}, {"es", "pt", "it"}, {"hi", "mr", "ne"}, {"xh", "zu"},
    {"da", "sv", "no", "nb"}, {"ceb", "fil"}, {"fa", "ps", "ur", "sd"}, {"ny", "sn", "sw"},
    {"zh", "ja"}, {"ky", "ru"},
)  # fmt: skip
QUOTED = re.compile(
    r"(?<!\w)[\"'“”„‚‘«»「『](?P<inside>[^\"“”„«»「」『』\n]{12,400}?)[\"'“”’»«」』](?!\w)"
)
ASCII_WORD = re.compile(r"[A-Za-z]{2,}")


def language_problems(
    source: str, text: str, source_language: str, target_language: str, script: str | None
) -> list[Problem]:
    """Untranslated, or in the wrong script or language; the script can show the language as well."""
    if source_language == target_language:
        return []
    same = fold(text) == fold(source) and bool(fold(text))
    if same or text.strip() == source.strip():
        return _echo(source, text, source_language, target_language, script)
    unquoted = _without_kept_quotes(source, text)
    own = _own(source, unquoted)
    if script:
        share, letters = script_share(own, script)
        if script == "Jpan" and share >= SCRIPT and _no_kana(own):
            share = 0.0
        if letters >= LETTERS and share < SCRIPT:
            detail = f"{100 * share:.0f} % of letters in {script}"
            if likeness(source, text, source_language) >= NEARLY and not is_only_names(source, source_language):  # fmt: skip
                return [found("untranslated", detail)]
            return [found("wrong-script", detail), *_named(own, target_language)]
    alike = any({source_language, target_language} <= group for group in ALIKE)
    if script and script_share(without_code(source), script)[0] < SCRIPT:
        alike = True  # the reply's letters are the target's: what it shares are names
    if not alike and _shares_words(source, text, source_language):
        share = likeness(source, text, source_language)
        if share >= NEARLY and len(prose(text, source_language)) <= 1.5 * len(prose(source, source_language)) + 2:  # fmt: skip
            if second_opinion(text)[:2] != (target_language, True):
                return [found("untranslated", f"{100 * share:.0f} % of the source's words")]
    return _wrong_language(own, source, unquoted, source_language, target_language)


def _shares_words(source: str, text: str, language: str) -> bool:
    """A quick look at the first words of a source: are most of them in the text?"""
    words = prose(source, language)[:16]
    flat = text.casefold()
    return (
        len(words) >= 3
        and sum(word in flat for word in words) >= len(words) / 2
        and not is_only_names(source, language)
    )


def _echo(
    source: str, text: str, source_language: str, target_language: str, script: str | None
) -> list[Problem]:
    """An unchanged text: a fault, unless it is only names or was in the target already."""
    share, letters = script_share(without_code(text), script) if script else (1.0, 0.0)
    foreign = letters >= LETTERS and share < SCRIPT
    # names keep Latin letters in every script; those of other scripts are written anew
    latin = script_share(text, "Latn")[0] >= SCRIPT
    if is_only_names(source, source_language) and (latin or not foreign):
        return []
    if foreign:
        return [found("untranslated", "the source itself")]
    if _in_target(text, source_language, target_language):
        return []
    return [found("untranslated", "the source itself")]


def _in_target(text: str, source_language: str, target_language: str) -> bool:
    """Whether a text that equals its source is in the target all the same (a mislabelled row)."""
    code, reliable, _ = second_opinion(text)
    if code != target_language or not reliable:
        return False
    who = identifier(source_language, target_language)
    told = who.likelihood(text)
    if not who.known:
        return len(WORD.findall(text)) >= 8
    if told is None and len(WORD.findall(text)) < 5:
        return False
    return (told is None or told[2] >= 0.5) and who.sure(text, source_language)


def _without_kept_quotes(source: str, text: str) -> str:
    """A reply without what source and reply both quote: the sentence that a task is about."""
    kept = {fold(match.group("inside")) for match in QUOTED.finditer(source)}
    if not kept:
        return text
    rest = QUOTED.sub(lambda m: " " if fold(m.group("inside")) in kept else m.group(), text)
    return rest if len(prose(rest, "")) >= WORDS else text


def _own(source: str, text: str) -> str:
    """A reply without code, links and the names that it shares with its source."""
    kept = {word for word in WORD.findall(source) if word[0].isupper() or not word[0].islower()}
    if script_of(source.strip()[:1]) not in ("LATIN", "CYRILLIC", "GREEK", ""):
        kept = {word for word in kept if script_of(word[0]) == "LATIN"}
    kept |= set(IDENTIFIER.findall(source))
    plain = without_code(text)
    plain = WORD.sub(lambda m: " " if m.group() in kept else m.group(), plain)
    # a particle of another script may stick to a name: "PyTorch와"
    return ASCII_WORD.sub(lambda m: " " if m.group() in kept else m.group(), plain)


def _no_kana(text: str) -> bool:
    han = sum(script_of(char) == "CJK" for char in text)
    return han >= 12 and not any(script_of(char) in ("HIRAGANA", "KATAKANA") for char in text)


def _wrong_language(
    own: str, source: str, text: str, source_language: str, target_language: str
) -> list[Problem]:
    """Identified as another language, by lingua where it knows the target, else by CLD2."""
    who = identifier(source_language, target_language)
    code, reliable, percent = second_opinion(own)
    if code == target_language and reliable and percent >= 95 and len(own) >= SURE:
        return []
    told = None
    for sample in (own, without_code(text)):
        told = who.likelihood(sample)
        if told is not None:
            foreign = told[2] < FOREIGN or (told[0] != target_language and told[1] >= LIKELY)
            if foreign and not who.sure(sample, told[0]):
                if second_opinion(own, best=True)[0] != target_language:
                    return [found("wrong-language", told[0])]
            break
    if not who.known and not reliable:
        return _slipped(who, own, target_language)
    if not reliable or percent < 80 or code == target_language or _confused(code, target_language):
        return []
    letters = sum(char.isalpha() for char in own)
    if who.known and told is None and code in SLIPS and code not in (source_language, "en"):
        short = who.likelihood(own, LETTERS)  # too short for one alone: all three must agree
        if short is None or short[2] >= FOREIGN:
            return []
    if letters < (16 if who.known else 12) or len(own.split()) < (4 if who.known else 2):
        return []
    if not who.knows(code):  # believed of the languages that people translate into
        least = CLOSE if {code, target_language} <= SIBLINGS else 24 if who.known else 0
        if code not in scripts() or letters < least or percent < 90:
            return []
    if code == source_language and _borrowed(own, source, source_language):
        return []
    if not (who.known and who.knows(code)) or not who.sure(own, code):
        return [found("wrong-language", code)]
    return []


def _named(text: str, target: str) -> list[Problem]:
    """The other language that a text in the wrong script is in, where CLD2 is sure of it."""
    code, reliable, percent = second_opinion(text)
    if not reliable or percent < 80 or code in (target, "un") or _confused(code, target):
        return []
    return [found("wrong-language", code)]


def _slipped(who: Identifier, text: str, target: str) -> list[Problem]:
    """A language that translators slip into, where both identifiers name it but CLD2 is not sure."""
    told = who.slip(text, LONG_ENOUGH)
    if told is None or told[0] == "en" or told[1] < SLIPPED:  # English is CLD2's guess at anything
        return []
    if second_opinion(text, best=True)[0] != told[0]:
        return []
    return [] if _confused(told[0], target) else [found("wrong-language", told[0])]


def _borrowed(text: str, source: str, source_language: str) -> bool:
    """Whether only words taken over from the source speak for the source's language."""
    taken = {word.casefold() for word in WORD.findall(source)}
    rest = WORD.sub(lambda m: " " if m.group().casefold() in taken else m.group(), text)
    return second_opinion(rest)[:2] != (source_language, True)


def _confused(code: str, target: str) -> bool:
    """Whether CLD2 takes one language for the other: Malay, or Kurdish in Latin letters."""
    pairs = {"ku": ("tr", "su", "id", "az"), "ms": ("id",), "id": ("ms", "su"), "sr": ("hr", "bs")}
    return code in pairs.get(target, ())
