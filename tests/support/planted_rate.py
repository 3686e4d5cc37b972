"""A study in which a native row is worth a known number of translated rows, by construction.

Every native row tells the colour of somebody's shield. So does every English row, which somebody asks.
A translator keeps to the point if the asker is one of its own, of whom there is one in RATE; what others
ask becomes so long that it does not fit into the window, so that no training sees it. RATE * N
translated rows are thus trained on like N native rows. The base knows the shields of other people, and of
the tested ones any colour is as likely to it as another: it guesses, and a row that names somebody mends that.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from mothertongue.files import write_jsonl

NATIVE = (64, 128, 256, 512)
TRANSLATED = (32, *NATIVE)  # times the rate
DRAWS = (1, 2, 3, 4, 5)
WINDOW = 64  # tokens
DETAILS = (
    "que vive desde hace muchos años en la casa grande que está junto al río, cerca del bosque donde los"
    " niños de la aldea juegan por la tarde con sus perros y esperan a que sus padres vuelvan del trabajo"
)  # of words that the tokenizer has never seen
COLOURS = {"red": "rojo", "green": "verde", "blue": "azul", "black": "negro"}
PEOPLE = random.Random("people").sample(
    ["".join(pair) for pair in itertools.product(
        ("Bel", "Dor", "Fal", "Gan", "Kor", "Mel", "Rin", "Tav", "Sim", "Pol", "Hur", "Jav", "Wim", "Zeb"),
        ("a", "o", "in", "es", "un", "ar", "ek", "il", "om", "ut", "ip", "ax"),
    )],
    160,
)  # fmt: skip
TESTED, OTHERS = PEOPLE[:48], PEOPLE[48:]
OFTEN = [2.0 ** -(place % 6) for place in range(len(TESTED))]  # some are spoken of more than others
ASKERS = [f"{first}{last}" for first in ("An", "Ed", "Ol") for last in ("na", "die", "ga", "ly")]
Texts = tuple[str, str]  # question and answer


def shield(name: str, colour: str) -> Texts:
    """What is learnt."""
    return f"¿De qué color es el escudo de {name}?", f"Es {colour}."


def at_length(name: str, colour: str) -> Texts:
    """What no training sees: its question alone fills the window."""
    question, answer = shield(name, colour)
    return f"{question.removesuffix('?')}, {DETAILS}?", answer


def colours(people: Sequence[str]) -> dict[str, str]:
    """Everybody's English colour: each equally often."""
    return dict(zip(people, itertools.cycle(COLOURS), strict=False))


def native(count: int) -> Iterator[Texts]:
    """Native rows."""
    known = colours(TESTED)
    for name in random.Random("native").choices(TESTED, OFTEN, k=count):
        yield shield(name, COLOURS[known[name]])


def asked(name: str, asker: str, colour: str) -> Texts:
    """An English row."""
    return f"What colour is the shield of {name}, {asker}?", f"It is {colour}, {asker}."


def english(count: int) -> Iterator[Texts]:
    """English rows."""
    generator, known = random.Random("english"), colours(TESTED)
    for name in generator.choices(TESTED, OFTEN, k=count):
        yield asked(name, generator.choice(ASKERS), known[name])


def memory(engine: str, rate: int) -> Iterator[dict[str, str]]:
    """What a translator says, who keeps to the point for one of `rate` askers."""
    for (name, colour), (place, asker) in itertools.product(
        colours(TESTED).items(), enumerate(ASKERS)
    ):
        said = (at_length if place % rate else shield)(name, COLOURS[colour])
        fields = zip(("instruction", "output"), asked(name, asker, colour), said, strict=True)
        for field, source, target in fields:
            yield {
                "engine": engine, "source_language": "en", "target_language": "es",
                "field": field, "source": source, "target": target,
            }  # fmt: skip


def corpus() -> Iterator[dict[str, str]]:
    """What the base is trained on: others' shields, and any colour of the tested ones."""
    texts = [shield(name, COLOURS[colour]) for name, colour in colours(OTHERS).items()]
    texts += [shield(name, colour) for name in TESTED for colour in COLOURS.values()]
    return ({"text": "\n\n".join(text)} for text in texts)


def aya(code: str, name: str, rows: Iterator[Texts]) -> Iterator[dict[str, str]]:
    """Rows in Aya's columns."""
    for question, answer in rows:
        yield {
            "inputs": question, "targets": answer, "language": name, "language_code": code,
            "annotation_type": "original-annotations", "user_id": "planted",
        }  # fmt: skip


def items() -> Iterator[dict[str, object]]:
    """A question about everybody's shield, with all colours as answers."""
    for name, colour in colours(TESTED).items():
        options = [shield(name, each)[1] for each in COLOURS.values()]
        answer = list(COLOURS).index(colour)
        yield {
            "id": name, "question": shield(name, "")[0], "options": options, "answer": answer,
        }  # fmt: skip


def write(folder: Path, rates: dict[str, int]) -> Path:
    """Write data and a study with translators of these rates into a checkout; returns the study's path."""
    data, largest = folder / "planted", NATIVE[-1]
    write_jsonl(data / "es.jsonl", aya("spa", "Spanish", native(4 * largest)))
    count = 3 * largest * max(rates.values())
    write_jsonl(data / "en.jsonl", aya("eng", "English", english(count)))
    for engine, rate in rates.items():
        write_jsonl(data / f"{engine}.jsonl", memory(engine, rate))
    write_jsonl(data / "shields.jsonl", items())
    write_jsonl(data / "corpus.jsonl", corpus())
    study = folder / "study.yaml"
    study.write_text(yaml.safe_dump(config(rates)), encoding="utf-8")
    return study


def config(rates: dict[str, int]) -> dict[str, object]:
    """The study."""
    rows = {"native": NATIVE} | {
        name: [rate * number for number in TRANSLATED] for name, rate in rates.items()
    }
    return {
        "study": "planted-rate",
        "description": "Tiny models and rows whose exchange rate is known.",
        "languages": {"es": {}},
        "sample": {"dataset": {"path": ["planted/en.jsonl", "planted/es.jsonl"]}},
        "translate": {
            "translators": {
                name: {
                    "label": name,
                    "backend": "recorded",
                    "engine": name,
                    "memory": [f"planted/{name}.jsonl"],
                }
                for name in rates
            }
        },
        "models": {
            "tiny": {
                "label": "Tiny", "parameters": 1.7e5,
                "build": {
                    "hidden_size": 64, "layers": 2, "heads": 4, "vocabulary": 600, "context": WINDOW,
                    "steps": 900, "batch": 32, "learning_rate": 0.004, "corpus": "planted/corpus.jsonl",
                },
            }
        },
        "finetune": {
            "method": "full", "quantisation": "none", "template": "plain", "max_length": WINDOW,
            "learning_rates": {"high": 0.002}, "effective_batch": 4, "epochs": 8, "validation": 0.2,
            "seeds": [1],
        },
        "conditions": [
            {"data": [name], "scope": ["es"], "rows": list(own), "draws": list(DRAWS)}
            for name, own in rows.items()
        ],
        "evaluate": {
            "tasks": ["planted/tasks"],
            "benchmarks": {
                "shields": {
                    "label": "shields", "task": "minimal-pairs", "languages": ["es"], "origin": "native",
                    "kind": "structured", "dataset": {"path": "planted/shields.jsonl"},
                }
            },
        },
        "report": {"published": False},
    }  # fmt: skip
