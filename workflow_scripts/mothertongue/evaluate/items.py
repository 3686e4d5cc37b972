"""Check rows of any source and make items of them, with one shape per family, stable ids and clusters.

Families: `choice` (options A-D), `cloze` (options of free text), `short-answer` (extractive question
answering), `number` (arithmetic with a chain of thought), `text` (likelihood of native rows).
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ..characters import without_invisible
from ..errors import InputError
from ..files import is_missing
from ..numbers import decimal_mark_of, parse_number, plain
from ..sample.rows import Row as DatasetRow
from .fields import MissingCell, MissingColumn, as_text, cell, optional, text
from .identity import PASSAGES, clusters, ids
from .records import (
    ChoiceItem,
    ClozeItem,
    ConversationItem,
    Item,
    NumberItem,
    Report,
    ShortAnswerItem,
    TextItem,
)

Row = Mapping[str, Any]
OPTIONS = ("A", "B", "C", "D")
ANSWER = ("Answer", "answer", "answerKey", "correct_answer_num")
QUESTION = ("Question", "question", "instruction")
NUMBER = ("answer_number", "answer")
DROPPED = "rows with a missing cell"
WANTED = {  # the columns of our own files; those of known datasets are read too
    "choice": "question, A, B, C, D, answer",
    "cloze": "question, options (a list) or A, B, C, D, answer",
    "short-answer": "context, question, answers",
    "number": "question, answer_number",
    "text": "instruction, output",
}


class Reading:
    """How the rows of one source are read: the language of its numbers, and what forms they show."""

    def __init__(self, rows: Sequence[Row], family: str, language: str) -> None:
        """`language`: the language in which the gold answers are written."""
        self.language = language
        self.ambiguous: list[str] = []
        written = [row.get("answer_number", row.get("answer")) for row in rows]
        golds = [value for value in written if isinstance(value, str)]
        self.mark = decimal_mark_of(golds) if family == "number" else None

    @property
    def like(self) -> str | None:
        """A number with the decimal mark that the gold answers show, if they show one."""
        return f"0{self.mark}5" if self.mark else None


def choice_item(row: Row, where: str, reading: Reading) -> ChoiceItem:
    """An item with four options, from CMMLU, C-Eval, m_mmlu, MMMLU, Belebele or our own columns."""
    options = dict(zip(OPTIONS, _options(row, where), strict=True))
    answer = str(cell(row, where, *ANSWER)).strip()
    labels = _labels(row)
    if answer in labels:
        answer = OPTIONS[labels.index(answer)]
    if "correct_answer_num" in row and answer in ("1", "2", "3", "4"):  # Belebele counts from 1
        answer = str(int(answer) - 1)
    answer = answer.removesuffix(".0")  # an integer column with a missing cell, as pandas writes it
    if answer in ("0", "1", "2", "3"):
        answer = OPTIONS[int(answer)]
    if answer not in OPTIONS:
        raise InputError(f"{where}: the answer is {answer[:40]!r}, not one of A, B, C, D")
    return ChoiceItem(
        context=optional(row, *PASSAGES),
        question=text(row, where, *QUESTION),
        **options,
        gold=OPTIONS.index(answer),
        subject=optional(row, "subject", "Subject"),
    )


def cloze_item(row: Row, where: str, reading: Reading) -> ClozeItem:
    """An item with two or more options of free text; the answer is a number, a letter or an option."""
    options = _options(row, where, any_number=True)
    answer = cell(row, where, *ANSWER)
    if isinstance(answer, float) and answer % 1 == 0:  # an integer column with a missing cell
        answer = int(answer)
    told = str(answer).strip()
    numbers = [str(place) for place in range(len(options))]
    letters = [chr(ord("A") + place) for place in range(len(options))]
    texts = options if isinstance(answer, str) else []
    ways = (_labels(row), texts, letters, numbers)
    gold = next((names.index(told) for names in ways if names.count(told) == 1), None)
    if gold is None:
        raise InputError(
            f"{where}: the answer is {told[:40]!r}; wanted: the number of an option (0 to"
            f" {numbers[-1]}), its letter (A to {letters[-1]}) or its text"
        )
    return ClozeItem(
        context=optional(row, *PASSAGES),
        question=text(row, where, *QUESTION),
        options=options,
        gold=gold,
        subject=optional(row, "subject", "Subject"),
    )


def _listed(row: Row) -> Any:
    """The column that lists the options; None where each has a column of its own."""
    if "A" in row or "option_a" in row:
        return None
    return next((row[name] for name in ("choices", "options") if row.get(name) is not None), None)


def _labels(row: Row) -> list[str]:
    """What the listed options are called, in their order: ARC has A to D and 1 to 4."""
    listed = _listed(row)
    labels = listed.get("label") if isinstance(listed, dict) else None
    return [str(label).strip() for label in labels] if isinstance(labels, list | tuple) else []


def _options(row: Row, where: str, *, any_number: bool = False) -> list[str]:
    """The options, from columns of their own or from one that lists them: four, or two and more."""
    listed = _listed(row)
    if isinstance(listed, dict):  # {text: [...], label: [...]}
        listed = listed.get("text")
    if listed is not None:
        if any_number:
            if not isinstance(listed, list) or len(listed) < 2:
                raise InputError(f"{where}: 'options' is not a list of two or more texts")
        elif not isinstance(listed, list) or len(listed) != len(OPTIONS):
            raise InputError(f"{where}: 'choices' is not a list of {len(OPTIONS)} options")
        if any(is_missing(value) for value in listed):
            raise MissingCell(f"{where}: an option of 'choices' is empty")
        return [as_text(value, where, "choices") for value in listed]
    return [
        text(row, where, letter, f"option_{letter.lower()}", f"mc_answer{place}")
        for place, letter in enumerate(OPTIONS, start=1)
    ]


def short_answer_item(row: Row, where: str, reading: Reading) -> ShortAnswerItem:
    """An item of a passage, a question and one or more gold answers."""
    answers = cell(row, where, "answers", "answer")
    if isinstance(answers, dict):  # the hub's form of SQuAD
        answers = answers.get("text", [])
    answers = list(answers) if isinstance(answers, list | tuple) else [answers]
    if not answers or any(is_missing(value) for value in answers):
        raise MissingCell(f"{where}: 'answers' holds no text, or something that is none")
    if not all(isinstance(value, str) for value in answers):
        raise InputError(f"{where}: 'answers' holds no text, or something that is none")
    return ShortAnswerItem(
        context=text(row, where, "context"),
        question=text(row, where, "question"),
        answers=answers,
        subject=optional(row, "subject", "title"),
    )


def number_item(row: Row, where: str, reading: Reading) -> NumberItem:
    """An item of a word problem and its number; `answer` is a worked solution if there is one.

    `answer_number` is the number with a decimal point; `answer_written` shows the marks of the
    gold answer, by which an ambiguous number of a reply is read (metrics.answers_number).
    """
    value = cell(row, where, *NUMBER)
    number, written = read_gold(value, reading)
    if number is None:
        raise InputError(f"{where}: the answer {str(value)[:40]!r} is not a number")
    solution = row.get("answer") if not is_missing(row.get("answer_number")) else None
    return NumberItem(
        question=text(row, where, "question"),
        answer_number=plain(number),
        answer_written=written,
        solution="" if is_missing(solution) else str(solution),
        subject="",
    )


def read_gold(value: Any, reading: Reading) -> tuple[Decimal | None, str]:
    """A gold answer as a number, and a number with the marks that it shows."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None, ""
    if not isinstance(value, str):
        number = Decimal(str(value))
        usable = math.isfinite(number)
        return (number, plain(number) if number % 1 == 0 else "") if usable else (None, "")
    like = reading.like
    parsed = parse_number(value, reading.language, like)
    if parsed is None or not any(mark in value for mark in ".,"):
        return parsed, value.strip()
    if decimal_mark_of([value]):
        return parsed, value
    if like:
        return parsed, like
    if parse_number(value, reading.language, "0.5") != parse_number(value, reading.language, "0,5"):
        reading.ambiguous.append(f"{value.strip()} as {plain(parsed)}")
    return parsed, value


