"""Writes a comparison as one self-contained page in the report's style."""

import html
from collections.abc import Sequence

from ..correlate import claims as c
from ..report.forest import Bar, Look, draw_forest
from ..report.page import asset, document
from ..report.verdicts import LOOKS
from .results import AT_CHANCE, BETTER, EQUIVALENT, TASK, UNDECIDED, WORSE, Comparison, Result
from .words import HEAD, RANKING_HEAD, cells, notes, ranking_cells, ranking_title, sentences

SHOWN: dict[str, Look] = {
    BETTER: LOOKS[c.NATIVE_BETTER],
    WORSE: LOOKS[c.TRANSLATED_BETTER],
    EQUIVALENT: LOOKS[c.NO_WORSE],
    UNDECIDED: LOOKS[c.UNDECIDED],
    AT_CHANCE: LOOKS[c.AT_CHANCE],
}
WIDEST_NAME = 15  # letters beside a bar
STYLE = """.screen-one table.runs { table-layout: auto; border-spacing: 0 }
.screen-one .runs th, .screen-one .runs td { border: 0; border-bottom: 1px solid #c5ced6 }
.screen-one .runs td.number { text-align: right; white-space: nowrap }
.screen-one .runs thead th:first-child { width: auto }
.screen-one .runs thead th::first-letter { text-transform: none }
.screen-one .runs td:nth-child(6), .screen-one .runs td:nth-child(7) { white-space: nowrap }
@media (max-width: 640px) {
  .screen-one .runs td::before { content: attr(data-label) " "; color: #5b6b7b }
  .screen-one .runs td:empty { display: none }
}"""


def page(comparison: Comparison) -> str:
    """The page: verdicts with their numbers, a forest plot, rankings, and how to read them."""
    title = " against ".join((", ".join(comparison.runs[1:]), comparison.runs[0]))
    parts = [f"<style>{asset('screen.css')}\n{STYLE}</style>", '<div class="screen-one">']
    parts.append(f"<h2>{html.escape(title)}</h2>")
    parts += [paragraph(f"Different tests: {line}", "missing") for line in comparison.mismatches]
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in sentences(comparison))
    parts.append(f"<ul class='sentences'>{lines}</ul>")
    for second in comparison.runs[1:]:
        own = [r for r in comparison.results if r.second == second]
        head = [{"first": comparison.runs[0], "second": second}.get(n, n) for n in HEAD]
        parts.append(
            f'<div class="answer">{table(head, own)}<figure>{forest(own, second)}</figure></div>'
        )
    for ranking in comparison.rankings:
        parts.append(f"<h3>{html.escape(ranking_title(ranking))}</h3>")
        parts.append(plain_table(RANKING_HEAD, [ranking_cells(row) for row in ranking.rows]))
    parts += [paragraph(line, "missing") for line in comparison.notes]
    parts.append(paragraph(" ".join(notes(comparison)), "facts"))
    return document(title, "\n".join([*parts, "</div>"]))


def paragraph(text: str, kind: str) -> str:
    """A line below the tables."""
    return f'<p class="{kind}">{html.escape(text)}</p>'


def table(head: Sequence[str], results: Sequence[Result]) -> str:
    """The rows of one pair of runs, tinted by their verdict."""
    body = []
    for result in results:
        look = SHOWN[result.verdict]
        texts = [html.escape(text) for text in cells(result)]
        texts[7] = f'<b style="color:{look.ink}">{look.symbol} {texts[7]}</b>'
        tint = f' style="background:{look.tint}"'
        body.append(
            f"<tr><th scope='row'>{texts[0]}</th>"
            + "".join(
                f"<td{tint if place == 7 else ''} data-label='{html.escape(head[place])}'>{t}</td>"
                for place, t in enumerate(texts[1:], start=1)
            )
            + "</tr>"
        )
    return framed(head, body)


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts."""
    body = [
        "<tr>"
        + "".join(
            f"<td data-label='{html.escape(name)}'>{html.escape(text)}</td>"
            for name, text in zip(head, row, strict=True)
        )
        + "</tr>"
        for row in rows
    ]
    return framed(head, body)


def framed(head: Sequence[str], body: Sequence[str]) -> str:
    """A table with a head."""
    names = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in head)
    return (
        f'<table class="runs"><thead><tr>{names}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    )


def forest(results: Sequence[Result], second: str) -> str:
    """The same rows as intervals, in margins where there is one."""
    bars = [
        Bar(
            "Tasks" if result.level == TASK else "Means",
            short(result.place),
            result.verdict,
            SHOWN[result.verdict],
            result.difference,
            result.low,
            result.high,
            result.margin or result.stderr or 1.0,
            result.unit,
        )
        for result in results
    ]
    return draw_forest(bars, first=second, second=results[0].first)


def short(name: str) -> str:
    """A name that fits beside a bar."""
    return name if len(name) <= WIDEST_NAME else name[: WIDEST_NAME - 1] + "…"
