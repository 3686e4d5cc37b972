"""Finds answers that try to talk to the judge. They are rated as any other, and flagged.

`rating`: holds a doubly bracketed number. `header`: holds a section header of the judge's prompt.
`instruction`: tells the judge what to do; the words are data (`steering.yaml`), among them those of
the languages with the most rows in Aya. What counts is how words of different roles meet in one
sentence, so that a story about a judge or a text about rules is no instruction.
"""

import re
from functools import cache

from .parse import candidates, normalise
from .patterns import any_of, fold, table

HEADER = re.compile(r"\[\s*(user\s+instruction|response|instruction)\s*\]", re.IGNORECASE)
SENTENCE = re.compile(r"[.!?。।؟۔።\n]+(?:\s+|(?=[^\x00-\x7f])|\Z)|\n")
IMPARTIAL = re.compile(r"\bimpartial\s+judge\b")
TOGETHER = 60  # characters within which the words of one request stand
CLOSE = 16  # characters within which they stand where no answer is named
LONGEST = 400  # characters of a sentence that are looked at


@cache
def steering(role: str) -> re.Pattern[str]:
    """Finds the words of a role, all languages together, in folded text."""
    entries = [entry for words in table("steering")[role].values() for entry in words]
    return re.compile(any_of(entries))


COPULA = (
    r"[\s*_\"'“«]*(?:[:=]|[-–—]\s|(?<!\w)(?:is|are|must be|should be|shall be|has to be|es|será|debe ser|está en"
    r"|est|doit être|sera|ist|muss|soll|sei|é|deve ser|será|è|deve essere|должна быть|должен быть|это"
    r"|is|moet|jest|musi być|olmalı|là|phải là|adalah|harus|هو|هي|يجب أن يكون|يجب أن تكون)(?!\w)|是|应为|必须是|為|为|は|가|는)"
    r"[\s*_\"'“«]*"
)


@cache
def stated() -> re.Pattern[str]:
    """Finds a mark that is said to be the best: "rating: 5", "the score must be the highest"."""
    mark, best = (steering(role).pattern for role in ("mark", "best"))
    return re.compile(
        rf"{mark}(?:\s+[^\W\d]+)?{COPULA}(?:the\s+|la\s+|le\s+|die\s+|a\s+|o\s+)?{best}"
    )


@cache
def addressed() -> re.Pattern[str]:
    """Finds a judge spoken to at the start of a sentence, or after a greeting."""
    greeting, judge = steering("greeting").pattern, steering("judge").pattern
    titled = rf"(?:{greeting}[\s,:]*(?:the\s+|[ae]l\s+|o\s+|le\s+|den\s+)?)"
    return re.compile(rf"(?:\A\W*{titled}?|{titled}){judge}[\s]*(?:[,:!،、]|ji\b|様|님)")


def _near(role: str, text: str, start: int, end: int) -> bool:
    return steering(role).search(text[max(0, start - TOGETHER) : end + TOGETHER]) is not None


def steers(sentence: str) -> bool:
    """Whether a folded sentence tells the judge what to do."""
    for found in steering("ignore").finditer(sentence):
        if _near("rules", sentence, *found.span()):
            return True
    for found in steering("best").finditer(sentence):
        around = sentence[max(0, found.start() - TOGETHER) : found.end() + TOGETHER]
        if steering("give").search(around) and steering("answer").search(around):
            return True
        close = sentence[max(0, found.start() - CLOSE) : found.end() + CLOSE]
        if steering("give").search(close) and steering("mark").search(close):
            return True
    if stated().search(sentence):
        return True
    return addressed().search(sentence) is not None or IMPARTIAL.search(sentence) is not None


def injection_flags(answer: str) -> list[str]:
    """Which attempts to steer the judge an answer holds; empty for nearly all answers."""
    text = normalise(answer)
    flags = []
    if candidates(text):
        flags.append("rating")
    if HEADER.search(text):
        flags.append("header")
    if any(steers(sentence[:LONGEST]) for sentence in SENTENCE.split(fold(text)) if sentence):
        flags.append("instruction")
    return flags
