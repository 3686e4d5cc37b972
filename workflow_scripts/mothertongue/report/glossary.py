"""Explains terms where they stand first on a page, on hover and on keyboard focus."""

import html
import re
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("glossary.yaml")


@cache
def meanings() -> dict[str, str]:
    """Every form of every term in lower case -> what it means."""
    terms = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        form.lower(): entry["means"]
        for term, entry in terms.items()
        for form in (term, *entry.get("words", ()))
    }


@cache
def pattern() -> re.Pattern[str]:
    """Any form of any term, the longest first."""
    forms = sorted(meanings(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, forms))})(?![\w-])", re.IGNORECASE)


def explained(text: str, told: set[str] | None = None) -> str:
    """A text as HTML with its terms explained; `told`: meanings that the page has given already."""
    known = set() if told is None else told

    def one(match: re.Match[str]) -> str:
        means = meanings()[match[0].lower()]
        if means in known:
            return match[0]
        known.add(means)
        return f'<abbr class="term" tabindex="0" title="{html.escape(means)}">{match[0]}</abbr>'

    # a p keeps its number and a unit its value at the end of a line
    bound = re.sub(r"\bp ([=<]) (?=\.|1)", "p\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)
    return pattern().sub(one, html.escape(bound))
