"""Finds which of the bracketed numbers in a judge's reply is its verdict.

Every number gets a level by what stands around it; the highest level that is there decides, and
only if it says one thing:

    4  named as the whole or the last word   "Overall: [[4]]", "Final rating: [[4]]"
    3  named as the rating, or a line of its own   "Rating: [[4]]", "[[4]]"
    2  called a rating somewhere in a sentence   "First I thought Rating: [[4]]"
    1  a number that nothing names   "this deserves [[4]]"
    0  a mention: the end of a scale, denied, hypothetical, somebody else's, a sub-score

The words are data (`words.yaml`); the structure (sentences, clauses, lines, labels) does the rest,
so that a language without words loses some ratings and gains no false one.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from .patterns import any_of, finder, role, table

SENTENCE = re.compile(
    r"(?<!e\.g)(?<!i\.e)(?<!z\.b)[.!?]+[\"'”»)\]*_`]*(?:\s+|\Z)|[!?]+(?=[^\x00-\x7f])|[。।॥؟۔።]+|[;؛\n]+"
)
CLAUSE = re.compile(rf"[,:،、()|–—]|{role('clause')}")
EDGE = " \t\n\r*_#>|•·–—-+~`\"'“”„«»‘’「」『』()[]{}"
LIST_MARK = re.compile(r"^\s*\d{1,2}[.)]\s+")
PARENTHESES = re.compile(r"\([^()]*\)")
LETTER = re.compile(r"[^\W\d_]")
WORDS = re.compile(r"[^\W\d_]+")
UNIT = re.compile(
    r"\s*(?:分|点|점|points?|puntos?|pontos?|punti|punkte?n?|балл\w*|stars?|estrellas?|[★⭐]\ufe0f?)+"
)
OF_ANOTHER_SCALE = re.compile(rf"[ \t*_]*(?:/|{role('scale')})\s*(\d+(?:[.,]\d+)?)")
ENDS = "(?:" + "|".join([role("scale"), r"[/／]"]) + ")"
BETWEEN_SCALE = re.compile(rf"[ \t*_]*{ENDS}[ \t*_]*")
JOINED = re.compile(rf"[ \t*_,]*(?:{role('joiner')}|[-–—~/&]|)[ \t*_]*")
BEFORE = {  # what may stand directly before the number
    "compared with": re.compile(rf"{role('comparison')}[\s*_]*(?:an?\s+|un[ae]?\s+)?\Z"),
    "the end of a scale": re.compile(rf"{role('maximum')}[\s:*_]*\Z"),
    "denied": re.compile(
        rf"{role('negation')}(?:[\s*_']*(?:{role('bearing')}|{role('rating')}))*[\s*_\"“«]*\Z"
    ),
}
DENIED_AFTER = re.compile(rf"(?:\s*[^\s\[\]]+){{0,2}}?\s*{role('negation')}(?!\s*\[)")
COUNTERFACTUAL = re.compile(rf"(?:\s*[^\s\[\]]+){{0,2}}?\s*{role('counterfactual')}")
FIRST_AFTER = re.compile(role("first_thought"))
COLON = re.compile(r"[:=]\W*\Z")
ANSWER = re.compile(
    any_of([word for words in table("steering")["answer"].values() for word in words])
)
LAST_LABEL = re.compile(rf"{role('rating')}[\s:=*_\"'“«„‘]*\Z")
SUB_SCORE = "a sub-score"
DECLINED = "declined"
TWO_MEANINGS = ("note",)  # a rating in French and German, a remark in English
REACH = 300  # characters of a sentence that are read around a number; degenerate ones never end
NEAR = 60  # characters in which a label belongs to a number


@dataclass
class Number:
    """A bracketed number: where it stands, its value (None: no rating), and what it is."""

    start: int
    end: int
    value: float | None
    text: str
    label: str = ""  # inside the brackets: "[[Rating: 4]]"
    level: int = 1
    why: str = ""  # why it is a mention
    name: str = ""  # a label that no list knows
    named: bool = False  # whether a label stands with it
    shape: tuple[str, int] = ("", 0)  # the label's first word and its number of words
    quoted: bool = False

    @property
    def numeric(self) -> bool:
        """Whether there is a digit at all; `[[N/A]]` has none."""
        return any(char.isdigit() for char in self.text)


def bounds(text: str, number: Number, stops: list[tuple[int, int]]) -> tuple[int, int]:
    """Where the sentence around a number starts and ends."""
    start = max((end for _, end in stops if end <= number.start), default=0)
    return start, min((begin for begin, _ in stops if begin >= number.end), default=len(text))


def pure(label: str) -> bool:
    """Whether a label holds nothing but names of ratings and words that may go with them."""
    left = finder("overall", "rating", "initial", "own").sub(" ", label)
    return not LETTER.search(finder("own").sub(" ", left))


def standing_alone(text: str, number: Number) -> bool:
    """Whether a number has a line of its own."""
    before = text[text.rfind("\n", 0, number.start) + 1 : number.start]
    after = text[number.end :].split("\n", 1)[0]
    after = UNIT.sub("", re.sub(r"^[\s*_]*/\s*5", "", after), count=1)
    return not before.strip(EDGE + ":=") and not after.strip(EDGE + ".!:")


def _line_of_one_word(text: str, number: Number) -> bool:
    """Whether a number stands in a line with one word before it: a row of sub-scores."""
    before = text[text.rfind("\n", 0, number.start) + 1 : number.start].strip(EDGE)
    after = text[number.end :].split("\n", 1)[0].strip(EDGE + ".")
    return bool(before) and not after and len(before.split()) == 1


def heading_of(text: str, number: Number) -> str:
    """The line above a number that has a line of its own, if it is a label."""
    above = text[: text.rfind("\n", 0, number.start) + 1].rstrip().rsplit("\n", 1)[-1]
    return above if len(above) <= NEAR and "[[" not in above else ""


def label_level(label: str) -> tuple[int, str]:
    """The level that a label gives, and its name if it is one that no list knows."""
    colon = label.rstrip(EDGE).endswith((":", "="))
    core = PARENTHESES.sub(" ", LIST_MARK.sub("", label.strip(EDGE))).strip(EDGE + ":=,.")
    rating, overall = finder("rating").search(core), finder("overall").search(core)
    words = WORDS.findall(core)
    if finder("aspect").search(core) and len(words) <= 6 and not (overall and not rating):
        return 0, core
    if colon and finder("revision").search(core) and len(words) <= 6:
        return 4, ""
    if (rating or overall) and pure(core):
        if finder("initial").search(core) or core in TWO_MEANINGS:
            return 2, ""
        return (4 if overall else 3), ""
    named = [m.end() for m in finder("rating").finditer(core)]
    if named and len(core) - named[-1] <= NEAR // 2:
        return 2, ""
    return 1, core if colon and len(words) <= 4 else ""


def describe(text: str, numbers: list[Number]) -> None:
    """Set the level of every number of a folded text, and why it is a mention."""
    stops = [match.span() for match in SENTENCE.finditer(text)]
    for place, number in enumerate(numbers):
        start, end = bounds(text, number, stops)
        start, end = max(start, number.start - REACH), min(end, number.end + REACH)
        before = numbers[place - 1].end if place else 0
        label = text[max(start, before) : number.start].lstrip(",、， ")
        if number.label:
            label = f"{label.rsplit(',', 1)[-1]} {number.label}:"
        alone = standing_alone(text, number)
        if alone and not label.strip(EDGE):
            label = heading_of(text, number)
            if not pure(label.strip(EDGE + ":")) and not finder("aspect").search(label):
                label = ""
        number.level, number.name = label_level(label) if label.strip(EDGE) else (1, "")
        number.named = LETTER.search(label) is not None
        if number.level == 1 and not number.name and _line_of_one_word(text, number):
            number.name = label.strip(EDGE)
        words = WORDS.findall(label)
        number.shape = (words[0], len(words)) if words else ("", 0)
        if alone and not number.named:
            number.level = 3
        if number.level == 0:
            number.why = SUB_SCORE
        elif number.level <= 2 or (number.named and not COLON.search(label)):
            number.why = mention(text, number, start, end)
    _scales(text, numbers)
    for number in numbers:
        if number.why:
            number.level = 0
    shapes = {number.shape for number in numbers if number.why == SUB_SCORE and number.shape[1] > 1}
    for number in numbers:  # "for style [[5]], for content [[2]]": one more of the same shape
        if number.level <= 3 and number.shape in shapes:
            number.level, number.why = 0, SUB_SCORE
    names = {number.name for number in numbers if number.level <= 1 and number.name}
    for number in numbers:
        if len(names) > 1 and number.level == 1 and number.name:
            number.level, number.why = 0, SUB_SCORE


def mention(text: str, number: Number, start: int, end: int) -> str:
    """Why a number that is not labelled as the rating only occurs; empty if it may be one."""
    sentence = finder("conditional").sub(lambda m: " " * len(m[0]), text[start : number.start])
    sentence = LAST_LABEL.sub("", sentence)
    end_of = number.end
    if sentence.endswith("(") and text.startswith(")", end_of):  # an ideal answer ([[5]]) would
        sentence, end_of = sentence[:-1], end_of + 1
    clause = _clause(sentence)
    for why, pattern in BEFORE.items():
        if pattern.search(sentence if why == "the end of a scale" else clause):
            return why
    after = UNIT.sub(" ", text[end_of:end], count=1)
    cut_after = CLAUSE.search(after)
    after = after[: cut_after.start()] if cut_after else after
    if DENIED_AFTER.match(after):
        return "denied"
    if finder("refusal").search(clause):
        return DECLINED
    if finder("first_thought").search(sentence.rpartition("]]")[2]) or FIRST_AFTER.search(after):
        return "a first thought"
    if finder("hypothetical").search(clause) or finder("condition").search(sentence):
        return "hypothetical"
    if COUNTERFACTUAL.match(after):
        return "hypothetical"
    if finder("attribution").search(clause):
        return "somebody else's"
    if finder("other").search(clause) and ANSWER.search(clause):
        return "about another answer"
    introduced = _clause(sentence.rstrip(EDGE + ":=,"))
    return "an example of the form" if finder("format").search(introduced) else ""


def _clause(sentence: str) -> str:
    """The last clause of the beginning of a sentence."""
    return sentence[max((match.end() for match in CLAUSE.finditer(sentence)), default=0) :]


def _scales(text: str, numbers: list[Number]) -> None:
    """Ends of scales, and numbers of one breath, which share their fate."""
    for one, two in pairwise(numbers):
        between = PARENTHESES.sub("", text[one.end : two.start])
        between = UNIT.sub("", between, count=1)
        raw = text[one.end : two.start]
        if BETWEEN_SCALE.fullmatch(raw) and 5 in (one.value, two.value):
            (two if two.value == 5 else one).why = "the end of a scale"
        elif JOINED.fullmatch(between) or (
            (one.value, two.value) == (1, 5) and re.fullmatch(r"[^\W\d]{0,8}", between.strip())
        ):
            if (one.value, two.value) == (1, 5):
                one.why = two.why = "the end of a scale"
                continue
            two.level = one.level = max(one.level, two.level)
            if one.why and not two.why:
                two.why = one.why
    for number in numbers:
        scale = OF_ANOTHER_SCALE.match(text, number.end)
        if scale and float(scale[1].replace(",", ".")) != 5:
            number.value = None


def changes_its_mind(text: str, one: Number, two: Number) -> bool:
    """Whether the text between two numbers says that the later one replaces the earlier."""
    return finder("revision").search(text, one.end, two.start) is not None


def _refusal(text: str, numbers: list[Number]) -> str | None:
    """The words by which a judge declines to rate at all; "I can't give it [[5]]" does not."""
    for match in finder("refusal").finditer(text):
        behind = [n for n in numbers if n.start >= match.end() and n.why in ("denied", DECLINED)]
        if not behind or CLAUSE.search(text, match.end(), behind[0].start):
            return match[0]
    return None


def decide(text: str, numbers: list[Number]) -> tuple[Number | None, str]:
    """The number that is the verdict, or None and why there is none. `text` is folded."""
    level = max((number.level for number in numbers), default=0)
    top = [number for number in numbers if number.level == level]
    if level == 0:
        whys = sorted({number.why for number in numbers})
        shown = ", ".join(number.text for number in numbers[:4])
        return None, f"{shown} only occurs in the reply ({', '.join(whys)})"
    if level == 1 and (refused := _refusal(text, numbers)):
        return None, f"the judge declines (“{refused}”)"
    last = top[-1]
    for one in top[:-1]:
        if one.value != last.value and not changes_its_mind(text, one, last):
            return None, f"the reply gives {one.text} and {last.text}"
    for later in numbers:
        if later.start > last.end and later.level and later.value != last.value:
            if later.level == 3:
                return None, f"the reply gives {last.text} and then {later.text}"
            if changes_its_mind(text, last, later):
                last = later
    if last.value is None:
        return None, f"{last.text} is not a rating from 1 to 5 in halves"
    return last, ""
