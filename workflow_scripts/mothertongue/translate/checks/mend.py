"""Remove from a reply what certainly does not belong to the translation: the source has nothing like it.

Reasoning blocks, role tokens, invisible characters, HTML entities, an announcement or a remark in
a paragraph of its own, and a wrapping around the whole (quotes, fence, tag, JSON).
"""

import html
import json
import re

from .additions import opening, remark
from .prose import fold
from .types import Problem, found

_THINK = r"think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad|seed:think"
_BLOCKS = (
    (rf"<(?P<tag>{_THINK})(?:\s[^<>]*)?>", r"</(?P=tag)>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|(?:begin_of_thought|START_THINKING)\|>", r"<\|(?:end_of_thought|END_THINKING)\|>"),
    (r"<\|channel\|>(?:analysis|commentary)<\|message\|>", r"<\|end\|>"),
    (r"\A\s*Thinking\.\.\.\n", r"\n\s*\.\.\.done thinking\.?"),
)
BLOCK = re.compile("|".join(f"(?:{a}.*?{b})".replace("(?P<tag>", f"(?P<tag{i}>").replace("(?P=tag)", f"(?P=tag{i})") for i, (a, b) in enumerate(_BLOCKS)), re.DOTALL | re.IGNORECASE)  # fmt: skip
# a chat template may put the opening tag into the prompt: the reply starts inside the block
CLOSING = re.compile(
    rf"\A.*(?:</(?:{_THINK})>|\[/THINK\]|◁/think▷|<\|(?:end_of_thought|END_THINKING)\|>)",
    re.DOTALL | re.IGNORECASE,
)
OPENING = re.compile("|".join(a.replace("(?P<tag>", "(?:") for a, _ in _BLOCKS), re.IGNORECASE)

ROLE = re.compile(
    r"<[|｜][^|｜<>\n]{1,40}[|｜]>|</?s>|<</?SYS>>|\[/?(?:INST|SYS|SYSTEM_PROMPT|ASSISTANT)\]|"
    r"</?(?:start|end)_of_(?:turn|text)>|<(?:bos|eos|pad|unk|mask)>|<extra_id_\d+>|"
    r"<\|[a-z_]+\|?>?(?=\s*\Z)|\[(?:BOS|EOS|PAD|UNK|CLS|SEP)\]"
)
END = re.compile(
    r"<[|｜](?:im_end|eot_id|end|eos|endoftext|end_of_text|end_of_turn|return|END_OF_TURN_TOKEN|"
    r"eot|EOT|END_RESPONSE|user|im_start|start_header_id|｜?end▁of▁sentence｜?)[|｜]>|"
    r"</s>|<end_of_turn>|<eos>|\[/INST\](?=\s*\Z)"
)
NAMED = re.compile(
    r"\A\s*(?:#{1,4}\s*)?(?:assistant|asistente|assistent|ассистент|助手|アシスタント|المساعد|"
    r"सहायक|model|bot|chatbot|response|AI)\s*(?::|：|\n)\s*(?=\S)",
    re.IGNORECASE,
)
# another turn behind the translation of a source that is no dialogue
TURN = re.compile(r"\n\s*(?:#{1,4}\s*)?(?:User|Human|Instruction)\s*:\s")
LABELLED = re.compile(r"^\W*\w+\s?[:：]", re.MULTILINE)
ROLE_NAME = re.compile(r"\A\s*(?:assistant|model|final|user|system)(?:\b|(?=[^\x00-\x7f]))\s*\n*", re.IGNORECASE)  # fmt: skip

