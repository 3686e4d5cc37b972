"""Is a row of instruction data in the language that it is labelled with?

All texts of a row are looked at together: a row that asks for a translation holds another language and
is in its own all the same. The identifiers are those of the translation checks.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...sample.rows import Row
from ..languages import scripts
from .language import language_problems

SHOWN = 5  # examples
CHARACTERS = 80  # of an example's text
LONGEST = 4000  # characters of a row that are looked at


@dataclass(frozen=True, slots=True)
class Foreign:
    """A row that is in another language than its label says. `found`: that language, or script."""

    row: Row
    found: str


@dataclass(frozen=True, slots=True)
class LanguageCheck:
    """What the check of a set found: rows looked at, and those in another language."""

    language: str
    rows: int
    foreign: tuple[Foreign, ...]

    def as_json(self) -> dict[str, Any]:
        """The counts and some examples, for a report."""
        return {
            "language": self.language,
            "rows": self.rows,
            "other": dict(Counter(one.found for one in self.foreign).most_common()),
            "examples": [
                {
                    "id": one.row.id,
                    "found": one.found,
                    "text": " ".join(one.row.instruction.split())[:CHARACTERS],
                }
                for one in self.foreign[:SHOWN]
            ],
        }

    def kept(self, rows: Iterable[Row]) -> list[Row]:
        """The rows without those in another language."""
        foreign = {one.row.id for one in self.foreign}
        return [row for row in rows if row.id not in foreign]


def check_languages(rows: Sequence[Row], language: str) -> LanguageCheck:
    """Look at every row of a set that is labelled with one language."""
    found = ((row, other_language("\n".join(row.content), language)) for row in rows)
    foreign = tuple(Foreign(row, other) for row, other in found if other)
    return LanguageCheck(language, len(rows), foreign)


def other_language(text: str, language: str) -> str | None:
    """The language that a text is in instead of `language`, or `another script`; None if it is not."""
    script = scripts().get(language)
    other = "es" if language == "en" else "en"  # any other: there is no source to compare with
    problems = language_problems("", text[:LONGEST], other, language, script)
    named = [p.detail for p in problems if p.kind == "wrong-language"]
    return (named[0] if named else "another script") if problems else None
