"""A page of the report as one self-contained HTML file: style and script inside, no network."""

import html
import re
from pathlib import Path
from typing import Any

from .glossary import explained
from .labels import capitalised
from .table import Page, to_csv, to_html, to_latex

ASSETS = Path(__file__).parent / "assets"


def as_rst(content: Any) -> Any:
    """Texts, also inside lists and dictionaries, so that reStructuredText shows them as they are."""
    if isinstance(content, dict):
        return {key: as_rst(value) for key, value in content.items()}
    if isinstance(content, list):
        return [as_rst(value) for value in content]
    return re.sub(r"([\\*`|_<>\[\]])", r"\\\1", content) if isinstance(content, str) else content


def asset(name: str) -> str:
    """Text of a style sheet or script of this package."""
    return (ASSETS / name).read_text(encoding="utf-8")


def document(title: str, body: str, *, scripts: tuple[str, ...] = (), data: str = "") -> str:
    """A complete HTML document with the report's style."""
    code = "\n".join(f"<script>\n{asset(name)}\n</script>" for name in scripts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
        '<link rel="icon" href="data:,">\n'
        f"<style>\n{asset('report.css')}{asset('terms.css')}\n</style>\n</head>\n"
        f'<body class="page">\n<main>\n{body}\n</main>\n{data}\n{code}\n'
        "</body>\n</html>\n"
    )


def introduction(title: str, question: str, look: str, facts: str) -> str:
    """Head of a page: title, question, what to look for, n, metric and seeds."""
    parts = [f"<h1>{html.escape(capitalised(title))}</h1>"]
    if question:
        parts.append(f'<p class="question">{html.escape(question)}</p>')
    told: set[str] = set()
    if look:
        parts.append(f"<p>{explained(look, told)}</p>")
    if facts:
        parts.append(f'<p class="facts">{explained(facts, told)}</p>')
    return "<header>\n" + "\n".join(parts) + "\n</header>"


def render(page: Page) -> str:
    """A page of tables with sorting, filtering and downloads."""
    body = [introduction(page.title, page.question, page.look, page.facts)]
    body += [f'<p class="warning">{html.escape(note)}</p>' for note in page.notes]
    for table in page.tables:
        body.append(f'<section id="{html.escape(table.name)}">')
        if table.title:
            body.append(f"<h2>{html.escape(capitalised(table.title))}</h2>")
        named = html.escape(table.title or page.title)
        body.append(
            f'<div class="scroll" tabindex="0" role="region" aria-label="{named}">'
            f"{to_html(table)}</div>"
        )
        body.append('<p class="downloads"></p>')
        for kind, text in (("csv", to_csv(table)), ("tex", to_latex(table))):
            safe = text.replace("</", "<\\/")
            body.append(
                f'<script type="text/plain" data-kind="{kind}"'
                f' data-file="{html.escape(page.name)}.{html.escape(table.name)}.{kind}">'
                f"{safe}</script>"
            )
        body.append("</section>")
    return document(page.title, "\n".join(body), scripts=("table.js",))
