"""Look at a file of instruction data: how it is read, how much it holds, which language it is in."""

import contextlib
import io
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..sample.draw import dataset_rows
from ..sample.rows import FIELDS, Row
from ..sample.source import read_source
from ..translate.languages import known_code, second_opinion

MOST = 200  # rows whose language is identified
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file holds. `said`: how it was read, a line each; `rows`: those without an empty text.

    `codes`: the language column's value for each language (our code) in it, if there is such a column;
    `likely`: language that rows were identified as -> number of rows, of those that could be told;
    `empty`: rows left out for an empty text; `repeated`: rows of `rows` that repeat an earlier one.
    """

    path: str
    columns: Mapping[str, str]
    said: tuple[str, ...]
    rows: tuple[Row, ...]
    codes: Mapping[str, str]
    likely: Mapping[str, int]
    empty: int = 0
    repeated: int = 0

    @property
    def counted(self) -> str:
        """How many rows count, and what is left out or stands there again, in words."""
        whole = len(self.rows) + self.empty
        found = f"{len(self.rows):,} {f'of {whole:,} ' if self.empty else ''}rows"
        if self.empty:
            found += f"; left out with an empty instruction or output: {self.empty:,}"
        if self.repeated:
            kept = "kept (sample.duplicates: drop keeps one of each)"
            found += f"; exact repetitions: {self.repeated:,}, {kept}"
        return found

    @property
    def lengths(self) -> str:
        """Rows, and lengths of first instructions and last answers, in words."""
        asked, answered = ([len(getattr(row, side)) for row in self.rows] for side in FIELDS)
        several = sum(not row.is_pair for row in self.rows)
        return (
            self.counted
            + (f"; {several:,} with several turns or a system message" if several else "")
            + f"; characters in the median (longest): instruction {statistics.median(asked):,.0f}"
            f" ({max(asked):,}), output {statistics.median(answered):,.0f} ({max(answered):,})"
        )

    def share_in(self, language: str) -> float | None:
        """The share of rows in a language, of those that could be told; None without any."""
        told = sum(self.likely.values())
        return self.likely.get(language, 0) / told if told else None


def look(path: str, language: str, columns: Mapping[str, str], key: str) -> Looked:
    """Read a file as a study would. `key` names it in messages (`languages.sw.native`).

    Where the file tells languages apart, only the rows of `language` count.
    """
    source: dict[str, Any] = {"path": path, **({"columns": dict(columns)} if columns else {})}
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            frame = read_source(source, key)
    except InputError as error:
        if f"{key}.columns" in str(error) and not columns:
            raise InputError(f"{error} (here: --columns instruction=NAME output=NAME)") from None
        raise
    codes: dict[str, str] = {}
    if "language_code" in frame.columns:
        for value in frame["language_code"].drop_nulls().unique().sort().to_list():
            codes.setdefault(known_code(value), value)
        if len(codes) > 1:
            if language not in codes:
                raise InputError(
                    f"{path}: no row is in '{language}' (its languages: {', '.join(sorted(codes))})"
                )
            frame = frame.filter(frame["language_code"] == codes[language])
    rows, counts = dataset_rows(
        frame, language, max_characters=None, empty="drop", duplicates="keep"
    )
    if not rows:
        raise InputError(f"{path}: no row has both an instruction and an output")
    step = max(1, len(rows) // MOST)
    found = (second_opinion("\n".join(row.content)) for row in rows[::step])
    likely = Counter(code for code, sure, _ in found if sure)
    return Looked(
        path,
        columns,
        tuple(said.getvalue().splitlines()),
        tuple(rows),
        codes,
        dict(likely.most_common()),
        counts["empty"],
        counts["duplicates"],
    )
