"""Read a judge's rating from its reply in double brackets, only where it is unambiguous.

`python -m mothertongue.judge.parse FILE` prints, for each line of a JSON Lines file with `reply`
and optionally `answer` (the rated text), the rating, or why there is none.

Well-formed is a number from 1 to 5, halves allowed, in two pairs of square brackets. Accepted
variants: full-width or lenticular brackets and digits (【【3】】, ［［３］］), escaped brackets,
spaces and emphasis inside, a decimal comma, `4/5`, and a label (`[[Rating: 4]]`). Nothing is read
from prose, from reasoning (`<think>`), from links and code, or from the prompt's own example.

A number that merely occurs is no rating: `verdict` tells by its surroundings which one is meant.
A number that the rated answer holds as well is the judge's only under a label of its own, outside
of quotations. What stays ambiguous has no rating, with the reason.
"""

import argparse
import json
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..files import read_jsonl
from . import HIGHEST, LOWEST
from .patterns import finder, fold
from .verdict import Number, decide, describe

BRACKETS = str.maketrans(
    {c: "[" for c in "【〔〖［"} | {c: "]" for c in "】〕〗］"} | {"⟦": "[[", "⟧": "]]"}
)
FILL = r"[\s*_`~\"'“”«»‘’]*"
BRACKETED = re.compile(rf"\[{FILL}\[([^\[\]\n]{{1,60}})\]{FILL}\]")
NUMBER = re.compile(
    r"""(?:([^\W\d]+[^\d:=+\-−]{0,30})[:=]\s*)?      # a label such as "Rating:"
        (\d{1,3}(?:[.,٫]\d{1,3})?)
        (?:\s*(?:/|из|de|sobre|out\ of|of|von|sur|su|dari|من)\s*[5٥۵५৫](?:[.,]0+)?)?
        \s*(?:分|点|점|points?|puntos?|балл\w*|stars?|estrellas?|зв\w+|[★⭐]\ufe0f?)?\.?""",
    re.VERBOSE | re.IGNORECASE,
)
TAGS = "think|thinking|thought|thoughts|reasoning|reflection|analysis|scratchpad|seed:think"
REASONING = (  # (a closed or unfinished block, its end); the end alone closes one without a start
    (re.compile(rf"<({TAGS})>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE), f"</(?:{TAGS})>"),
    (
        re.compile(
            r"<\|(?:START_THINKING|begin_of_thought)\|>.*?"
            r"(?:<\|(?:END_THINKING|end_of_thought)\|>|\Z)",
            re.DOTALL,
        ),
        r"<\|(?:END_THINKING|end_of_thought)\|>",
    ),
    (re.compile(r"\[THINK\].*?(?:\[/THINK\]|\Z)", re.DOTALL), r"\[/THINK\]"),
    (re.compile(r"◁think▷.*?(?:◁/think▷|\Z)", re.DOTALL), "◁/think▷"),
    (
        re.compile(r"<\|channel\|>(?:analysis|commentary).*?(?:<\|channel\|>final|\Z)", re.DOTALL),
        r"<\|channel\|>final(?:<\|message\|>)?",
    ),
)
STRUCK_OUT = re.compile(r"(?<!~)~~(?![~\s])[^~\n]+~~(?!~)")
EXAMPLE = re.compile(r"for example:?\s*[\"“'‘`]*\s*Rating:\s*\[\[2\]\][\"”'’`]*", re.IGNORECASE)
QUOTED = re.compile(
    r"```.*?(?:```|\Z)|``?[^`\n]+``?|\"[^\"\n]+\"|“[^”]+”|„[^“”]+[“”]|«[^»]+»|「[^」]+」|『[^』]+』"
    r"|‘[^’]+’|^[ \t]*>[^\n]*",
    re.DOTALL | re.MULTILINE,
)
QUOTE_MARKS = '`"“”„«»「」『』‘’> \t\n'
FENCED = re.compile(r"\A\s*```[a-z]*\n(.*?)\n?```\s*\Z", re.DOTALL)
AFTER_VERDICT = re.compile(r"[\s*_`\"'”»)\]]*?(?:\Z|\n|[.,;:!?。(/]|[*_`\"'”»)\]]+\s*\Z)")
COPIED_CONTEXT = 24


class Parsed(NamedTuple):
    """A rating, or the problem that leaves the reply without one.

    `criteria`: the ratings that it is the mean of; `said`: the rating as it is written, where
    `rating` is an expectation.
    """

    rating: float | None
    problem: str | None = None
    criteria: dict[str, float] | None = None
    said: float | None = None


def normalise(text: str) -> str:
    """Bring bracket and digit variants to one form; escapes before brackets are dropped."""
    text = re.sub(r"(?<=\d)\s*½", ".5", text)
    text = unicodedata.normalize("NFKC", text).translate(BRACKETS)
    return re.sub(r"(?<!\\)\\++(?=[\[\]])", "", text)


def read_number(inner: str) -> float | None:
    """The rating inside the brackets, if it is one: 1 to 5 in halves."""
    match = NUMBER.fullmatch(inner.strip(" \t*_`~\"'“”«»‘’"))
    if not match:
        return None
    value = float(match.group(2).replace(",", ".").replace("٫", "."))
    return value if LOWEST <= value <= HIGHEST and (2 * value).is_integer() else None


def bracketed(text: str) -> list[Number]:
    """Every doubly bracketed text of normalised text, but links, indices in code and blanks."""
    found = []
    for match in BRACKETED.finditer(text):
        inner, before = match.group(1), text[: match.start()]
        rest = text[match.end() :]
        if rest.lstrip()[:5].startswith(("(http", "(#", "(www")) or rest.startswith(
            (": http", "(/")
        ):
            continue
        word = re.search(r"[A-Za-z_0-9)\]]+\Z", before[-40:])
        if word and not finder("rating", "overall").fullmatch(fold(word[0])):
            if not before.endswith("[") and not finder("rating").search(fold(word[0])):
                continue  # `values[[1]]` in a language of programming
        label = re.match(r"\s*([^\W\d]+[^\d:=]{0,30})[:=]", inner)
        text_of = match.group(0)
        one = Number(match.start(), match.end(), read_number(inner), text_of)
        one.label = fold(label[1]) if label else ""
        if one.numeric or not finder("rating", "format").search(fold(inner)):
            found.append(one)
    return found


def candidates(text: str) -> list[Number]:
    """Every bracketed text of normalised text that holds a digit."""
    return [one for one in bracketed(text) if one.numeric]


def without_reasoning(text: str, answer: str) -> str:
    """A reply without its reasoning, finished or not; tags of the answer may be quotations."""
    for block, end in REASONING:
        ends = re.compile(end, re.IGNORECASE)
        if block.match(text.lstrip()):
            text = block.sub(" ", text.lstrip(), count=1)
        if not block.search(answer) and not ends.search(answer):
            text = block.sub(" ", text)
            text = ends.split(text)[-1]
    return text


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def _contexts(text: str, found: list[Number]) -> list[tuple[str, str]]:
    """What stands before and after each number, white space and case put aside."""
    reach = 4 * COPIED_CONTEXT
    return [
        (_squeeze(text[max(0, one.start - reach) : one.start]), _squeeze(text[one.end :][:reach]))
        for one in found
    ]


def _shared(one: str, other: str) -> int:
    """How many characters two texts start with in common."""
    for place, (a, b) in enumerate(zip(one, other)):
        if a != b:
            return place
    return min(len(one), len(other))


def mark_copied(text: str, found: list[Number], answer: str, planted: list[Number]) -> None:
    """Mark numbers around which the text stands in the answer for a longer stretch."""
    known = {(one.value, *sides) for one, sides in zip(planted, _contexts(answer, planted))}
    for one, (before, after) in zip(found, _contexts(text, found)):
        one.quoted = one.quoted or any(
            value == one.value
            and _shared(before[::-1], left[::-1]) + _shared(after, right) >= COPIED_CONTEXT
            for value, left, right in known
        )


def mark_quoted(text: str, found: list[Number], answer: str) -> None:
    """Mark numbers in quotations, code or quoted lines that hold more than a label, or the answer's.

    A judge that sets its whole verdict in quotation marks or code has not quoted anybody.
    """
    squeezed = _squeeze(answer)
    for quote in QUOTED.finditer(text):
        inside = [one for one in found if quote.start() <= one.start and one.end <= quote.end()]
        if not inside:
            continue
        content = quote.group(0).strip(QUOTE_MARKS)
        words = fold(content)
        for one in inside:
            words = words.replace(fold(one.text), " ")
        words = finder("rating", "overall", "own").sub(" ", re.sub(r"^\w+\n", "", words))
        labelled = finder("rating").search(fold(text[max(0, quote.start() - 40) : quote.start()]))
        own_words = not re.search(r"[^\W\d_]", words)
        stolen = bool(squeezed) and not labelled and _squeeze(content) in squeezed
        for one in inside:
            one.quoted = one.quoted or not own_words or stolen


def planted_too(text: str, one: Number) -> bool:
    """Whether a number that the answer holds as well is not clearly the judge's own."""
    return one.level < 3 or not one.named or not AFTER_VERDICT.match(text, one.end)


def parse_rating(reply: str, answer: str = "") -> Parsed:
    """Read the rating of `reply`; `answer` is the rated text, whose quotations do not count."""
    if not reply.strip():
        return Parsed(None, "empty reply")
    answer = normalise(answer)
    text = normalise(reply).replace(f"[Response]\n{answer}", " ")  # an echo of the whole prompt
    had_reasoning = text
    text = STRUCK_OUT.sub(" ", EXAMPLE.sub(" ", without_reasoning(text, answer)))
    if whole := FENCED.match(text):
        text = whole[1]
    if all(line.lstrip().startswith(">") for line in text.splitlines() if line.strip()):
        text = re.sub(r"^[ \t]*>", "", text, flags=re.MULTILINE) if not candidates(answer) else text
    found = bracketed(text)
    folded = fold(text)
    describe(folded, found)
    lettered = any(one.level >= 3 and one.numeric for one in found)  # "Grade: [[B]]" beside it
    found = [one for one in found if one.numeric or (one.level >= 3 and not lettered)]
    in_answer = candidates(answer)
    planted = {one.value for one in in_answer}
    mark_quoted(text, found, answer)
    if planted:
        mark_copied(text, found, answer, in_answer)
        for one in found:
            if one.value in planted and (one.quoted or planted_too(text, one)):
                one.level, one.why = 0, "the answer's own"
        if _squeeze(text) in _squeeze(answer):
            return Parsed(None, "the whole reply stands in the answer")
    for one in found:
        if one.quoted:
            one.level, one.why = 0, one.why or "quoted"
    if not found:
        cut = candidates(had_reasoning)
        return Parsed(None, "no [[rating]] " + ("outside of reasoning" if cut else "in the reply"))
    chosen, problem = decide(folded, found)
    return Parsed(chosen.value) if chosen else Parsed(None, problem)


def main(path: Path, form: str = "brackets") -> Counter[str]:
    """Print one JSON object per row: `id` (or the line's number), `rating`, `unscored` (why)."""
    counts: Counter[str] = Counter()
    if form == "json":
        from .structured import parse_json as parse
    else:
        parse = parse_rating
    for number, row in enumerate(read_jsonl(path), start=1):
        if not isinstance(row.get("reply"), str) or not isinstance(row.get("answer") or "", str):
            raise InputError(f"{path}, row {number}: needs reply and, if any, answer as text")
        rating, problem, *_ = parse(row["reply"], row.get("answer") or "")
        counts["scored" if problem is None else "unscored"] += 1
        shown = {"id": row.get("id", number), "rating": rating, "unscored": problem}
        print(json.dumps(shown, ensure_ascii=False))
    print(f"{counts['scored']} scored, {counts['unscored']} unscored", file=sys.stderr)
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m mothertongue.judge.parse", description=__doc__)
    parser.add_argument("replies", type=Path, help="JSON Lines: reply, and answer if known")
    parser.add_argument("--reply", choices=("brackets", "json"), default="brackets")
    given = parser.parse_args()
    try:
        main(given.replies, given.reply)
    except InputError as error:
        sys.exit(f"Error: {error}")
