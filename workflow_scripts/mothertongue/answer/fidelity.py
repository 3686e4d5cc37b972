"""What is wrong with an answer, told without any judge: its language, its script, loops, its end.

The identifiers are those of the translation checks. An answer that is too short, or holds only names,
numbers, code or links, is in a language that cannot be told: it counts as no mistake.
"""

import re
from collections import Counter
from dataclasses import asdict, dataclass
from unicodedata import category

from ..translate.checks.additions import refuses
from ..translate.checks.prose import IDENTIFIER, WORD, is_only_names, without_code
from ..translate.checks.rows import LONGEST, other_language
from ..translate.languages import LONG_ENOUGH, SCRIPTS, WEIGHT, script_of, scripts, weight

LETTERS = 12  # letters (by weight) of another script from which scripts are mixed
MIXED = 0.2  # and their share of all letters
TIMES = 4  # times that a passage stands one behind the other in a loop
LOOPED = 40  # characters (by weight) that a loop fills at least
LOOP = re.compile(rf"(?s)(.{{1,160}}?)\1{{{TIMES - 1},}}")
JAPANESE = {"HIRAGANA", "KATAKANA", "CJK"}
KOREAN = {"HANGUL", "CJK"}


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What was found in one answer. `language`: the other language it is in, if it is.

    `told`: whether its language can be told at all.
    """

    told: bool
    language: str | None
    mixed_script: bool
    loop: bool
    cut_off: bool
    refusal: bool
    empty: bool

    @property
    def faithful(self) -> bool:
        """Neither in another language nor in mixed scripts, as far as can be told; not empty."""
        return not (self.language or self.mixed_script or self.empty)

    def scores(self) -> dict[str, float]:
        """Metric -> 0 or 100, in the order of METRICS."""
        found = asdict(self) | {
            "language_fidelity": self.faithful,
            "wrong_language": self.language is not None,
            "untold": not self.told,
        }
        return {name: 100.0 * bool(found[name]) for name in METRICS}


# metric -> whether more is better; the first is the main one
METRICS = {
    "language_fidelity": True,
    "wrong_language": False,
    "mixed_script": False,
    "loop": False,
    "cut_off": False,
    "refusal": False,
    "empty": False,
    "untold": False,
}


def fidelity(prompt: str, answer: str, language: str, *, cut_off: bool = False) -> Fidelity:
    """Look at one answer to a question in `language`; `cut_off`: it ended at the token limit."""
    text = answer[:LONGEST]
    empty = not any(char.isalnum() or category(char) == "So" for char in text)  # 👍 is an answer
    own = own_scripts(language)
    asked = set(map(script_of, prompt)) - own - {"LATIN", ""}  # scripts that the question brings in
    prose = "".join(char for char in text if script_of(char) not in asked)
    told = not empty and can_be_told(prose, language)
    mixed = mixes_scripts(prose, own)
    other = other_language(prose, language) if told and not mixed else None
    return Fidelity(
        told=told,
        language=other,
        mixed_script=mixed,
        loop=loops(text),
        cut_off=cut_off,
        refusal=not empty and refuses(prompt, text, language, language) is not None,
        empty=empty,
    )


def own_scripts(language: str) -> set[str]:
    """The scripts that a language is written in, as `script_of` names them; Latin if unknown."""
    script = scripts().get(language, "Latn")
    if script in ("Jpan", "Kore"):
        return JAPANESE if script == "Jpan" else KOREAN
    return {SCRIPTS.get(script, script)}


def can_be_told(text: str, language: str) -> bool:
    """Whether a text has enough prose: no name, number, code or link, and not too short."""
    plain = without_code(text)
    letters = "".join(filter(str.isalpha, plain))
    latin = sum(script_of(char) == "LATIN" for char in letters) > len(letters) / 2
    if latin:  # names stand in Latin letters in every language
        words = language if "LATIN" in own_scripts(language) else "en"
        return weight(letters) >= LONG_ENOUGH and not is_only_names(plain, words)
    return weight(letters) >= LETTERS


def mixes_scripts(text: str, own: set[str]) -> bool:
    """Whether a text is partly in its language's own scripts, partly in others.

    Names, identifiers, code and links in Latin letters belong to every language.
    """
    plain = IDENTIFIER.sub(" ", without_code(text))
    plain = WORD.sub(lambda m: " " if script_of(m[0][0]) == "LATIN" and m[0][0].isupper() else m[0], plain)  # fmt: skip
    amounts = {True: 0.0, False: 0.0}
    for char, count in Counter(plain).items():
        if script := script_of(char):
            amounts[script in own] += count * WEIGHT.get(script, 1.0)
    total = MIXED * sum(amounts.values())
    return amounts[False] >= max(LETTERS, total) and amounts[True] >= total


def loops(text: str) -> bool:
    """Whether a passage that has letters is repeated over and over, up to punctuation and case."""
    for found in LOOP.finditer(" ".join(text.casefold().split())):
        if weight(found[0]) >= LOOPED and any(map(str.isalpha, found[1])):
            return True
    return False
