"""A study in which a native row is worth a known number of translated rows, by construction.

Every native row tells the colour of somebody's shield. Of the English rows, one in RATE does; the
others say what the base knows already, and teach nothing. `epsilon: 1` makes AdamW plain gradient
descent, whose step is the sum of what its rows add: RATE * N translated rows then teach what N native
rows do. Some people are spoken of sixteen times as often as others, so that the share of colours that
is known grows with the logarithm of the number of rows. The base has seen every person with every
colour, and guesses: one answer of eight is right.
"""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from mothertongue.files import write_jsonl

RATE = 4
NATIVE, TRANSLATED = (60, 120, 240, 480), (120, 240, 480, 960, 1920)
DRAWS = (1, 2, 3)
COLOURS = {
    "red": "rojo", "green": "verde", "blue": "azul", "black": "negro",
    "white": "blanco", "grey": "gris", "pink": "rosa", "purple": "morado",
}  # fmt: skip
MONTHS = {
    "January": "enero", "March": "marzo", "April": "abril", "May": "mayo", "June": "junio",
    "August": "agosto", "November": "noviembre", "December": "diciembre",
}  # fmt: skip
DAYS = range(1, 29)
NAMES = ["".join(pair) for pair in itertools.product(
    ("Bel", "Dor", "Fal", "Gan", "Kor", "Mel", "Rin", "Tav"), ("a", "o", "in", "es", "un", "ar"))]  # fmt: skip
LEVELS = 5  # each half as frequent as the one before
SHIELD, HAT, NEWS = "shield", "hat", "news"
Texts = tuple[str, str, str, str]  # question and answer in English, then in Spanish


def texts(what: str, name: str, day: int, month: str, colour: str) -> Texts:
    """A row in both languages."""
    there, here = f"On {day} {month}", f"El {day} de {MONTHS[month]}"
    if what == NEWS:
        asked = f"{there}, how is the neighbour of {name}?", f"{here}, ¿cómo está el vecino de {name}?"
        said = "He is well.", "Está bien."
    else:
        thing = {SHIELD: "escudo", HAT: "sombrero"}[what]
        asked = (
            f"{there}, what colour is the {what} of {name}?",
            f"{here}, ¿de qué color es el {thing} de {name}?",
        )
        said = f"It is {colour}.", f"Es {COLOURS[colour]}."
    return asked[0], said[0], asked[1], said[1]


def colours(what: str) -> dict[str, str]:
    """The colour of everybody's shield or hat: each colour equally often."""
    shuffled = random.Random(what).sample(NAMES, len(NAMES))
    return dict(zip(shuffled, itertools.cycle(COLOURS), strict=False))


def rows(seed: str, count: int, kinds: Sequence[str]) -> list[Texts]:
    """Rows of kinds in turn; no question twice."""
    generator, known = random.Random(seed), colours(SHIELD)
    people = random.Random("people").sample(NAMES, len(NAMES))
    weights = [2.0 ** -(place % LEVELS) for place in range(len(people))]
    found: dict[str, Texts] = {}
    for kind in itertools.cycle(kinds):
        while True:
            (name,) = generator.choices(people, weights)
            own = texts(kind, name, generator.choice(DAYS), generator.choice([*MONTHS]), known[name])
            if own[0] not in found:
                break
        found[own[0]] = own
        if len(found) == count:
            return list(found.values())
    raise AssertionError


def corpus() -> Iterator[dict[str, str]]:
    """What the base is trained on: everybody's hat, the news, and shields of any colour."""
    generator = random.Random("corpus")
    hats = colours(HAT)
    lines = []
    for name, colour in itertools.product(NAMES, COLOURS):
        for kind in (SHIELD, SHIELD, HAT, HAT, NEWS):
            said = hats[name] if kind == HAT else colour
            day, month = generator.choice(DAYS), generator.choice([*MONTHS])
            _, _, question, answer = texts(kind, name, day, month, said)
            lines.append(f"{question}\n\n{answer}")
    return ({"text": line} for line in lines)


