"""A table that can be written as CSV, LaTeX (booktabs) and sortable HTML, and a page of tables."""

import csv
import html
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .digits import with_interval

MISSING = "–"
ADDRESS = re.compile(r"https?://[^\s<>\"']+")
T = TypeVar("T")


@dataclass(frozen=True)
class Mark:
    """A cell with emphasis, its own wording, an interval, or a hint shown on hover."""

    value: float | str | None
    bold: bool = False
    underline: bool = False
    text: str | None = None
    hint: str = ""
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Column:
    """A column: its label, the group label above it, decimals of numbers."""

    label: str
    group: str = ""
    digits: int = 1
    hint: str = ""
    sign: bool = False


Entry = Mark | float | int | str | None


@dataclass
class Table:
    """Rows under columns. `keys` columns stand left and name the row."""

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Entry]] = field(default_factory=list)
    keys: int = 1
    notes: list[str] = field(default_factory=list)

    def empty_columns(self) -> list[int]:
        """Columns after the keys without any value."""
        return [
            place
            for place in range(self.keys, len(self.columns))
            if all(is_missing(row[place]) for row in self.rows)
        ]

    def text_columns(self) -> list[bool]:
        """Whether a column is to stand left: the keys, and those that hold words only."""
        held = [[raw(row[place]) for row in self.rows] for place in range(len(self.columns))]
        known = [[value for value in own if value not in (None, "")] for own in held]
        return [
            place < self.keys or bool(own and all(isinstance(value, str) for value in own))
            for place, own in enumerate(known)
        ]

    def without_empty(self) -> "Table":
        """The table without rows and columns that hold nothing."""
        drop = set(self.empty_columns())
        keep = [place for place in range(len(self.columns)) if place not in drop]
        rows = [
            [row[place] for place in keep]
            for row in self.rows
            if not all(is_missing(entry) for entry in row[self.keys :])
        ]
        columns = [self.columns[place] for place in keep]
        return Table(self.name, self.title, columns, rows, self.keys, self.notes)


@dataclass(frozen=True)
class Field(Generic[T]):
    """A column, and what stands in it for a row of any kind."""

    column: Column
    value: Callable[[T], Entry]


def tabulate(
    name: str, title: str, fields: Sequence[Field[T]], rows: Iterable[T], *, keys: int = 1
) -> Table:
    """A table with a line per row."""
    lines = [[field.value(row) for field in fields] for row in rows]
    return Table(name, title, [field.column for field in fields], lines, keys)


@dataclass
class Page:
    """One item of the report: tables with the question they answer."""

    group: str
    name: str
    title: str
    question: str
    look: str
    facts: str
    category: str
    subcategory: str
    labels: dict[str, str]
    tables: list[Table]
    notes: list[str] = field(default_factory=list)

    @property
    def caption(self) -> str:
        """The caption in the report: question, what to look for, n, metric and seeds."""
        return f"{self.question} {self.look} {self.facts}".strip()


def raw(entry: Entry) -> float | str | None:
    """A cell's value without emphasis; NaN counts as none."""
    value = entry.value if isinstance(entry, Mark) else entry
    return None if isinstance(value, float) and math.isnan(value) else value


def is_missing(entry: Entry) -> bool:
    """Whether a cell holds nothing."""
    return raw(entry) in (None, "")


def words(entry: Entry, column: Column) -> str:
    """A cell as text."""
    if isinstance(entry, Mark) and entry.text is not None:
        return entry.text
    value = raw(entry)
    if value is None or value == "":
        return MISSING
    if isinstance(value, str):
        return value
    if isinstance(value, int) or column.digits == 0:
        return f"{value:+,.0f}" if column.sign else f"{value:,.0f}"
    interval = interval_of(entry)
    if interval:
        return with_interval(value, *interval, fewest=column.digits, sign=column.sign)
    text = f"{value:+.{column.digits}f}" if column.sign else f"{value:.{column.digits}f}"
    return real_minus(text)


def p_mark(p: float | None) -> Entry:
    """A p value; the smallest ones as a bound."""
    return Mark(p, text="< 0.001") if p is not None and p < 0.0005 else p


def real_minus(text: str) -> str:
    """Numbers in a text with a minus sign that is one; none before a zero, none inside a name."""
    text = re.sub(r"(?<!\w)-(?=0\.?0*(?![\d.]))", "", text)
    return re.sub(r"(?<!\w)-", "−", text)


def interval_of(entry: Entry) -> tuple[float, float] | None:
    """A cell's interval."""
    return entry.interval if isinstance(entry, Mark) else None


def to_csv(table: Table) -> str:
    """The table as CSV: full precision, groups in the column names, intervals as two columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    wide = {
        place
        for place in range(len(table.columns))
        if any(interval_of(row[place]) for row in table.rows)
    }
    head = []
    for place, column in enumerate(table.columns):
        name = ": ".join(filter(None, (column.group, column.label)))
        head += [name, f"{name}, low", f"{name}, high"] if place in wide else [name]
    writer.writerow(head)
    for row in table.rows:
        cells: list[Any] = []
        for place, entry in enumerate(row):
            cells.append(raw(entry))
            if place in wide:
                cells += interval_of(entry) or (None, None)
        writer.writerow(["" if value is None else plain(value) for value in cells])
    return out.getvalue()


def plain(value: float | str | None) -> str:
    """A number without needless digits."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


