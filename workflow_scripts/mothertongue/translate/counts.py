"""Counts for the report of a translated set: rows asked, mended, flagged and left out, by kind."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..files import read_json
from ..sample.rows import FIELDS, Row
from .languages import weight

LONG = 20.0  # weight of letters of a reply that two different texts seldom share


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that the translated set lacks, and why.

    `field`: the text at fault; `detail`: the status of the calls, or what was seen.
    """

    id: str
    field: str
    kind: str
    detail: str = ""

    def __str__(self) -> str:
        """Id, field, kind and detail, as a message names them."""
        return f"{self.id} ({self.field}): {self.kind}{self.detail and f', {self.detail}'}"


@dataclass
class Tally:
    """Counts of a set. `mended`, `flagged` and `missing` count rows by kind; `problems` segments."""

    asked: int = 0
    rows: int = 0
    segments: int = 0
    split_texts: int = 0
    same_language_rows: int = 0
    flagged_rows: int = 0
    mended_rows: int = 0
    quarantined_segments: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    mended: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    passed_through: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    weights: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    characters: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)  # long replies to several different texts
    _first: dict[int, int] = field(default_factory=dict)  # such a reply -> the text it came for

    def count_row(self, source: Row, made: Row, flags: set[str], mended: set[str]) -> None:
        """Count a row that is written, with the kinds of its flags and of what was mended."""
        self.rows += 1
        self.flagged_rows += bool(flags)
        self.mended_rows += bool(mended)
        self.flagged.update(flags)
        self.mended.update(mended)
        for side, row in (("source", source), ("translation", made)):
            for text in row.texts():
                self.weights[text.field, side] += weight(text.text)
        for asked, told in zip(source.texts(), made.texts(), strict=True):
            if weight(told.text) >= LONG:
                own = hash(asked.text)
                if self._first.setdefault(hash(told.text), own) != own:
                    self.same[told.text] += 1

    @property
    def missing_share(self) -> float:
        """Share of the rows asked that were left out."""
        return len(self.left_out) / self.asked if self.asked else 0.0

    def as_report(self) -> dict[str, Any]:
        """The tally as JSON: counts, shares and length ratios."""
        ratios = {}
        for name in FIELDS:
            source = self.weights[name, "source"]
            ratios[name] = round(self.weights[name, "translation"] / source, 4) if source else None
        quarantined = self.flagged_rows + len(self.left_out)
        return {
            "asked": self.asked,
            "rows": self.rows,
            "mended_rows": self.mended_rows,
            "mended": by_name(self.mended),
            "flagged_rows": self.flagged_rows,
            "flagged": by_name(self.flagged),
            "left_out_rows": len(self.left_out),
            "left_out": by_name(Counter(row.kind for row in self.left_out)),
            "missing": [
                {"id": row.id, "field": row.field, "kind": row.kind, "detail": row.detail}
                for row in self.left_out
            ],
            "missing_share": round(self.missing_share, 6),
            "segments": self.segments,
            "split_texts": self.split_texts,
            "same_language_rows": self.same_language_rows,
            "passed_through": by_name(self.passed_through),
            "quarantined_rows": quarantined,
            "quarantined_share": round(quarantined / self.asked, 6) if self.asked else 0.0,
            "quarantined_segments": self.quarantined_segments,
            "problems": by_name(self.problems),
            "length_ratio": ratios,
            "characters": dict(self.characters),
        }


def by_name(counts: Counter[str]) -> dict[str, int]:
    """Counts in the order of their names."""
    return dict(sorted(counts.items()))


def ids_left_out(reports: Iterable[Any]) -> set[str]:
    """Ids that sets lack, from their reports; reports of earlier versions name none."""
    return {row["id"] for path in reports for row in read_json(path).get("missing", ())}
