"""Is a translation whole: length, sentences, lines, placeholders, links and code of its source?"""

import re
from functools import lru_cache

from ..languages import weight
from .types import Problem, found

SHORTEST, LONGEST = 0.35, 3.0  # bounds of the length ratio, by weight, both lengths plus SLACK
SLACK = 30
STOPPED = 0.78  # a sentence that stops, in a text this much shorter than usual, was cut
FEWER = 0.62  # the same for a text that ends well and has fewer sentences
LONG = 60  # weight of a source from which a cut can be told
KEPT = re.compile(r"\{\{?[A-Za-z_][\w.]*\}?\}|%\([A-Za-z_]\w*\)[sdf]|%[sdf](?![\w])|\$\{\w+\}")
LINK = re.compile(r"https?://[^\s<>\"'()\[\]，。；、）]+")
END = ".!?…。！？।॥۔؟።፧။។:：)]}）】」』”»\"'’*_`>|;；"
SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？।॥۔؟።፧။]+")


def _paragraphs(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


@lru_cache(maxsize=1024)
def _facts(source: str) -> tuple[float, int, int, bool, frozenset[str], tuple[str, ...]]:
    bare = source.strip()
    return (
        weight(source),
        len(SENTENCE_END.findall(source)),
        _paragraphs(source),
        bool(bare) and bare[-1] in ".!?…。！？।॥۔؟።፧။",
        frozenset(KEPT.findall(source)),
        tuple(link.rstrip(".,;:!?") for link in LINK.findall(source)),
    )


def whole_problems(
    source: str, text: str, source_language: str, target_language: str, usual: float = 1.0
) -> list[Problem]:
    """Cut, too short or long, and what of the source must stay and is gone.

    `usual`: the usual ratio of weights of the two languages.
    """
    problems = []
    length, sentences, lines, ended, placeholders, links = _facts(source)
    ours = weight(text)
    ratio = (ours + SLACK) / (length * usual + SLACK)
    if ratio < SHORTEST:
        problems.append(found("too-short", f"{ratio:.2f} of the usual length"))
    elif ratio > LONGEST:
        problems.append(found("too-long", f"{ratio:.2f} times the usual length"))
    elif lines >= 3 and _paragraphs(text) <= lines / 2:
        problems.append(found("lines-lost", f"{_paragraphs(text)} of {lines}"))
    cut = _cut(text, length * usual, ours, sentences, lines, ended, target_language)
    if cut:
        problems.append(found("cut", cut))
    if any(text.count(mark) < source.count(mark) for mark in placeholders):
        problems.append(found("placeholder-lost"))
    if source.count("```") != text.count("```"):
        problems.append(found("code-fence-changed"))
    if any(link not in text for link in links):
        problems.append(found("link-lost"))
    return problems


def _cut(
    text: str, expected: float, ours: float, sentences: int, lines: int, ended: bool, target: str
) -> str | None:
    if expected < LONG:
        return None
    ratio = ours / expected
    bare = text.rstrip()
    stops = ended and target != "th" and bare[-1:] not in END
    fewer = sentences >= 2 and len(SENTENCE_END.findall(bare)) < sentences
    shorter = lines >= 2 and _paragraphs(bare) < lines
    if stops and ratio < STOPPED:
        return "a sentence stops"
    if ratio < FEWER and (fewer or shorter):
        return f"{ratio:.2f} of the usual length, sentences or lines are missing"
    if ratio < 0.5 and expected >= 2 * LONG:
        return f"{ratio:.2f} of the usual length"
    return None