def text_item(row: Row, where: str, reading: Reading) -> TextItem:
    """An item whose output's likelihood after its instruction (and what was said before) is measured."""
    if "turns" in row or row.get("system") is not None:
        whole = DatasetRow.from_json(row, where)
        *earlier, instruction, output = (turn.content for turn in whole.turns)
        return ConversationItem(
            instruction=instruction,
            output=output,
            earlier=earlier,
            system=whole.system,
            subject="",
        )
    return TextItem(
        instruction=text(row, where, "instruction"),
        output=text(row, where, "output"),
        subject="",
    )


FAMILIES: dict[str, Callable[[Row, str, Reading], Item]] = {
    "choice": choice_item,
    "cloze": cloze_item,
    "short-answer": short_answer_item,
    "number": number_item,
    "text": text_item,
}


def make_items(
    rows: Iterable[Row],
    family: str,
    source: str,
    *,
    places: Sequence[str] | None = None,
    language: str = "en",
    cluster: str | None = None,
    parallel: bool = False,
    missing: str = "error",
    report: Report | None = None,
) -> list[Item]:
    """Check rows and bring them into the family's shape, each with a unique id and its cluster.

    `places` names the rows (default: `source, row n`), `language` is that of the gold answers'
    numbers, `cluster` and `parallel` are as in `identity.clusters`. A row with a missing cell is
    an error or, with `missing="drop"`, left out; `report` counts those under `dropped` and takes
    notes on what a reader of the score should know.
    """
    rows = list(rows)
    places = places or [f"{source}, row {number}" for number in range(1, len(rows) + 1)]
    reading = Reading(rows, family, language)
    kept: list[int] = []
    made: list[Item] = []
    for number, row in enumerate(rows):
        try:
            item = FAMILIES[family](row, places[number], reading)
        except MissingCell:
            if missing != "drop":
                raise
            continue
        except MissingColumn as error:
            raise InputError(f"{error}; wanted: {WANTED[family]}") from None
        kept.append(number)
        made.append(item)
    if not made:
        empty = " (every row has a missing cell)" if rows else " (the file or split is empty)"
        raise InputError(f"{source}: no items{empty}")
    chosen, where = [rows[n] for n in kept], [places[n] for n in kept]
    names = ids(chosen, made, where)
    groups = clusters(
        chosen, names, where, [n + 1 for n in kept], column=cluster, parallel=parallel
    )
    items = [
        replace(item, id=name, cluster=group)
        for name, group, item in zip(names, groups, made, strict=True)
    ]
    if report is not None:
        _remark(report, items, reading, len(rows) - len(items))
    return items


