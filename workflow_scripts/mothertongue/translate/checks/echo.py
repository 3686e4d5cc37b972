"""Find replies that hold the source beside its translation."""

from ..languages import weight
from ..split import SENTENCE
from .prose import SPACELESS, fold, is_only_names, prose

LEAST = 0.3  # how much beside the source a reply must hold, as a share of the source


def source_repeated(source: str, text: str, source_language: str) -> str | None:
    """Where the source stands in a reply beside other text, or None."""
    if is_only_names(source, source_language):
        return None
    own, whole = fold(source), fold(text)
    if source_language in SPACELESS:
        own, whole = own.replace(" ", ""), whole.replace(" ", "")
    if own and weight(whole) > weight(own) + LEAST * min(weight(own), 100):
        padded = whole if source_language in SPACELESS else f" {whole} "
        if (own if source_language in SPACELESS else f" {own} ") in padded:
            return source.strip()[:60]
    return _in_turns(source, text, source_language)


def _in_turns(source: str, text: str, source_language: str) -> str | None:
    """Each line or sentence of a source of several, followed or preceded by its translation."""
    parts, ours = _parts(source), _parts(text)
    if len(parts) < 2 or len(ours) < 1.6 * len(parts):
        return None
    telling = {fold(part) for part in parts if len(prose(part, source_language)) >= 3}
    if len(telling) >= 2 and telling <= {fold(part) for part in ours}:
        return parts[0][:60]
    return None


def _parts(text: str) -> list[str]:
    """The sentences of each line."""
    return [part for line in text.splitlines() for part in SENTENCE.split(line) if part.strip()]
