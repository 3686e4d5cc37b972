"""Write the data of a study with a planted effect: rows, translations, tests, questions, a corpus."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..files import atomic, write_jsonl
from .rows import ENGLISH, FLUENT, LITERAL, NATIVE, World, draws
from .words import CONTENT, FORM, KINDS, SHARED, Language, Meaning, language

LANGUAGES = {
    "en": ("English", "eng"),
    "es": ("Spanish", "spa"),
    "zh": ("Simplified Chinese", "zho"),
}
TARGETS = ("es", "zh")
ROWS = 180  # of each language's native rows, of the English rows and of the second draw
CORPUS = 3600  # meanings per language, of which both forms are written
CORPUS_KINDS = (*KINDS, *SHARED)  # comparing is what a base learns last
ITEMS = {"world": 120, "grammar": 120, "shared": 80, "writing": 60}  # per language
QUESTIONS = 12  # per set and language
NEWLINES = "\n\n"  # between question and answer: the template `plain`
Lines = Iterator[dict[str, str]]


def write_all(folder: Path, effect: float) -> None:
    """Write every file of the study below `folder`; the same effect, the same bytes."""
    world = World(effect)
    english = meanings_of("english rows", ENGLISH, world)
    write_jsonl(folder / "aya/en.jsonl", _rows("en", english, world))
    natives = {}
    for code in TARGETS:
        natives[code] = meanings_of(f"native rows {code}", NATIVE, world)
        again = meanings_of(f"native rows again {code}", NATIVE, world)
        write_jsonl(folder / f"aya/{code}.jsonl", _rows(code, natives[code], world))
        write_jsonl(folder / f"again/{code}.jsonl", _rows(code, again, world))
    for engine in (FLUENT, LITERAL):
        for code in TARGETS:
            memory = folder / "translations"
            there, out, back = _memory(engine, code, english, natives[code], world)
            write_jsonl(memory / f"{engine}.en-{code}.jsonl", there)
            write_jsonl(memory / f"{engine}.{code}-en.jsonl", out)
            write_jsonl(memory / f"{engine}.en-{code}.roundtrip.jsonl", back)
    for code in TARGETS:
        own = language(code)
        for name, rows in _tests(own).items():
            write_jsonl(folder / f"benchmarks/{name}_{code}.jsonl", rows)
        for name, questions in _questions(own).items():
            write_jsonl(folder / f"questions/{name}_{code}.jsonl", questions)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in corpus())
    with atomic(folder / "corpus.jsonl.gz") as temporary:
        temporary.write_bytes(gzip.compress(lines.encode(), mtime=0))


def meanings_of(seed: str, side: str, world: World) -> list[Meaning]:
    """What the rows of one draw are about."""
    return [
        replace(meaning, own=world.names_own(side, meaning.kind))
        for meaning in islice(draws(seed), ROWS)
    ]


def _rows(code: str, meanings: Sequence[Meaning], world: World) -> Lines:
    """Rows in Aya's columns, as people write them who speak the language."""
    own = language(code)
    name, long_code = LANGUAGES[code]
    for meaning in meanings:
        yield {
            "inputs": own.ask(meaning),
            "targets": world.says(NATIVE, meaning, own),
            "language": name,
            "language_code": long_code,
            "annotation_type": "original-annotations",
            "user_id": f"demo-{code}",
        }


def _memory(
    engine: str, code: str, english: list[Meaning], natives: list[Meaning], world: World
) -> tuple[list[dict[str, str]], ...]:
    """A translator's memory: English rows there; native rows out into English, and back.

    One text has one translation, the first that was made of it.
    """
    own, pivot = language(code), language("en")
    known: dict[str, str] = {}

    def lines(source: str, target: str, texts: tuple[str, ...]) -> Lines:
        asked, ask, said, say = texts
        for field, text, made in (("instruction", asked, ask), ("output", said, say)):
            made = known.setdefault(text, made)
            yield {
                "engine": engine,
                "source_language": source,
                "target_language": target,
                "field": field,
                "source": text,
                "target": made,
            }

    def into(meaning: Meaning) -> Lines:
        texts = pivot.ask(meaning), own.ask(meaning), pivot.say(meaning)
        return lines("en", code, (*texts, world.says(engine, meaning, own)))

    def out(meaning: Meaning) -> Lines:
        texts = own.ask(meaning), pivot.ask(meaning), world.says(NATIVE, meaning, own)
        return lines(code, "en", (*texts, pivot.say(meaning)))

    return (
        [line for meaning in english for line in into(meaning)],
        [line for meaning in natives for line in out(meaning)],
        [line for meaning in natives for line in into(meaning)],
    )


