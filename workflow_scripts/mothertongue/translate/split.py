"""Cut a text into segments and glue: what is sent, and what stays exactly as it is.

`"".join(piece.text for piece in split(text, limit)) == text` for every text. Surrounding white
space, blank lines, list markers and fenced code are glue; a text within the limit is one segment
(two or more only around protected code). Longer texts are cut at blank lines, then at line ends
and list items, then at sentence ends, then at commas or spaces, and only then anywhere. What is cut
is packed again: neighbours go out together, with the white space and markers between them, as long
as they stay within the limit. Each call costs, and a service translates better what it sees whole.
"""

import re
import unicodedata
from typing import NamedTuple

FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*\n)*?[ \t]*(?P=fence)[ \t]*$", re.MULTILINE
)
BLANK = re.compile(r"(\s*\n[ \t\r\f\v]*\n\s*)")
MARKER = re.compile(r"[ \t]*(?:(?:[-*+•·–—▪●○]|#{1,6}|>+|\(?(?:\d{1,3}|[A-Za-z])[.)、:])[ \t]+)+")
SENTENCE = re.compile(r"""(?<=[.!?…؟।။])["'’”»)\]]*\s+|(?<=[。！？；])["'’”」』）]*""")
ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Sra|vs|etc|e\.g|i\.e|No|Fig|cf|approx|т|г|им|стр|рис)"
    r"|\b[^\W\d_])\.\s*$"
)
CLAUSE = re.compile(r"(?<=[,;:，、；：])\s*|\s+")
URL = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+")
CODE_LINE = re.compile(
    r"^\s*(?:$|(?:import|from|def|class|return|print|if|elif|else|for|while|try|except|with|"
    r"public|private|static|void|int|var|let|const|function|#include|using|SELECT|INSERT|UPDATE)\b"
    r".*[(:{;=<].*$|[\w.\[\]\"']+\s*[-+*/]?=\s*\S.*$|[\w.]+\(.*\)\s*;?\s*$|[{}()\[\];,]+\s*$"
    r"|</?\w[^>]*>.*$|//.*$)"
)


class Piece(NamedTuple):
    """A part of a text: `send` it, or keep it as it is; `code`: kept because it is code."""

    text: str
    send: bool
    code: bool = False
    cut_before: bool = False  # starts inside a paragraph or line that was cut
    cut_after: bool = False  # ends inside one


SPACELESS = frozenset({"zh", "ja", "th", "my"})  # no space stands between their sentences


def passes_through(text: str) -> str | None:
    """Say why a segment needs no translation (number, emoji, code, link), or None."""
    if not any(unicodedata.category(char)[0] == "L" for char in text):
        return "number" if any(char.isdigit() for char in text) else "symbol"
    bare = URL.sub("", text)
    if bare != text and not any(char.isalpha() for char in bare):
        return "link"
    stripped = text.strip()
    if re.fullmatch(r"`[^`\n]+`", stripped) or FENCE.fullmatch(stripped):
        return "code"
    lines = [line for line in stripped.splitlines() if line.strip()]
    symbols = sum(stripped.count(char) for char in "(){}[]=;<>_")
    if symbols >= 3 * len(lines) and all(CODE_LINE.match(line) for line in lines):
        words = re.findall(r"[^\W\d_]{2,}(?: [^\W\d_]{2,}){4,}", stripped)  # a run of prose
        return None if words else "code"
    return None


def split(
    text: str,
    limit: int | None,
    *,
    protect_code: bool = True,
    languages: tuple[str, str] | None = None,
) -> list[Piece]:
    """Cut `text` into pieces; pieces to send are at most `limit` characters.

    `languages` (from, to): between sentences of one line stands what the target puts there, a space
    or nothing; without them the pieces join to the text itself.
    """
    pieces: list[Piece] = []
    position = 0
    for fence in FENCE.finditer(text) if protect_code else ():
        pieces += _block(text[position : fence.start()], limit)
        pieces.append(Piece(fence.group(), send=False, code=True))
        position = fence.end()
    pieces += _block(text[position:], limit)
    return _between_sentences(pieces, *languages) if languages else pieces


def _between_sentences(pieces: list[Piece], source: str, target: str) -> list[Piece]:
    """The pieces with the white space of the target between the sentences of one line."""
    if (source in SPACELESS) == (target in SPACELESS):
        return pieces
    made: list[Piece] = []
    for place, piece in enumerate(pieces):
        before = pieces[place - 1] if place else None
        after = pieces[place + 1] if place + 1 < len(pieces) else None
        inner = before and after and before.cut_after and after.cut_before
        if target in SPACELESS and inner and piece.text.isspace() and "\n" not in piece.text:
            continue
        if source in SPACELESS and piece.cut_before and before and before.cut_after:
            made.append(Piece(" ", send=False))
        made.append(piece)
    return made


def _block(text: str, limit: int | None) -> list[Piece]:
    """A text without fences: surrounding white space as glue, the rest whole or cut."""
    core = text.strip()
    if not core:
        return [Piece(text, send=False)] if text else []
    start = text.index(core)
    if not limit or len(core) <= limit:
        inside = [Piece(core, send=True)]
    else:
        inside = _pack(_cut(core, limit), limit)
    return [
        *([Piece(text[:start], send=False)] if start else []),
        *inside,
        *([Piece(text[start + len(core) :], send=False)] if start + len(core) < len(text) else []),
    ]


