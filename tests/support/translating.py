"""Made-up English rows, calls of the translating script, and recorded replies of services."""

import random

from mothertongue.files import read_jsonl, write_jsonl
from mothertongue.translate.split import passes_through, split
from standin import StandIn
from translate_texts import main

API = {"concurrency": 24, "timeout": 20, "retries": 12, "check_retries": 10, "backoff": 0.02}


LANGUAGES = {
    "en": {"name": "English", "script": "Latn", "google": "en", "flores": "eng_Latn"},
    "ru": {"name": "Russian", "script": "Cyrl", "google": "ru", "flores": "rus_Cyrl"},
    "es": {"name": "Spanish", "script": "Latn", "google": "es", "flores": "spa_Latn"},
}


ENGLISH = [
    "the",
    "old",
    "town",
    "behind",
    "our",
    "river",
    "has",
    "seven",
    "small",
    "bridges",
    "and",
    "people",
    "who",
    "walk",
    "there",
    "every",
    "morning",
    "will",
    "tell",
    "you",
    "about",
    "floods",
    "that",
    "came",
    "long",
    "before",
    "their",
    "own",
    "time",
]


def english_rows(number: int) -> list[dict]:
    draw = random.Random(number)
    text = lambda n: " ".join(draw.choice(ENGLISH) for _ in range(n)).capitalize() + "."  # noqa: E731
    return [
        {
            "id": f"en-{i}",
            "language": "en",
            "instruction": f"{text(14)} Case {i + 100}.",
            "output": f"  {text(20)}\n\n- {text(9)}\n" if i % 9 else "42",
            "origin": {
                "dataset": "x",
                "revision": "y",
                "source_id": f"en-{i}",
                "target_language": "es",
            },
        }
        for i in range(number)
    ]


def back_to_english(text: str) -> str:
    """A deterministic English text of about the same length and with the same numbers."""
    shift = len(text)
    made = [
        word if any(char.isdigit() for char in word) else ENGLISH[(shift + 5 * i) % len(ENGLISH)]
        for i, word in enumerate(text.split())
    ]
    return " ".join(made) + "."


class FaultFor(StandIn):
    """A server with one fault, every time, for the instructions of some rows."""

    def __init__(self, rows: list[dict], kind: str):
        super().__init__(faults=1.0, kinds=(kind,))
        self.faulty = {row["instruction"].strip() for row in rows}

    def fault(self, text: str) -> str | None:
        return super().fault(text) if text.strip() in self.faulty else None


def files_in(folder) -> dict:
    """The files of `translate_texts.main`, in one folder."""
    return {
        "store_file": folder / "replies.sqlite",
        "source_file": folder / "source.jsonl",
        "translated_file": folder / "es.jsonl",
        "report_file": folder / "es.report.json",
        "quarantine_file": folder / "es.quarantine.jsonl",
    }


def translate(folder, server, rows, *, backend="openai", api=API, price=None, replay=None, **more):
    folder.mkdir(exist_ok=True)
    write_jsonl(folder / "source.jsonl", rows)
    base_url = more.pop("base_url", None) or server.base_url(backend)
    main(
        name="stand-in",
        translator={"backend": backend, "model": "m", "base_url": base_url, "temperature": 0.0},
        operating={"api": api, "batch": 1, "replay": replay, "price": price or {}},
        languages=LANGUAGES,
        target=more.pop("target", "target_language"),
        max_quarantined=more.pop("max_quarantined", 0.0),
        **files_in(folder) | more,
    )
    return read_jsonl(folder / "es.jsonl")


def recorded_replies(shared, engine, source, target, ids):
    """Recorded replies of one direction (source text -> translation), and its rows."""
    import polars as pl

    memory = pl.read_parquet(shared / "data/translations/translation_memory.parquet").filter(
        (pl.col("engine") == engine)
        & (pl.col("source_language") == source)
        & (pl.col("target_language") == target)
        & pl.col("source_id").str.starts_with(ids)
    )
    replies: dict[str, str] = {}
    for text, translation in memory.select("source", "target").iter_rows():
        replies.setdefault(text.strip(), translation.strip())
    wide = memory.pivot(on="field", index="source_id", values="source", maintain_order=True)
    rows = [
        {
            "id": name,
            "language": source,
            "instruction": one,
            "output": two,
            "origin": {"target_language": target},
        }
        for name, one, two in wide.select("source_id", "instruction", "output").iter_rows()
    ]
    assert len(rows) == 423
    return replies, rows


def unsplit(text, backend):
    """Whether a text goes out as one segment, whole."""
    pieces = split(text, {"google": 1500, "cohere": 8000}[backend])
    sent = [piece for piece in pieces if piece.send]
    return len(sent) == 1 and not any(p.code for p in pieces) and not passes_through(sent[0].text)