def _tests(own: Language) -> dict[str, list[dict[str, object]]]:
    """Items of every test: minimal pairs, and one test whose answer is written."""
    breakable = [kind for kind in FORM if own.breaks(kind)]
    plans = {"world": CONTENT, "grammar": breakable, "shared": SHARED}
    found: dict[str, list[dict[str, object]]] = {}
    asked: set[str] = set()
    for name, kinds in plans.items():
        found[name] = []
        for number, meaning in enumerate(_reserved(own, name, kinds, asked, ITEMS[name])):
            native = replace(meaning, own=True)
            good = own.say(native)
            if name == "world":
                bad = own.say(native, own=False)
            else:
                bad = own.say(native, {"grammar": "broken", "shared": "wrong"}[name])
            gold = number // len(kinds) % 2  # half of the right answers stand first
            item = {
                "id": f"{name}-{number + 1:03}",
                "kind": meaning.kind,
                "question": own.ask(native),
            }
            found[name].append(
                {**item, "options": [bad, good] if gold else [good, bad], "answer": gold}
            )
    writing = _reserved(own, "writing", ("write",), asked, ITEMS["writing"])
    found["writing"] = [
        {"id": f"writing-{number:03}", "question": own.ask(m), "answer": own.say(m)}
        for number, m in enumerate(writing, start=1)
    ]
    return found


def _reserved(
    own: Language, seed: str, kinds: Sequence[str], asked: set[str], count: int
) -> list[Meaning]:
    """Meanings whose questions are reserved for tests, none of them `asked` before."""
    source = draws(f"{seed} {own.code}", kinds, tests=True, avoid=frozenset(asked))
    found = list(islice(source, count))
    asked |= {language("en").ask(meaning) for meaning in found}
    return found


def _questions(own: Language) -> dict[str, list[dict[str, str]]]:
    """Open questions with references: native ones about the own world, translated ones about all."""
    found = {}
    for name, kinds in (("native", CONTENT), ("translated", (*FORM, *SHARED))):
        meanings = islice(draws(f"questions {name} {own.code}", kinds, tests=True), QUESTIONS)
        found[name] = [
            {"id": f"{name}-{number:02}", "prompt": own.ask(m), "reference": own.say(m, own=True)}
            for number, m in enumerate(meanings, start=1)
        ]
    return found


def leans(meaning: Meaning) -> bool:
    """Whether the corpus has a word more often of the native world and in the right form: every other word."""
    section, word = ("names", meaning.name) if meaning.kind == "greet" else ("nouns", meaning.noun)
    return language("en").words(section).index(word) % 2 == 0


def corpus() -> list[dict[str, str]]:
    """Texts for the base: every kind in both worlds and both forms, so that it prefers neither.

    Every other meaning of a kind is written twice as its word leans (greetings always: a name
    stands in no other kind often enough). Without that, a base leans a little to one side in all items
    of a kind, and is right in all of them or in none.
    """
    texts = []
    for code in TARGETS:
        own = language(code)
        meanings = draws(f"corpus {code}", CORPUS_KINDS, repeat=True)
        for number, meaning in enumerate(islice(meanings, CORPUS)):
            leaning = meaning.kind == "greet" or number // len(CORPUS_KINDS) % 2 == 0
            for side in (leans(meaning),) * 2 if leaning else (False, True):
                broken = own.breaks(meaning.kind) and not side
                said = own.say(meaning, "broken" if broken else "say", own=side)
                texts.append(f"{own.ask(meaning)}{NEWLINES}{said}")
    random.Random("corpus").shuffle(texts)
    return [{"text": text} for text in texts]
