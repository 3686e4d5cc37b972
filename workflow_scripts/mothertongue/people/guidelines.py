"""What annotators are told, in their own language: guidelines.yaml, English where it has none."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..files import load_yaml, read_text
from .records import MARKS, RATING


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. `language`: the code of the language that they are really in."""

    language: str
    texts: dict[str, str]

    @property
    def question(self) -> str:
        """The heading of a question."""
        return self.texts["question"]

    def answers(self, mode: str) -> tuple[str, ...]:
        """The headings of answers."""
        name = self.texts["answer"]
        return (name,) if mode == RATING else (f"{name} A", f"{name} B")

    def task(self, mode: str) -> str:
        """What is asked about an item, in one line."""
        return self.texts[f"{mode}_task"]

    def guidelines(self, mode: str) -> str:
        """What annotators read first."""
        return self.texts[mode]

    @staticmethod
    def keys(mode: str) -> list[tuple[str, str]]:
        """The keys of the keyboard, and what each says."""
        return list(zip(MARKS, MARKS)) if mode == RATING else list(zip("123", ("A", "tie", "B")))

    def as_json(self) -> dict[str, str]:
        """All words, for the page."""
        return self.texts


@cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, Any] = load_yaml(Path(__file__).with_name("guidelines.yaml"))
    return found


def words_of(language: str, mode: str, own: Path | None = None) -> Words:
    """The words of a language; `own`: a file with guidelines instead of ours."""
    table = _table()
    code = language if language in table else "en"
    words = Words(code, {**table["en"], **table[code]})
    if own is None:
        return words
    return replace(words, texts={**words.texts, mode: read_text(own).strip()})