def _remark(report: Report, items: list[Item], reading: Reading, dropped: int) -> None:
    """Say in the report what was left out, which options are equal, how golds were read."""
    notes = report.setdefault("notes", [])
    if dropped:
        counts = report.setdefault("dropped", {})
        counts[DROPPED] = counts.get(DROPPED, 0) + dropped
    options = [
        (item.id, item.options if isinstance(item, ClozeItem) else [item.A, item.B, item.C, item.D])
        for item in items
        if isinstance(item, ChoiceItem | ClozeItem)
    ]
    if equal := [told for name, texts in options if (told := _equal_options(name, texts))]:
        notes.append(
            f"items with options that are equal after normalisation: {len(equal)}: {_some(equal)}"
        )
    if reading.ambiguous:
        notes.append(
            "gold answers with two readings, read as the language writes numbers:"
            f" {len(reading.ambiguous)}: {_some(reading.ambiguous)}"
        )


def _some(texts: list[str], most: int = 5) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return "; ".join(texts[:most]) + more


def _equal_options(name: str, options: Sequence[str]) -> str:
    """`id (A = C)` where two options differ in nothing that a reader sees, else nothing."""
    seen: dict[str, list[str]] = {}
    for place, option in enumerate(options):
        plain_text = unicodedata.normalize("NFKC", without_invisible(option))
        plain_text = " ".join(plain_text.split())
        # AaBb and AABB are different genes; Paris and paris are one town
        words = re.findall(r"[^\W\d_]{5,}", plain_text)
        folds = words and all(word[1:].islower() for word in words)
        key = plain_text.casefold() if folds else plain_text
        seen.setdefault(key, []).append(chr(ord("A") + place))
    equal = [" = ".join(letters) for letters in seen.values() if len(letters) > 1]
    return f"{name} ({', '.join(equal)})" if equal else ""
