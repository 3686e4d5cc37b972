"""Words for the numbers of a comparison; the terminal and the page share them."""

import math

from ..report.digits import p_words, plain, with_interval
from .ranking import Ranked, Ranking
from .results import (
    ALL,
    AT_CHANCE,
    BETTER,
    EQUIVALENT,
    GROUP,
    LANGUAGES,
    TASK,
    UNDECIDED,
    WORSE,
    Comparison,
    Result,
)

LEVELS = {
    TASK: "",
    LANGUAGES: "over its languages",
    GROUP: "group, by items",
    ALL: "each counts alike",
}
HEAD = (
    "task", "metric", "first", "second", "difference [95 %]", "p", "Holm", "verdict", "detectable",
    "chance", "items",
)  # fmt: skip


def score(value: float) -> str:
    """A score with one decimal, or three where it is small."""
    return plain(value, 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3)


def verdict(result: Result) -> str:
    """The verdict about the second run."""
    margin = f" within ±{number(result.margin)}" if result.margin is not None else ""
    if result.verdict in (BETTER, WORSE):
        return f"{result.second} {result.verdict}" + (f", but{margin}" if result.within else "")
    if result.verdict == EQUIVALENT:
        return f"equivalent{margin}"
    if result.verdict == AT_CHANCE:
        return "both at chance"
    if result.needed_items is None:
        return UNDECIDED
    return f"{UNDECIDED}; {result.needed_items:,} items would decide"


def number(value: float | None) -> str:
    """A number as short as it can be."""
    return "" if value is None else f"{value:.6g}"


def difference(result: Result) -> str:
    """`+2.0 [-1.0, 5.0]`."""
    return with_interval(result.difference, result.low, result.high, margin=result.margin)


def p_value(p: float | None) -> str:
    """`.012`, without the letter."""
    return "" if p is None else p_words(p).removeprefix("p ").removeprefix("= ")


def cells(result: Result) -> tuple[str, ...]:
    """A row in the order of HEAD."""
    basis = f"{result.items:,}"
    if result.clusters != result.items and result.level == TASK:
        basis += f" in {result.clusters:,} clusters"
    for count, word in ((result.replicates, "seeds"), (result.models, "models")):
        basis += f", {count} {word}" if count > 1 else ""
    kind = LEVELS[result.level]
    return (
        f"{result.place} ({kind})" if kind else result.place,
        result.metric,
        score(result.first_score),
        score(result.second_score),
        difference(result),
        p_value(result.p),
        p_value(result.p_holm),
        verdict(result),
        "" if result.detectable is None else score(result.detectable),
        "" if result.chance is None else score(result.chance),
        basis,
    )


def ranking_cells(row: Ranked) -> tuple[str, ...]:
    """Ranks, run, score, and the difference from the best of the others."""
    ranks = str(row.best_rank)
    ranks += f"–{row.worst_rank}" if row.worst_rank > row.best_rank else ""
    gap = with_interval(row.difference, row.low, row.high)
    return ranks, row.run, score(row.score), gap


RANKING_HEAD = ("rank", "run", "score", "from the best other [all pairs at once]")


def ranking_title(ranking: Ranking) -> str:
    """What is ranked, and which runs may be the best."""
    name = ", ".join(part for part in (ranking.name, ranking.language, ranking.metric) if part)
    best = ranking.best
    said = f"{best[0]} is best" if len(best) == 1 else f"may be best: {', '.join(best)}"
    return f"{name}: {said}"


def sentences(comparison: Comparison) -> list[str]:
    """What a reader takes home: the row over all tasks, or that of the only task."""
    widest = [r for r in comparison.results if r.level == ALL] or [
        r for r in comparison.results if r.level == comparison.results[-1].level
    ][: len(comparison.runs) - 1]
    found = []
    for result in widest:
        unit = "" if result.unit == result.metric else f" {result.unit}"
        which = f", {result.second}" if len(comparison.runs) > 2 else ""
        said = f"{result.place}{which}: {verdict(result)} ({difference(result)}{unit}"
        said += f", {p_words(result.p_holm)} after Holm)" if result.p_holm is not None else ")"
        found.append(said.replace("; ", ", ") + ".")
    return found


def notes(comparison: Comparison) -> list[str]:
    """How the numbers are to be read, in a few lines."""
    first = comparison.runs[0]
    bases = ", ".join(dict.fromkeys(r.basis for r in comparison.results))
    percent = 100 * comparison.confidence
    margins = sorted({r.margin for r in comparison.results if r.margin is not None})
    lines = [
        f"Differences are second minus first ({first}), in favour of the second; {percent:g} %"
        f" intervals over {bases}; p after Holm over {len(comparison.results)} rows."
    ]
    if margins:
        told = ", ".join(number(m) for m in margins)
        lines.append(
            f"Equivalent: a difference of {told} or more is ruled out (two one-sided tests). Detectable:"
            " the smallest true difference found with 80 % power."
        )
    if any(not math.isfinite(r.margin or math.inf) for r in comparison.results):
        lines.append(
            "Without a margin of its own (--margin METRIC=NUMBER), no metric is equivalent."
        )
    return lines
