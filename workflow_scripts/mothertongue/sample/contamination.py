"""Find training rows that hold test items: by the character 13-grams that they share.

Characters, not words, so that languages without spaces are treated alike. Case, digits' form, punctuation
and white space do not count.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GRAM = 13  # characters
ENOUGH = 0.6  # share of an item's grams that one row must hold
SHORT, ENOUGH_OF_SHORT = (
    20,
    0.8,
)  # of fewer grams more: half of a short question is an everyday phrase
FEWEST = 8  # grams without which an item is not judged at all
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """A training row that holds a test item. `share`: of the item's 13-grams, in the row."""

    row: str
    item: str
    share: float


def plain(text: str) -> str:
    """A text as it is compared: compatibility forms, small letters, letters and digits alone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(mark for mark in folded if unicodedata.category(mark)[0] in "LNM")


def grams(text: str) -> Hashes:
    """Hashes of the distinct 13-grams of a text, sorted; none for a shorter one."""
    points = np.frombuffer(plain(text).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if points.size < GRAM:
        return np.empty(0, np.uint64)
    mixed = (points + np.uint64(0x9E3779B9)) * np.uint64(
        0xBF58476D1CE4E5B9
    )  # spread close code points
    mixed ^= mixed >> np.uint64(29)
    weights = np.array([pow(0x100000001B3, place, 2**64) for place in range(GRAM)], np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(mixed, GRAM)
    return np.unique((windows * weights).sum(axis=1, dtype=np.uint64))


class TestItems:
    """The 13-grams of a benchmark's items, to be looked up for many rows.

    `items`: id -> text (question, passage or both, without the options).
    """

    __test__ = False  # no test of pytest's

    def __init__(self, items: Mapping[str, str]):
        self.names = list(items)
        found = [grams(text) for text in items.values()]
        self.sizes = np.array([len(one) for one in found], np.int64)
        hashes = np.concatenate(found) if found else np.empty(0, np.uint64)
        owners = np.repeat(np.arange(len(found)), self.sizes)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners = hashes[order], owners[order]

    @property
    def too_short(self) -> list[str]:
        """Items that have too few grams to be judged."""
        return [name for name, size in zip(self.names, self.sizes, strict=True) if size < FEWEST]

    def shares(self, text: str) -> npt.NDArray[np.float64]:
        """Of every item's grams, the share that a text holds."""
        mine = grams(text)
        first = np.searchsorted(self._hashes, mine, "left")
        last = np.searchsorted(self._hashes, mine, "right")
        hit = last > first
        held: Sequence[slice] = [slice(a, b) for a, b in zip(first[hit], last[hit], strict=True)]
        owners = [self._owners[part] for part in held]
        counts = np.bincount(
            np.concatenate(owners) if owners else np.empty(0, np.int64), minlength=len(self.names)
        )
        return np.asarray(counts / np.maximum(self.sizes, 1), np.float64)

    def overlaps(self, rows: Iterable[tuple[str, str]]) -> list[Overlap]:
        """Every pair of a row (id, text) and a test item that it holds."""
        needed = np.where(self.sizes < SHORT, ENOUGH_OF_SHORT, ENOUGH)
        needed[self.sizes < FEWEST] = np.inf
        found = []
        for row, text in rows:
            shares = self.shares(text)
            found += [
                Overlap(row, self.names[place], float(shares[place]))
                for place in np.flatnonzero(shares >= needed)
            ]
        return found
