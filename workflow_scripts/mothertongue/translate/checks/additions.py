"""Find what stands before, after or instead of a translation: announcement, remark, refusal, error page.

Structure comes first: a line that the source does not have. The words of phrases.yaml then tell
whether that line is certainly no part of the translation.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from ..languages import weight
from .names import language_labels
from .phrases import Phrases, normal, service_errors, spoken

HEAD = 320  # characters of a reply in which a refusal shows
ENDS = 400  # characters at both ends of a source that its announcement or remark may stand in
LINE = 200  # characters of an announcement at most
COLON = (":", "：", "፦", "፡-", ":-", "։", "︰")
TRIM = " \t\r*_#`>~—–-=|"
FIRST = re.compile(r"\A\s*(?P<line>[^\n]+?)[ \t\r]*\n\s*(?P<rest>\S.*)\Z", re.DOTALL)
LAST = re.compile(r"\A(?P<rest>.*\S)\s*\n\s*(?P<line>[^\n]+?)\s*\Z", re.DOTALL)
LAST_PARAGRAPH = re.compile(r"\A(?P<rest>.*?\S)\s*\n[ \t]*\n\s*(?P<line>\S(?:(?!\n\s*\n).)*)\Z", re.DOTALL)  # fmt: skip
INLINE = re.compile(r"\A\s*(?P<line>[^\n:：]{2,140}[:：])\s*(?P<rest>\S.*)\Z", re.DOTALL)
SENTENCE = re.compile(r"\A\s*(?P<line>[^\n.!?。！？।۔]{3,140}[.!。！।۔])\s*(?P<rest>\S.*)\Z", re.DOTALL)  # fmt: skip
LAST_SENTENCE = re.compile(r"\A(?P<rest>.*[.!?。！？।۔»”\"')])\s*(?P<line>[^.!?。！？।۔\n]{6,200}[.!?。！？।۔)]*)\s*\Z", re.DOTALL)  # fmt: skip
RULE = re.compile(r"\n\s*(?:-{3,}|\*{3,}|_{3,}|={3,}|—{2,})\s*\Z")
NEGATION = re.compile(r"n't\b|\b(?:not|no|never|unable|impossible|cannot|fail|declin|refus)")
SERVER = re.compile(r"\b(?:errors?|servers?|try again|fail\w*)\b", re.IGNORECASE)
PLAIN_COLON = re.compile(r"[:：]")


@dataclass(frozen=True, slots=True)
class Part:
    """A line around the translation. `certain`: it can be taken off, and `rest` is what remains."""

    kind: str
    line: str
    rest: str
    certain: bool


def _lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


@lru_cache(maxsize=1024)
def _source(source: str, source_language: str) -> dict[str, bool]:
    """What a source itself says, so that its translation may say it too."""
    flat = normal(source)
    head, tail = flat[:ENDS], flat[-ENDS:]
    voices = spoken(source_language)
    kinds = ("translation", "sorry", "cannot", "machine")
    said = {kind: any(voice.within(kind, head) for voice in voices) for kind in kinds}
    said["note"] = any(v.within("note", tail) or v.within("translation", tail) for v in voices)
    said["sure"] = any(v.at_start("sure", flat) or v.at_start("here", flat) for v in voices)
    said["negation"] = bool(NEGATION.search(flat))
    return said


def _beside(source: str, text: str, rest: str, usual: float) -> bool:
    """Whether a reply without its first line is long enough, and with it too long."""
    expected = weight(source) * usual
    if "\n" not in source.strip() and len(re.findall(r"[.!?。！？।۔]+", source)) < 2:
        return weight(rest) > 0.5 * expected
    return weight(text) > 1.3 * expected + 10 and weight(rest) > 0.6 * expected


def opening(
    source: str, text: str, source_language: str, target_language: str, usual: float = 1.0
) -> Part | None:
    """The announcement that a reply opens with, or None. `usual`: as in `whole_problems`."""
    said = _source(source, source_language)
    voices = spoken(target_language, source_language)
    labels = language_labels(source_language, target_language)
    first = FIRST.match(text)
    own_colon = source.lstrip().split("\n", 1)[0].rstrip(TRIM).endswith(COLON)
    if first and len(first.group("line")) <= LINE:
        line = first.group("line").strip(TRIM)
        rest = first.group("rest").strip()
        flat = normal(line)
        more = _lines(text) > _lines(source)
        colon = line.endswith(COLON)
        talks = not said["translation"] and any(v.within("translation", flat) for v in voices)
        agrees = not said["sure"] and any(voice.at_start("sure", flat) for voice in voices)
        starts = agrees or (
            not said["sure"] and any(voice.at_start("here", flat) for voice in voices)
        )
        label = flat.strip(" :()[]") in labels or (
            colon and len(flat) <= 60 and any(len(n) > 4 and n[:-1] in flat for n in labels)
            and not any(len(n) > 4 and n[:-1] in normal(source[:ENDS]) for n in labels)
        )  # fmt: skip
        if own_colon and not (talks and len(line) <= 60):
            return None
        if colon and (talks or label or (agrees and more)):
            return Part("preamble", line, rest, certain=True)
        if colon and starts and more:
            return Part("preamble", line, rest, certain=False)
        if more and talks and (starts or len(line) <= 40):
            return Part("preamble", line, rest, certain=True)
        if more and label:
            return Part("preamble", line, rest, certain=True)
        if more and agrees and len(flat) <= 30 and line[-1:] in "!.！。،,，":
            return Part("preamble", line, rest, certain=True)
        if colon and more and not PLAIN_COLON.search(source) and _beside(source, text, rest, usual):
            return Part("preamble", line, rest, certain=False)
    return _inline_opening(source, text, said, voices, labels)


def _inline_opening(
    source: str,
    text: str,
    said: dict[str, bool],
    voices: tuple[Phrases, ...],
    labels: frozenset[str],
) -> Part | None:
    inline = INLINE.match(text)
    if inline:
        line, rest = inline.group("line"), inline.group("rest")
        flat = normal(line.strip(TRIM))
        bare = flat.strip(" :()[]*_")
        # no space behind the colon: a time, a link or a ratio
        apart = text[inline.end("line") : inline.start("rest")] != "" or line[-1] == "："
        same = PLAIN_COLON.search(source[: 2 * len(line) + 20]) is not None
        if bare in labels and not any(name in normal(source[:ENDS]) for name in labels):
            return Part("preamble", line, rest.strip(), certain=apart)
        if not said["translation"] and not same:
            if any(voice.within("translation", flat) for voice in voices):
                return Part("preamble", line, rest, certain=False)
        if not said["sure"] and not same and apart:
            if any(v.at_start("here", flat) for v in voices) and any(
                v.at_start("sure", normal(text)) for v in voices
            ):
                return Part("preamble", line, rest, certain=False)
    sentence = SENTENCE.match(text)
    if sentence and not said["translation"] and not said["sure"]:
        flat = normal(sentence.group("line"))
        opens = any(v.at_start("sure", flat) or v.at_start("here", flat) for v in voices)
        if opens and any(voice.within("translation", flat) for voice in voices):
            return Part("preamble", sentence.group("line"), sentence.group("rest"), certain=False)
    return None


def remark(source: str, text: str, source_language: str, target_language: str) -> Part | None:
    """The remark that a reply closes with, or None."""
    said = _source(source, source_language)
    if said["note"]:
        return None
    voices = spoken(target_language, source_language)
    more = _lines(text) > _lines(source)
    for pattern in (LAST_PARAGRAPH, LAST) if more else (LAST_PARAGRAPH,):
        found = pattern.match(text)
        if not found or len(found.group("line")) > 3 * LINE:
            continue
        line = found.group("line").strip(TRIM)
        flat = normal(line).lstrip(" ([*_")
        rest = RULE.sub("", found.group("rest")).strip()
        opens = any(voice.at_start("note", flat) for voice in voices)
        talks = len(flat) <= LINE and any(voice.within("translation", flat) for voice in voices)
        if more and pattern is LAST_PARAGRAPH and len(flat) <= 120:  # in some languages the verb
            opens = opens or any(voice.within("note", flat) for voice in voices)  # stands last
        if rest and (opens or talks):
            # a line of its own may still be the translation's: only a paragraph is taken off, and
            # not what stands behind "Translation:", which may be the only translation there is
            certain = (
                more and pattern is LAST_PARAGRAPH and not (talks and PLAIN_COLON.search(line[:60]))
            )
            return Part("remark", line, rest, certain)
    last = LAST_SENTENCE.match(text)
    if last:
        flat = normal(last.group("line")).lstrip(" (")
        opens = any(voice.at_start("note", flat) for voice in voices)
        if opens and any(voice.within("translation", flat) for voice in voices):
            return Part("remark", last.group("line"), last.group("rest"), certain=False)
    return None


def extra_paragraph(source: str, text: str) -> bool:
    """Whether a source of one paragraph came back as several, none of them a list."""
    if "\n" in source.strip() or len(re.findall(r"[.!?:…。！？।۔]+", source.strip())) > 1:
        return False
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    return len(parts) > 1 and not any(re.match(r"[-*•\d]", part) for part in parts)


def refuses(source: str, text: str, source_language: str, target_language: str) -> str | None:
    """The words by which a reply refuses to translate, or None."""
    said = _source(source, source_language)
    head = normal(text[:HEAD])
    for voice in spoken(target_language, source_language):
        if not said["machine"] and voice.within("machine", head[:160]):
            return head[:80]
        sorry = not said["sorry"] and voice.within("sorry", head[:60])
        cannot = not said["cannot"] and voice.within("cannot", head)
        if sorry and cannot:
            return head[:80]
        if cannot and not said["negation"] and not said["sorry"]:
            sentence = re.split(r"[.!?。！？।۔]", head, maxsplit=1)[0]
            early = voice.within("cannot", sentence[:70])
            if early and voice.within("help", sentence) and len(text) < 400:
                return head[:80]
        if sorry and not said["cannot"] and len(text) < 240:
            sentence = re.split(r"[.!?。！？।۔]", head, maxsplit=1)[0]
            if voice.at_start("sorry", sentence) and voice.within("help", sentence):
                if not said["negation"]:
                    return head[:80]
    return None


def error_page(source: str, text: str) -> str | None:
    """The words by which a reply is the page of a service that failed, or None."""
    pages, status, messages = service_errors()
    head = text[:3000]
    page = pages.search(head)
    if page and not pages.search(source):
        return page.group().strip()[:80]
    if len(text) < 600:
        flat = normal(text)
        told = status.search(flat)
        if told and not status.search(normal(source)):
            code = re.search(r"[45]\d\d", told.group())
            if code and code.group() not in source:
                return told.group()[:80]
            labelled = PLAIN_COLON.search(source[:60]) or SERVER.search(source)
            if not code and len(flat) < 160 and not labelled:
                return told.group()[:80]
        if len(flat) < 160 and not messages.search(normal(source)):
            message = messages.search(flat)
            if message and not SERVER.search(source):
                return message.group()[:80]
    return None
