"""How to cite a study, and its numbers as files: a block of the first page and a page of its own."""

import html
from collections.abc import Mapping
from pathlib import Path

from .. import __version__
from .page import asset, document, introduction

TITLE = "Cite and download"
LOOK = (
    "Every table of this report offers itself as CSV and LaTeX below it. Here are the files that all of"
    " them are made of."
)
BUNDLE = (
    "snakemake --cores 1 bundle --configfile STUDY.yaml\n"
    "# makes bundle.zip: everything with prompts, versions, citations and checksums. In a folder of your\n"
    "# own, add -s and the path of the workflow's Snakefile."
)
LARGEST = 3_000_000  # bytes of a file that the report carries itself


def bibtex() -> str:
    """BibTeX of this software and of the study that it reproduces."""
    return asset("citation.bib").replace("@VERSION@", __version__).strip()


def citing_html() -> str:
    """The block of the first page: closed until a reader opens it."""
    return (
        '<details class="citing"><summary>How to cite · download everything</summary>\n'
        f"<pre>{html.escape(bibtex())}</pre>\n"
        f"<p>Scores, claims and findings as files: the item <i>{TITLE}</i>. The whole study as one"
        f" archive:</p>\n<pre>{html.escape(BUNDLE)}</pre></details>"
    )


def citing_page(files: Mapping[str, tuple[Path, str]]) -> str:
    """The page; `files`: name of a download -> file and what it holds."""
    parts = [introduction(TITLE, "How do I cite this, and where are its numbers?", LOOK, "")]
    parts.append(f"<h2>How to cite</h2>\n<pre>{html.escape(bibtex())}</pre>\n<h2>Download</h2>")
    for name, (path, words) in files.items():
        shown = html.escape(name)
        parts.append(f"<section><p><b>{shown}</b>: {html.escape(words)}</p>")
        if path.stat().st_size > LARGEST:
            parts.append(f"<p class='note'>Too large for this page: {html.escape(str(path))}</p>")
        else:
            text = path.read_text(encoding="utf-8").replace("</", "<\\/")
            kind = path.suffix.removeprefix(".")
            parts.append(
                f'<p class="downloads"></p><script type="text/plain" data-kind="{kind}"'
                f' data-file="{shown}">{text}</script>'
            )
        parts.append("</section>")
    parts.append(f"<h2>Everything</h2>\n<pre>{html.escape(BUNDLE)}</pre>")
    return document(TITLE, "\n".join(parts), scripts=("table.js",))