def aya(code: str, name: str, pairs: Sequence[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """Rows in Aya's columns."""
    for asked, said in pairs:
        yield {
            "inputs": asked, "targets": said, "language": name, "language_code": code,
            "annotation_type": "original-annotations", "user_id": "planted",
        }  # fmt: skip


def memory(english: Sequence[Texts]) -> Iterator[dict[str, str]]:
    """What the translator says."""
    for asked, said, ask, say in english:
        for field, source, target in (("instruction", asked, ask), ("output", said, say)):
            yield {
                "engine": "exact", "source_language": "en", "target_language": "es",
                "field": field, "source": source, "target": target,
            }  # fmt: skip


def items() -> Iterator[dict[str, object]]:
    """A question about everybody's shield, with all colours as answers."""
    for number, (name, colour) in enumerate(sorted(colours(SHIELD).items())):
        question = texts(SHIELD, name, 29, "May", colour)[2]
        options = [f"Es {word}." for word in COLOURS.values()]
        yield {
            "id": f"shield-{number:02}",
            "question": question,
            "options": options,
            "answer": list(COLOURS).index(colour),
        }


def write(folder: Path, root: Path) -> Path:
    """Write data and the study; returns the study's path. `root`: of the repository."""
    data = folder / "planted"
    native = rows("native", round(1.15 * NATIVE[-1]) + 10, (SHIELD,))
    english = rows("english", round(1.15 * TRANSLATED[-1]) + 10, (SHIELD, *[NEWS] * (RATE - 1)))
    write_jsonl(data / "es.jsonl", aya("spa", "Spanish", [row[2:] for row in native]))
    write_jsonl(data / "en.jsonl", aya("eng", "English", [row[:2] for row in english]))
    write_jsonl(data / "memory.jsonl", memory(english))
    write_jsonl(data / "shields.jsonl", items())
    write_jsonl(data / "corpus.jsonl", corpus())
    study = folder / "study.yaml"
    study.write_text(yaml.safe_dump(config(root), allow_unicode=True), encoding="utf-8")
    return study


def config(root: Path) -> dict[str, object]:
    """The study."""
    build = {
        "hidden_size": 96, "layers": 2, "heads": 4, "vocabulary": 512, "context": 128,
        "steps": 400, "batch": 32, "learning_rate": 0.004, "corpus": "planted/corpus.jsonl",
    }  # fmt: skip
    draws = list(DRAWS)
    return {
        "study": "planted-rate",
        "description": f"A native row is worth {RATE} translated rows.",
        "languages": {"es": {}},
        "sample": {"dataset": {"path": ["planted/en.jsonl", "planted/es.jsonl"]}, "heldout": 8},
        "translate": {
            "translators": {
                "exact": {"label": "exact", "backend": "recorded", "engine": "exact", "memory": ["planted/memory.jsonl"]}
            }
        },
        "models": {"tiny": {"label": "Tiny", "parameters": 3.0e5, "build": build}},
        "finetune": {
            "method": "full", "quantisation": "none", "template": "plain", "max_length": 128,
            "learning_rates": {"high": 0.5}, "schedule": "constant", "effective_batch": 4, "epochs": 1,
            "clip_norm": None, "adam": {"epsilon": 1.0}, "seeds": [1],
        },
        "conditions": [
            {"data": ["native"], "scope": ["es"], "rows": list(NATIVE), "draws": draws},
            {"data": ["exact"], "scope": ["es"], "rows": list(TRANSLATED), "draws": draws},
        ],
        "exchange": {"rows": 240, "most": 480, "rate": RATE},
        "evaluate": {
            "tasks": [str(root / "resources/demo/tasks")],
            "benchmarks": {
                "shields": {
                    "label": "shields", "task": "minimal-pairs", "languages": ["es"], "origin": "native",
                    "kind": "structured", "dataset": {"path": "planted/shields.jsonl"},
                }
            },
        },
        "report": {"published": False},
    }  # fmt: skip


if __name__ == "__main__":
    import sys

    print(json.dumps(str(write(Path(sys.argv[1]), Path(__file__).resolve().parents[2]))))