# zero-width joiners belong to emoji and to scripts that join letters; direction marks to
# right-to-left text
JOINERS = "\u200c\u200d"
MARKS = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
INVISIBLE = re.compile(
    "[\u200b\u2060-\u2064\ufeff\u00ad\u180e\u3164\u115f\u1160\ufff9-\ufffb"
    "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
EMOJI = "\u00a9\u00ae\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
LOOSE_JOINERS = re.compile(f"[{JOINERS}](?![{EMOJI}])|(?<![{EMOJI}])[{JOINERS}]")
ALL_MARKS = re.compile(f"[{MARKS}]")
JOINING = {"Arab", "Deva", "Beng", "Gujr", "Guru", "Knda", "Mlym", "Sinh", "Taml", "Telu", "Mymr", "Orya", "Khmr", "Mong", "Syrc"}  # fmt: skip
RIGHT_TO_LEFT = {"Arab", "Hebr", "Syrc", "Thaa"}
ENTITY = re.compile(r"&(?:quot|amp|lt|gt|apos|nbsp|#\d{2,5}|#x[0-9a-fA-F]{2,4});")

PAIRS = {
    '"': '"', "“": "”", "”": "”", "„": "“”\"", "«": "»", "»": "«", "‹": "›", "「": "」", "『": "』",
    "《": "》", "〈": "〉", "＂": "＂", "'": "'", "‘": "’", "‚": "‘’", "`": "`", "〝": "〞〟", "''": "''",
    '"""': '"""', "[": "]",
}  # fmt: skip
QUOTES = '"“”„«»‹›「」『』《》〈〉＂〝〞〟'
FENCED = re.compile(r"\A\s*(`{3,}|~{3,})[^\n`]*\n(?P<inside>.*?)\n?[ \t]*\1\s*\Z", re.DOTALL)
TAGGED = re.compile(
    r"\A\s*<(?P<tag>translation|translated|translated_text|target|output|answer|final|response|result|text)(?:\s[^<>]*)?>"
    r"(?P<inside>.*)</(?P=tag)>\s*\Z",
    re.DOTALL | re.IGNORECASE,
)
EMPHASIS = re.compile(r"\A\s*(?P<mark>\*\*|__|\*|_)(?P<inside>[^\s*_].*[^\s*_])(?P=mark)\s*\Z", re.DOTALL)  # fmt: skip


def mend(
    source: str, text: str, source_language: str, target_language: str, script: str | None
) -> tuple[str, tuple[str, ...], list[Problem]]:
    """The mended text, kinds of what was mended, and what was seen but cannot be mended."""
    mended: list[str] = []
    problems: list[Problem] = []
    text = _reasoning(source, text, mended, problems)
    text = _roles(source, text, mended, problems)
    text = _invisible(source, text, script, mended)
    if "&" in text and ENTITY.search(text) and not ENTITY.search(source):
        text = html.unescape(text)
        mended.append("entities")
    for _ in range(3):  # quotes inside an announcement inside a fence
        before = text
        text = _unwrapped(source, text, mended)
        text = _around(source, text, source_language, target_language, mended)
        if text == before:
            break
        text = _roles(source, text, mended, problems)
    return text, tuple(dict.fromkeys(mended)), problems


def _reasoning(source: str, text: str, mended: list[str], problems: list[Problem]) -> str:
    if not any(mark in text for mark in "<[◁") and not text.lstrip().startswith("Thinking"):
        return text
    if OPENING.search(source) or CLOSING.search(source):
        return text
    rest = CLOSING.sub("", BLOCK.sub("", text))
    if OPENING.search(rest):
        problems.append(found("reasoning", "the block does not end"))
    if rest == text:
        return text
    if not rest.strip():
        problems.append(found("reasoning", "nothing but reasoning"))
        return text
    mended.append("reasoning")
    return rest.strip()


def _roles(source: str, text: str, mended: list[str], problems: list[Problem]) -> str:
    changed = text
    if ROLE.search(text) and not ROLE.search(source):
        headed = re.match(
            r"\s*(?:<[|｜][^\n]{1,60}?[|｜]>|<start_of_turn>|<s>|\[/?(?:INST|ASSISTANT)\])", changed
        )
        while headed:
            changed = changed[headed.end() :]
            changed = ROLE_NAME.sub("", changed, count=1)
            headed = re.match(r"\s*(?:<[|｜][^\n]{1,60}?[|｜]>|<start_of_turn>|<s>)", changed)
        ended = END.search(changed)
        if ended:  # what follows the end of a turn is another turn
            changed = changed[: ended.start()]
        inner = ROLE.search(changed.rstrip())
        if inner and inner.end() < len(changed.rstrip()):
            problems.append(found("role-token", inner.group()))
            return text
        changed = ROLE.sub("", changed)
        if not changed.strip():
            problems.append(found("role-token", "nothing but role tokens"))
            return text
    named = NAMED.match(changed)
    if named and not NAMED.match(source) and named.end() < len(changed):
        label = named.group().strip(" \t\n#:：").casefold()
        if label not in source.casefold()[:60]:
            changed = changed[named.end() :]
    turn = TURN.search(changed)
    if turn and changed[: turn.start()].strip() and not LABELLED.search(source):
        changed = changed[: turn.start()]
    if changed == text:
        return text
    mended.append("role-token")
    return changed.strip()


def _invisible(source: str, text: str, script: str | None, mended: list[str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    changed = text
    if INVISIBLE.search(text) and not INVISIBLE.search(source):
        changed = INVISIBLE.sub("", changed)
    if script not in JOINING and any(mark in changed for mark in JOINERS):
        changed = LOOSE_JOINERS.sub("", changed)
    if script not in RIGHT_TO_LEFT and not ALL_MARKS.search(source):
        changed = ALL_MARKS.sub("", changed)
    if changed != text:
        mended.append("zero-width")
    return changed


def _around(
    source: str, text: str, source_language: str, target_language: str, mended: list[str]
) -> str:
    """Without an announcement before and a remark after the translation."""
    start = opening(source, text, source_language, target_language)
    if start is not None and start.certain and fold(start.rest) != fold(source):
        mended.append(start.kind)
        text = start.rest
    end = remark(source, text, source_language, target_language)
    if end is not None and end.certain and fold(end.rest) != fold(source):
        mended.append("remark")
        text = end.rest
    return text


def _unwrapped(source: str, text: str, mended: list[str]) -> str:
    inside = unwrap(source, text)
    if inside is None:
        return text
    mended.append("wrapped")
    return inside


def unwrap(source: str, text: str) -> str | None:
    """What a wrapping around the whole holds, or None where there is none of the reply's own."""
    bare = text.strip()
    own = source.strip()
    if len(bare) < 3:
        return None
    fenced = FENCED.match(bare)
    if fenced and fenced.group("inside").strip() and "```" not in own and "~~~" not in own:
        return fenced.group("inside").strip()
    tagged = TAGGED.match(bare)
    if tagged and tagged.group("inside").strip() and f"<{tagged.group('tag')}" not in own:
        return tagged.group("inside").strip()
    if bare[0] == "{" and bare[-1] == "}" and own[:1] != "{":
        return _only_text(bare)
    emphasis = EMPHASIS.match(bare)
    if emphasis and emphasis.group("mark") not in emphasis.group("inside"):
        if emphasis.group("mark") not in own:
            return emphasis.group("inside")
    for width in (3, 2, 1):
        first, last = bare[:width], bare[-width:]
        if len(bare) > 2 * width and last in _closers(first):
            if _whole(own, bare[width:-width], first, last):
                return bare[width:-width].strip() or None
    return None


def _closers(first: str) -> tuple[str, ...]:
    closing = PAIRS.get(first, "")
    return (closing,) if len(first) > 1 else tuple(closing)


def _whole(source: str, inside: str, first: str, last: str) -> bool:
    """Whether a pair of quotes stands around the whole, and the source has none there."""
    if not inside.strip():
        return False
    if source[:1] in QUOTES + "'‘‚`" and source[-1:] in QUOTES + "'’‘`":
        return False
    if first in "《〈" and source[-1:] not in ".?!":
        return False  # the marks of a title
    if first == "[":
        return "[" not in source and "[" not in inside
    if first in "'‘‚`" or first == "''":
        if re.search(rf"(?<!\w){re.escape(first)}\w|\w{re.escape(last)}(?!\w)", inside):
            return False
        return not (source[:1] == first or source[-1:] == last)
    if first in inside or last in inside:
        if first == last:  # "A" and "B", or "A "b" c": only the source's own quotes tell
            marks = sum(inside.count(mark) for mark in {first, last})
            return marks == sum(source.count(mark) for mark in QUOTES) and source[:1] not in QUOTES
        depth = 1
        for char in inside:
            depth += (char == first) - (char == last)
            if depth == 0:
                return False
        return depth == 1
    # the only quotes of a source that quotes something are no wrapping
    return sum(source.count(mark) for mark in QUOTES) < 2


def _only_text(bare: str) -> str | None:
    try:
        value = json.loads(bare)
    except ValueError:
        return None
    texts = [v for v in value.values() if isinstance(v, str)] if isinstance(value, dict) else []
    named = [v for k, v in value.items() if "transl" in k.lower()] if texts else []
    if len(value) == 1 and texts and texts[0].strip() and "error" not in value:
        return texts[0].strip()
    if len(named) == 1 and isinstance(named[0], str) and named[0].strip():
        return named[0].strip()
    return None