LATEX = str.maketrans(
    {
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "–": "--",
        "−": "$-$",
        "<": "$<$",
        ">": "$>$",
        "·": r"$\cdot$",
        "…": r"\dots{}",
        "≥": r"$\geq$",
        "≤": r"$\leq$",
        "→": r"$\rightarrow$",
        "←": r"$\leftarrow$",
        "Δ": r"$\Delta$",
        "±": r"$\pm$",
    }
)


def to_latex(table: Table) -> str:
    """The table for a paper: booktabs rules, bold and underlined cells (needs booktabs)."""
    keys = table.keys
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{table.title.translate(LATEX)}}}",
        rf"\begin{{tabular}}{{{''.join('l' if text else 'r' for text in table.text_columns())}}}",
        r"\toprule",
    ]
    groups = group_spans(table.columns)
    if any(label for label, _, _ in groups):
        cells = [
            rf"\multicolumn{{{span}}}{{c}}{{{label.translate(LATEX)}}}"
            if label
            else " & ".join([""] * span)
            for label, _, span in groups
        ]
        lines.append(" & ".join(cells) + r" \\")
        lines.append(
            "".join(
                rf"\cmidrule(lr){{{start + 1}-{start + span}}}"
                for label, start, span in groups
                if label
            )
        )
    lines.append(" & ".join(c.label.translate(LATEX) for c in table.columns) + r" \\")
    lines.append(r"\midrule")
    previous: Any = None
    for row in table.rows:
        first = raw(row[0])
        if previous is not None and keys > 1 and first != previous:
            lines.append(r"\midrule")
        cells = []
        for place, (entry, column) in enumerate(zip(row, table.columns, strict=True)):
            repeated = place == 0 and keys > 1 and first == previous
            text = "" if repeated else words(entry, column).translate(LATEX)
            if isinstance(entry, Mark) and text:
                text = rf"\underline{{{text}}}" if entry.underline else text
                text = rf"\textbf{{{text}}}" if entry.bold else text
            cells.append(text)
        lines.append(" & ".join(cells) + r" \\")
        previous = first
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\\[2pt]{{\footnotesize {note.translate(LATEX)}}}" for note in table.notes]
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"


def group_spans(columns: Sequence[Column]) -> list[tuple[str, int, int]]:
    """(label, first column, number of columns) of the row of group labels."""
    spans: list[tuple[str, int, int]] = []
    for place, column in enumerate(columns):
        if spans and spans[-1][0] == column.group and column.group:
            label, start, span = spans[-1]
            spans[-1] = (label, start, span + 1)
        else:
            spans.append((column.group, place, 1))
    return spans


def to_html(table: Table) -> str:
    """The table as HTML whose columns sort by a click (see page.py for script and style)."""
    escape = html.escape
    lines = [f'<table class="sortable" data-name="{escape(table.name)}">', "<thead>"]
    spans = group_spans(table.columns)
    if any(label for label, _, _ in spans):
        lines.append('<tr class="groups">')
        lines += [
            f'<th colspan="{span}" class="{"group" if label else ""}">{escape(label)}</th>'
            for label, _, span in spans
        ]
        lines.append("</tr>")
    lines.append('<tr class="leaves">')
    texts = table.text_columns()
    for place, column in enumerate(table.columns):
        kind = "key" if place < table.keys else "words" if texts[place] else "number"
        hint = f' title="{escape(column.hint)}"' if column.hint else ""
        lines.append(
            f'<th class="{kind}"{hint} aria-sort="none"><button type="button">'
            f"{escape(column.label)}</button></th>"
        )
    lines += ["</tr>", "</thead>", "<tbody>"]
    previous: Any = None
    for row in table.rows:
        first = raw(row[0])
        start = (
            ' class="start"'
            if table.keys > 1 and first != previous and previous is not None
            else ""
        )
        previous = first
        lines.append(f"<tr{start}>")
        for place, (entry, column) in enumerate(zip(row, table.columns, strict=True)):
            kind = "key" if place < table.keys else "words" if texts[place] else "number"
            lines.append(_td(entry, column, kind))
        lines.append("</tr>")
    lines += ["</tbody>", "</table>"]
    lines += [f'<p class="note">{escape(note)}</p>' for note in table.notes]
    return "\n".join(lines)


def _td(entry: Entry, column: Column, kind: str) -> str:
    value = raw(entry)
    text = ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', html.escape(words(entry, column)))
    attributes = [f'data-sort="{html.escape(plain(value))}"' if value is not None else ""]
    classes = [kind]
    if value in (None, ""):
        classes.append("missing")
    elif kind == "number" and isinstance(value, str):
        classes.append("words")
    if isinstance(entry, Mark):
        text = f"<u>{text}</u>" if entry.underline else text
        text = f"<b>{text}</b>" if entry.bold else text
        if entry.hint:
            attributes.append(f'title="{html.escape(entry.hint)}"')
    tag = "th" if kind == "key" else "td"
    scope = ' scope="row"' if kind == "key" else ""
    extra = " ".join(filter(None, attributes))
    return f'<{tag} class="{" ".join(classes)}"{scope} {extra}>{text}</{tag}>'
