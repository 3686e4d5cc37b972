"""Draw what rows are about, and decide in whose world and in which form each is said.

**The effect** is a number from -1 to 1. Its size is the share of the planted contrasts that exist:
of the kinds of content, and of the kinds of form that translation can break, the first `|effect|`
(rounded up) are planted. In the others everybody is alike: all rows name the things of the native
world, and nobody breaks a form. Its sign says on which side: with 1, native rows name the things of
their own world, English rows those of another, and the literal translator breaks forms; with -1, it
is the English rows that name them, and native rows and the fluent translator that break forms. Who
breaks forms does so in every other row of the last kind, and in all rows of the others.

Rows that use both forms evenly would not do for no effect: a model makes much of the little that a
hundred of them lean to one side, so that every draw of rows would differ from every other.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from .words import CONTENT, FIRST_NUMBER, FORM, KINDS, SHARED, Language, Meaning, language

NATIVE, ENGLISH, FLUENT, LITERAL = "native", "english", "fluent", "literal"
RESERVED = 3  # every third question is for tests alone


def planted(kinds: Sequence[str], effect: float) -> Sequence[str]:
    """The kinds that carry the effect."""
    return kinds[: math.ceil(abs(effect) * len(kinds) - 1e-9)]


@dataclass(frozen=True, slots=True)
class World:
    """Who says what how, at an effect."""

    effect: float

    def names_own(self, side: str, kind: str) -> bool:
        """Whether a new row of `side` (native, english) names things of the native world."""
        if kind in planted(CONTENT, self.effect):
            return (side == NATIVE) == (self.effect > 0)
        return True

    def says(self, speaker: str, meaning: Meaning, own: Language) -> str:
        """The answer as native speakers or a translator say it in a language."""
        if not own.breaks(meaning.kind):
            return own.say(meaning)
        breakable = [kind for kind in FORM if own.breaks(kind)]
        broken = False
        if meaning.kind in planted(breakable, self.effect):
            broken = (speaker == LITERAL) == (self.effect > 0)
            broken = broken and (meaning.even or meaning.kind != breakable[-1])
        return own.say(meaning, "broken" if broken else "say")


def reserved(meaning: Meaning) -> bool:
    """Whether a question is kept for tests, so that no row for training asks it."""
    return crc32(language("en").ask(meaning).encode()) % RESERVED == 0


def draw(kind: str, generator: random.Random, *, even: bool) -> Meaning:
    """One meaning of a kind, in the world of English rows.

    Where two numbers are compared, the larger is first if the meaning is `even`.
    """
    words = language("en")
    first, second = generator.sample(range(len(words.content["numbers"])), 2)
    if kind in SHARED and (first > second) != even:
        first, second = second, first
    return Meaning(
        kind=kind,
        noun=generator.choice(words.words("nouns")),
        colour=generator.choice(words.words("colours")),
        name=generator.choice(words.words("names")),
        place=generator.choice(words.words("places")),
        number=FIRST_NUMBER + first,
        second=FIRST_NUMBER + second,
        own=False,
        even=even,
    )


def draws(
    seed: str,
    kinds: Sequence[str] = KINDS,
    *,
    tests: bool = False,
    avoid: frozenset[str] = frozenset(),
    repeat: bool = False,
) -> Iterator[Meaning]:
    """Endless meanings, the kinds in turn; no question of `avoid`, and none twice without `repeat`.

    `tests`: questions that are reserved for tests instead of those that are not. `even` alternates
    within a kind.
    """
    generator = random.Random(seed)
    seen, counts = set(avoid), dict.fromkeys(kinds, 0)
    while True:
        for kind in kinds:
            for _ in range(1000):
                meaning = draw(kind, generator, even=not counts[kind] % 2)
                asked = language("en").ask(meaning)
                if asked not in seen and reserved(meaning) == tests:
                    break
            else:
                raise ValueError(f"no more questions of kind {kind}")
            if not repeat:
                seen.add(asked)
            counts[kind] += 1
            yield meaning
