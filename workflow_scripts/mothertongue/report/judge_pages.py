"""Two pages about judges: answers compared in pairs, and the judges beside one another."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .categories import ANSWERS
from .judges import read_table
from .table import Page


class Words(NamedTuple):
    """The words of a page, and its tables in their order."""

    title: str
    question: str
    text: str
    facts: str
    tables: tuple[str, ...]


PAGES = {
    "pairs": Words(
        "Answers compared in pairs",
        "Which answers do judges prefer, and what do the judges lean to?",
        "Every two answers are shown in both orders. “inconsistent”: the order decided. “win rate”: how"
        " often answers of “data” are preferred to those of “against”, the mean of both orders (1, a"
        " tie .5, 0); .5 is no preference. “at equal length”: the win rate that is left where both"
        " answers are equally long (a logistic regression, as in AlpacaEval 2). “first preferred” is"
        " .5 for a judge that leans to no place; “longer preferred” is .5 for one that does not mind"
        " length (against an equally good answer that is shorter by a standard deviation).",
        "n: in every row. Intervals: over questions; over models or training replicates, too, where a"
        " row is about three or more. Pairs without a readable verdict in both orders are counted as"
        " unscored. “all”: every value of that column together.",
        ("wins", "strengths", "biases"),
    ),
    "jury": Words(
        "Judges as a jury",
        "Do the judges agree, and is one of them unlike the others?",
        "Krippendorff's alpha is 1 if all judges agree and 0 if they agree no more than by chance"
        " (ordinal for ratings, nominal for verdicts). “against the others”: by how much a judge is"
        " above the mean of the other judges on the same answers, in points of 1 to 5 or in win rate."
        " “own family”: models of the study that a judge may favour since its name tells the same"
        " family; nothing but names is compared.",
        "n: in every row. Intervals: over questions. “all”: every value of that column together.",
        ("alpha", "members"),
    ),
}


def judge_page(
    name: str, tables: Mapping[str, Path], labels: Mapping[str, Mapping[str, str]]
) -> Page:
    """One of the two pages from its CSV files; a table without rows is named in a note."""
    words = PAGES[name]
    made = [read_table(one, tables[one], labels) for one in words.tables]
    return Page(
        "",
        name,
        words.title,
        words.question,
        words.text,
        words.facts,
        ANSWERS,
        "Judges",
        {},
        [table for table in made if table.rows],
        [f"{table.title.split(':')[0]}: nothing to show." for table in made if not table.rows],
    )
