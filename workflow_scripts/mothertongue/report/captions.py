"""Captions of pages: n, metric, seeds, and the paper's name of a table."""

from collections.abc import Iterable

from ..correlate.averages import Cells, Setting, Test
from ..correlate.notes import setting_words
from .labels import capitalised, metric_words
from .table import Page, Table


def plural(count: int, word: str) -> str:
    """`1 model`, `8 models`."""
    return f"{count} {word}" if count == 1 else f"{count:,} {word}s"


def facts(cells: Cells, test: Test, metrics: list[str], settings: list[Setting]) -> str:
    """n, metric and seeds, for captions."""
    models, languages = cells.models(test), cells.languages(test)
    items = cells.facts.benchmark(test.benchmark).items
    parts = [
        f"Metric: {', '.join(metric_words(m) for m in metrics)}"
        + (" (percent)." if cells.unit(test, metrics[0]) == "%" else "."),
        f"n: {plural(len(models), 'model')}, {plural(len(languages), 'language')}"
        + (
            f" ({', '.join(f'{code} {n:,} items' for code, n in items.items())})."
            if items
            else " (number of items not stated)."
        ),
        seeds_words(cells, test),
    ]
    if len(settings) == 1:
        parts.append(f"Training: {setting_words(settings[0])}.")
    return " ".join(parts)


def metrics_words(cells: Cells, tests: Iterable[Test], *, main: bool = False) -> str:
    """The metrics of tests, or only the `main` one of each, on which claims rest."""
    by_test = (cells.metrics(test) for test in tests)
    shown = (metrics[:1] if main else metrics for metrics in by_test)
    found = dict.fromkeys(metric_words(name) for metrics in shown for name in metrics)
    return f"Metric: {'; '.join(found) or 'none'}."


def seeds_words(cells: Cells, test: Test | None = None) -> str:
    """How many seeds stand behind a number."""
    import polars as pl

    frame = cells.scores
    if test is not None:
        frame = frame.filter(
            (pl.col("benchmark") == test.benchmark) & pl.col("judge").eq_missing(test.judge)
        )
    known = frame.filter(pl.col("data") != "base")["seed"].drop_nulls().unique()
    if known.is_empty():
        return "Seeds: not stated."
    return f"Seeds: {', '.join(str(seed) for seed in sorted(known.to_list()))}" + (
        " (means over seeds)." if len(known) > 1 else "."
    )


def data_rows(cells: Cells, test: Test) -> list[str]:
    """Data conditions of a test, native first, untuned base last."""
    kinds = ("native", "translated", "roundtrip", "base")
    return [name for kind in kinds for name in cells.data(kind, test)]


def digits_of(cells: Cells, test: Test, metric: str) -> int:
    """Decimals shown: one for percentages and totals, two for small numbers."""
    return 1 if cells.unit(test, metric) in ("%", "points") else 2


def paper_table(cells: Cells, test: Test, kind: str) -> str:
    """Name of the paper's table that this is, if it is one."""
    return cells.facts.tables.get(test.slug, {}).get(kind, "")


def make_page(
    cells: Cells,
    test: Test,
    group: str,
    title: str,
    question: str,
    look: str,
    where: tuple[str, str],
    tables: list[Table],
    paper: str,
) -> Page:
    """A page about one test, with labels and facts."""
    labels = {
        "item": capitalised(title.split(": ")[-1]) if ": " in title else title,
        "benchmark": cells.facts.benchmark(test.benchmark).label,
        "languages": ", ".join(cells.languages(test)),
    }
    if any(t.judge for t in cells.tests):
        labels["judge"] = cells.facts.judge(test.judge) if test.judge else "–"
    if cells.facts.tables:
        labels["paper"] = paper or "–"
    missing = [line for line in cells.facts.missing if line.startswith(cells.test_label(test))]
    remarks = cells.facts.remarks.get(test.slug, ()) if group != "roundtrip" else ()
    return Page(
        group,
        test.slug,
        title + (f" ({paper} of the paper)" if paper else ""),
        question,
        look,
        facts(
            cells,
            test,
            cells.metrics(test),
            [cells.main] if group in ("roundtrip", "pairs") else [],
        ),
        *where,
        labels,
        tables,
        [*(f"Missing: {line}." for line in missing), *remarks],
    )
