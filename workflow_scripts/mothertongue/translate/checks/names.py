"""Names of languages in languages, by CLDR: the labels that services put before a translation."""

from functools import lru_cache

from .phrases import normal

CODES = {"no": "nb"}


@lru_cache(maxsize=512)
def language_labels(source_language: str, target_language: str) -> frozenset[str]:
    """The target's name in itself, in the source language and in English, as `normal` makes them."""
    from babel import Locale, UnknownLocaleError

    labels = {normal(target_language)} if len(target_language) > 2 else set()
    for told in dict.fromkeys((target_language, source_language, "en")):
        try:
            table = Locale.parse(CODES.get(told, told)).languages
        except (UnknownLocaleError, ValueError):
            continue
        name = table.get(CODES.get(target_language, target_language))
        if name:
            labels.add(normal(name))
    return frozenset(labels)
