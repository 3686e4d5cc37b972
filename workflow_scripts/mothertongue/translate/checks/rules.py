"""What can be wrong with a translation, told by text alone. Every output goes through all checks.

Each check is a rule with stated limits, calibrated on 51,000 real replies (see the tests): what a
reader would call a good translation must pass, and every fault that these services are known for
must not.
"""

import re
from collections import Counter
from functools import lru_cache

from ...api.types import Reply
from ..languages import identifier, script_share, weight

SHORTEST, LONGEST = 0.35, 3.0  # bounds of the length ratio, by weight, both lengths plus SLACK
SLACK = 30
FOREIGN = 0.05  # the target's likelihood under which a text is in another language
SCRIPT = 0.35  # share of letters that must be in the target's script

ERROR_PAGE = re.compile(
    r"Error \d{3} \([^)]{3,60}\)!!1|<!DOCTYPE html|<html[\s>]|That.s all we know\.|"
    r"The server encountered an error and could not complete your request|"
    r"^(?:\d{3} )?(?:Bad Gateway|Service Unavailable|Internal Server Error|Too Many Requests)",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"""^\W*(?:
    unfortunately,?\ i\ |
    (?:i['’]?m|i\ am)\ (?:so\ |very\ )?sorry|(?:sorry|apologies),?\ (?:but\ )?i\ |
    as\ an?\ (?:ai|artificial|language|large)|i(?:['’]m|\ am)\ (?:un)?able\ to|
    i\ (?:cannot|can['’]?t|am\ not\ able\ to|won['’]?t)\s
    (?:help|assist|translate|provide|fulfil|comply)|
    lo\ siento,?\ (?:pero\ )?no\ puedo|lo\ lamento,?\ (?:pero\ )?no|
    no\ puedo\ (?:ayudar|traducir|cumplir|proporcionar)|
    como\ (?:un\ )?(?:modelo\ de\ lenguaje|asistente\ (?:de\ )?(?:ia|virtual)|inteligencia\ arti)|
    de\ acuerdo\W+estoy\ aquí\ para|
    извините,?|к\ сожалению,?\ я\ не|простите,?\ (?:но\ )?я\ не|
    я\ не\ могу\ (?:помочь|перевести|выполнить)|
    как\ (?:языковая\ модель|искусственный\ интеллект|ии)|
    (?:很?抱歉|对不起)[，,]?\s*(?:但|我|作为)|作为(?:一个|一名)?(?:ai|人工智能|语言模型)|
    我(?:无法|不能)(?:翻译|提供|帮助|协助|完成)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
PREAMBLE = re.compile(
    r"""^\W*(?:
    (?:sure|certainly|of\ course|okay|ok)\W{1,3}\s*here(?:['’]s|\ is)\ [^:\n]{0,40}translat|
    here(?:['’]s|\ is)\ (?:the|your|a|my)\ (?:\w+\ )?translat|
    (?:the\ )?translation(?:\ (?:of|to|into|from)[^:\n]{0,60})?:|
    (?:(?:claro|por\ supuesto|desde\ luego)\W{1,3}\s*)?
    aquí\ (?:está|tienes?|te\ dejo)\ (?:la|tu|una)\ traducción|
    (?:la\ )?traducción(?:\ (?:de|al|del)[^:\n]{0,60})?:|
    (?:конечно\W{1,3}\s*)?вот\ (?:ваш\ )?перевод|перевод(?:\ (?:на|с|текста)[^:\n]{0,60})?:|
    (?:好的[，,。]\s*)?(?:以下是|这是).{0,20}(?:翻译|译文)|(?:译文|翻译)\s*[:：]
    )""",
    re.IGNORECASE | re.VERBOSE,
)
KEPT = re.compile(r"\{\{?[A-Za-z_][\w.]*\}?\}|%\([A-Za-z_]\w*\)[sdf]|%[sdf](?![\w])|\$\{\w+\}")
LINK = re.compile(r"https?://[^\s<>\"'()\[\]，。；、）]+")
NUMBER = re.compile(
    r"\d{1,3}(?:[ .,\u00a0\u202f\u066b\u066c']\d{3})+(?!\d)"
    r"|\d(?:[\d.,\u066b\u066c']*\d)?(?!(?:st|nd|rd|th)\b)"
)
WORD = re.compile(r"[^\W\d_]{2,}")


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())


def _digits(text: str) -> Counter[str]:
    """Numbers of two digits and more, without separators and in Western digits."""
    found: Counter[str] = Counter()
    for match in NUMBER.finditer(text):
        digits = "".join(str(int(char)) for char in match.group() if char.isdecimal())
        if len(digits) > 1:
            found[digits.lstrip("0") or "0"] += 1
    return found


@lru_cache(maxsize=1024)
def _source_facts(source: str) -> tuple[float, bool, bool, frozenset[str]]:
    return (
        weight(source),
        bool(REFUSAL.search(source)),
        bool(PREAMBLE.search(source)),
        frozenset(KEPT.findall(source)),
    )


def problems(
    source: str, reply: Reply, *, source_language: str, target_language: str, script: str | None
) -> list[str]:
    """Names of what is wrong with a reply as the translation of `source`; empty: nothing."""
    text = reply.text
    if not isinstance(text, str):
        return ["no-text"]
    if not text.strip():
        return ["empty"]
    if ERROR_PAGE.search(text) and not ERROR_PAGE.search(source):
        return ["error-page"]
    found = []
    if reply.finish == "length":
        found.append("truncated")
    elif reply.finish not in ("stop", "complete"):
        found.append(f"finish-{reply.finish}")
    source_weight, source_refuses, source_announces, placeholders = _source_facts(source)
    if not source_refuses and REFUSAL.search(text):
        found.append("refusal")
    if not source_announces and PREAMBLE.search(text):
        found.append("preamble")
    if source_language != target_language:
        found += _language_problems(source, text, source_language, target_language, script)
    ratio = (weight(text) + SLACK) / (source_weight + SLACK)
    if ratio < SHORTEST:
        found.append("too-short")
    elif ratio > LONGEST:
        found.append("too-long")
    if any(text.count(mark) < source.count(mark) for mark in placeholders):
        found.append("placeholder-lost")
    if source.count("```") != text.count("```"):
        found.append("code-fence-changed")
    if any(link.rstrip(".,;:!?") not in text for link in LINK.findall(source)):
        found.append("link-lost")
    wanted = _digits(source)
    if wanted:
        lost = wanted - _digits(text)
        if lost.total() >= 2 and lost.total() > wanted.total() / 2:
            found.append("numbers")
    return found


def _language_problems(
    source: str, text: str, source_language: str, target_language: str, script: str | None
) -> list[str]:
    """Unchanged, in the wrong script, or in the wrong language."""
    who = identifier(source_language, target_language)
    if _flat(text) == _flat(source):
        told = who.likelihood(text)
        if told is None or (told[2] >= 0.5 and who.sure(text, source_language)):
            return []
        words = len(WORD.findall(text))
        return (
            ["untranslated"] if words > 8 or (told[0] == source_language and told[1] > 0.5) else []
        )
    if script:
        share, letters = script_share(text, script)
        if letters >= 10 and share < SCRIPT:
            return ["wrong-script"]
    kept_words = set(WORD.findall(source))
    own = WORD.sub(lambda m: "" if m.group() in kept_words else m.group(), text)  # without names
    for sample in (own, text):
        told = who.likelihood(sample)
        if told is not None:
            if told[2] < FOREIGN and not who.sure(sample, told[0]):
                return [f"wrong-language-{told[0]}"]
            return []
    return []