def _cut(text: str, limit: int) -> list[Piece]:
    """Paragraphs apart; in those that are too long lines, then sentences."""
    pieces: list[Piece] = []
    for number, part in enumerate(BLANK.split(text)):
        if number % 2:
            pieces.append(Piece(part, send=False))
        elif len(part) <= limit:
            pieces += _item(part, limit)
        else:
            for place, line in enumerate(_lines(part)):
                if place % 2:
                    pieces.append(Piece(line, send=False))
                else:
                    pieces += _item(line, limit)
    return pieces


def _pack(pieces: list[Piece], limit: int) -> list[Piece]:
    """Neighbours to send, and what stands between them, as one piece while it is within `limit`.

    The rest of a cut list item does not go out with the next item: a translation may take it in.
    """
    packed: list[Piece] = []
    for piece in pieces:
        last = next((i for i in range(len(packed) - 1, -1, -1) if packed[i].send), None)
        if not piece.send or last is None:
            packed.append(piece)
            continue
        between = "".join(glue.text for glue in packed[last + 1 :])
        joined = packed[last].text + between + piece.text
        items = packed[last].cut_before and "\n" in between and MARKER.search(between)
        if len(joined) <= limit and not items:
            begun = packed[last].cut_before
            packed[last:] = [Piece(joined, send=True, cut_before=begun, cut_after=piece.cut_after)]
        else:
            packed.append(piece)
    return packed


def _lines(paragraph: str) -> list[str]:
    """Lines and line ends in turn; wrapped prose (no sentence end, no marker) stays together."""
    parts = re.split(r"([ \t\r]*\n[ \t]*(?=\S))", paragraph)
    lines = [parts[0]]
    for end, line in zip(parts[1::2], parts[2::2], strict=True):
        indent = end[end.rindex("\n") + 1 :] if "\n" in end else ""
        finished = re.search(r"[.!?…:;。！？：；؟।]['\"’”»)\]]*$", lines[-1])
        if finished or MARKER.match(indent + line) or MARKER.match(lines[-1]):
            lines += [end, line]
        else:
            lines[-1] += end + line
    return lines


def _item(text: str, limit: int) -> list[Piece]:
    """One paragraph or line: its list marker and white space as glue, the rest in sentences."""
    pieces: list[Piece] = []
    marker = MARKER.match(text)
    if marker and marker.end() < len(text) and "\n" not in text:
        pieces.append(Piece(marker.group(), send=False))
        text = text[marker.end() :]
    core = text.strip()
    if not core:
        return [*pieces, Piece(text, send=False)] if text else pieces
    start = text.index(core)
    if start:
        pieces.append(Piece(text[:start], send=False))
    sentences = _sentences(core, limit)
    for number, sentence in enumerate(sentences):
        send = number % 2 == 0
        after = number + 2 < len(sentences)
        pieces.append(
            Piece(sentence, send, cut_before=send and number > 0, cut_after=send and after)
        )
    if start + len(core) < len(text):
        pieces.append(Piece(text[start + len(core) :], send=False))
    return [piece for piece in pieces if piece.text]


def _sentences(text: str, limit: int) -> list[str]:
    """Segments within the limit and the white space between them, in turn."""
    if len(text) <= limit:
        return [text]
    starts = [0]
    for found in SENTENCE.finditer(text):
        if found.end() < len(text) and not ABBREVIATION.search(text[: found.start()][-12:]):
            starts.append(found.end())
    packed: list[str] = []
    for begin, end in zip(starts, [*starts[1:], len(text)], strict=True):
        sentence = text[begin:end]
        if packed and len((packed[-1] + sentence).rstrip()) <= limit:
            packed[-1] += sentence
        elif len(sentence.rstrip()) <= limit:
            packed.append(sentence)
        else:
            packed += _words(sentence, limit)
    turns: list[str] = []
    for part in packed:
        core = part.rstrip()
        if turns:
            lead = part[: len(part) - len(part.lstrip())]
            if lead:
                turns[-1] += lead
                core = core[len(lead) :]
                part = part[len(lead) :]
        turns += [core, part[len(core) :]]
    return turns[:-1] if turns and not turns[-1] else turns


def _words(sentence: str, limit: int) -> list[str]:
    """An over-long sentence at commas or spaces, or anywhere that parts no character."""
    parts: list[str] = []
    rest = sentence
    while len(rest.rstrip()) > limit:
        cut = max(
            (m.end() for m in CLAUSE.finditer(rest[: limit + 1]) if m.end() <= limit), default=0
        )
        if cut < limit // 4:
            cut = limit
            while cut > limit // 2 and _joins(rest, cut):
                cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest]


def _joins(text: str, cut: int) -> bool:
    """Whether a cut would part a character from its mark, modifier or joiner."""
    after, before = text[cut : cut + 1], text[cut - 1 : cut]
    return (
        not after
        or unicodedata.combining(after) > 0
        or after in "\u200d\ufe0f\u20e3"
        or before == "\u200d"
        or 0x1F3FB <= ord(after) <= 0x1F3FF
    )
