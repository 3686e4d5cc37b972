"""The recorded translator: replays a translation memory, exact source text to translation."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from ..errors import InputError
from ..files import matching_files
from ..sample.source import read_table
from .checks.mend import mend
from .languages import scripts
from .settings import Languages, TranslatorSettings

COLUMNS = ("source_language", "target_language", "source", "target")


def read_memory(
    files: Iterable[Path], source: str, target: str, engine: str | None
) -> dict[str, str]:
    """Texts of one direction; where a text was recorded more than once, the first is used."""
    memory: dict[str, str] = {}
    for path in files:
        table = read_table(path, COLUMNS, ("engine",))
        if engine is not None:
            if "engine" not in table.columns:
                raise InputError(f"{path}: no column engine to look for '{engine}' in")
            table = table.filter(pl.col("engine") == engine)
        table = table.filter(
            (pl.col("source_language") == source) & (pl.col("target_language") == target)
        )
        for text, translation in table.select("source", "target").iter_rows():
            if text is not None and translation is not None:
                memory.setdefault(text, translation)
    return memory


class Recorded:
    """Looks whole texts up; what is missing is told all at once."""

    limit = None

    def __init__(self, settings: TranslatorSettings, languages: Languages):
        """Files are read when a direction is first asked for."""
        self.settings = settings
        self._files: list[Path] | None = None
        self._memory: dict[tuple[str, str], dict[str, str]] = {}
        self._pivots: dict[tuple[str, str], dict[str, str]] = {}
        self._missing: dict[tuple[str, str], list[str]] = {}

    def look_up(self, text: str, source: str, target: str) -> str | None:
        """The recorded translation, or None (and the text is noted as missing)."""
        found = self._texts(source, target).get(text)
        if found is None:
            found = self._mended_pivots(source, target).get(text)
        if found is None:
            self._missing.setdefault((source, target), []).append(text)
        return found

    def _texts(self, source: str, target: str) -> dict[str, str]:
        pair = source, target
        if pair not in self._memory:
            if self._files is None:
                key = "translate.translators.*.memory"
                self._files = matching_files(self.settings.memory or [], key)
            self._memory[pair] = read_memory(self._files, *pair, self.settings.engine)
        return self._memory[pair]

    def _mended_pivots(self, source: str, target: str) -> dict[str, str]:
        """Translations of a round trip's pivots, which a dataset holds mended.

        The memory has a pivot as the service wrote it, perhaps in quotes or with zero-width spaces.
        """
        pair = source, target
        if pair not in self._pivots:
            texts, script = self._texts(*pair), scripts().get(source)
            self._pivots[pair] = {
                mend(native, pivot, target, source, script)[0]: texts[pivot]
                for native, pivot in self._texts(target, source).items()
                if pivot in texts
            }
        return self._pivots[pair]

    def forgive(self, text: str, source: str, target: str) -> None:
        """A text that needs no translation is not missing."""
        self._missing[source, target].remove(text)
        if not self._missing[source, target]:
            del self._missing[source, target]

    def raise_missing(self, name: str) -> None:
        """One `InputError` if texts were missing; all of them are listed in the log."""
        if not self._missing:
            return
        for (source, target), texts in self._missing.items():
            print(f"not recorded by '{name}', {source}-{target}:")
            for text in dict.fromkeys(texts):
                print(f"  {text!r}")
        (source, target), texts = next(iter(self._missing.items()))
        texts = list(dict.fromkeys(texts))
        total = sum(len(set(texts)) for texts in self._missing.values())
        shown = "; ".join(repr(text[:60]) for text in texts[:3])
        raise InputError(
            f"translator '{name}' has no recorded translation of {total} texts, such as "
            f"{source}-{target}: {shown}{' …' if total > 3 else ''} "
            "(all are listed in the log; add them to the memory)"
        )
