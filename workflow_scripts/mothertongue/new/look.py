"""Look at a file of instruction data: how it is read, how much it holds, which language it is in."""

import contextlib
import io
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..sample.source import read_source
from ..translate.languages import known_code, second_opinion

MOST = 200  # rows whose language is identified
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file holds. `said`: how it was read, a line each; `pairs`: instruction and output.

    `codes`: the language column's value for each language (our code) in it, if there is such a column;
    `likely`: language that rows were identified as -> number of rows, of those that could be told.
    """

    path: str
    columns: Mapping[str, str]
    said: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    codes: Mapping[str, str]
    likely: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Rows with both texts."""
        return len(self.pairs)

    @property
    def lengths(self) -> str:
        """Lengths of questions and answers in words."""
        questions, answers = ([len(pair[side]) for pair in self.pairs] for side in (0, 1))
        return (
            f"{self.rows:,} rows; characters in the median (longest): instruction"
            f" {statistics.median(questions):,.0f} ({max(questions):,}), output"
            f" {statistics.median(answers):,.0f} ({max(answers):,})"
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
    texts = zip(frame["inputs"].to_list(), frame["targets"].to_list(), strict=True)
    pairs = tuple((a, b) for a, b in texts if (a or "").strip() and (b or "").strip())
    if not pairs:
        raise InputError(f"{path}: no row has both an instruction and an output")
    step = max(1, len(pairs) // MOST)
    found = (second_opinion(f"{a}\n{b}") for a, b in pairs[::step])
    likely = Counter(code for code, sure, _ in found if sure)
    return Looked(
        path, columns, tuple(said.getvalue().splitlines()), pairs, codes, dict(likely.most_common())
    )
