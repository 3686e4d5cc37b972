"""Which tables a study has, and what stands in them: driven by its models, languages, benchmarks.

With the paper's scores these are its Tables 1 to 9 and 10 to 25 (names in about.json, `tables`).
"""

import math
from collections.abc import Iterable
from typing import Any

from ..correlate.averages import MULTI, Cells, Setting, Test, metric_words, plain_number
from .categories import BRIDGE, CAUSE, GAP, category
from .coverage import left_out, means_by_setting, shared_mean
from .printed import Averages, marked, with_note
from .table import Column, Mark, Page, Table

KIND_WORDS = {"mono": "mono", MULTI: "multi"}
EMPHASIS = (
    "Bold: native data scores highest in this column. Underlined: a translation at most {close}"
    " behind. Scores alone decide nothing: the verdicts stand on the first page."
)


def plural(count: int, word: str) -> str:
    """`1 model`, `8 models`."""
    return f"{count} {word}" if count == 1 else f"{count:,} {word}s"


def facts(cells: Cells, test: Test, metrics: list[str], settings: list[Setting]) -> str:
    """n, metric and seeds, for captions."""
    models, languages = cells.models(test), cells.languages(test)
    items = cells.about["benchmarks"].get(test.benchmark, {}).get("items") or {}
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
        parts.append(f"Training: {settings[0].words()}.")
    return " ".join(parts)


def metrics_words(cells: Cells, tests: Iterable[Test]) -> str:
    """The main metrics of tests."""
    found = dict.fromkeys(metric_words(m) for test in tests for m in cells.metrics(test))
    return f"Metric: {', '.join(found) or 'none'}."


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


def emphasised(
    cells: Cells, test: Test, metric: str, scores: dict[str, float], digits: int = 1
) -> dict[str, Mark]:
    """Marks of one column of one model: bold best native, underlined closed gaps (as the paper)."""
    sign = cells.sign(test, metric)
    known = {name: score for name, score in scores.items() if not math.isnan(score)}
    native = known.get("native", math.nan)
    rivals = [sign * score for name, score in known.items() if name not in ("native", "base")]
    translations = set(cells.data("translated"))
    marks = {}
    for name, score in scores.items():
        gap = round(sign * (native - score), 6)
        closed = name in translations and gap <= cells.close(test, metric)
        best = name == "native" and bool(rivals) and sign * score > max(rivals)
        marks[name] = Mark(score, bold=best, underline=closed)
    return marks


def data_rows(cells: Cells, test: Test) -> list[str]:
    """Data conditions of a test, native first, untuned base last."""
    kinds = ("native", "translated", "roundtrip", "base")
    return [name for kind in kinds for name in cells.data(kind, test)]


def digits_of(cells: Cells, test: Test, metric: str) -> int:
    """Decimals shown: one for percentages and totals, two for small numbers."""
    return 1 if cells.unit(test, metric) in ("%", "points") else 2


def average_marks(
    cells: Cells,
    printed: Averages,
    test: Test,
    metric: str,
    model: str,
    setting: Setting,
    means: dict[str, float],
) -> dict[str, Mark]:
    """Marks of averages over languages; a printed one is shown with ours on hover."""
    shown = printed.shown(test, metric, model, setting, means)
    digits = digits_of(cells, test, metric)
    return {
        name: marked(mark, means[name], digits)
        for name, mark in emphasised(cells, test, metric, shown).items()
    }


def full_table(cells: Cells, test: Test, metric: str, rate: float, printed: Averages) -> Table:
    """Every score of a test at one learning rate (paper: Tables 10 to 25)."""
    languages = cells.languages(test)
    kinds = [s.kind for s in cells.settings(test) if s.learning_rate == rate]
    kinds = [kind for kind in ("mono", MULTI) if kind in kinds]
    digits = digits_of(cells, test, metric)
    places = [(code, kind) for code in languages for kind in kinds]
    columns = [Column("Model"), Column("Data")]
    columns += [
        Column(KIND_WORDS[kind], cells.language_label(code), digits) for code, kind in places
    ]
    averages = kinds if len(languages) > 1 else []
    columns += [Column(KIND_WORDS[kind], "Average", digits) for kind in averages]
    table = Table(
        f"{metric}-{plain_number(rate)}",
        f"{cells.test_label(test)}, {metric_words(metric)}, learning rate {plain_number(rate)}",
        columns,
        keys=2,
        notes=[
            EMPHASIS.format(close=f"{cells.close(test, metric):g}"),
            *(left_out(cells, [test], Setting(kinds[0], rate)) if averages else []),
        ],
    )
    for model in cells.models(test):
        names = data_rows(cells, test)
        marks: dict[tuple, dict[str, Mark]] = {}
        for code, kind in places:
            setting = Setting(kind, rate)
            scores = {n: cells.score(test, metric, code, model, n, setting) for n in names}
            marks[code, kind] = emphasised(cells, test, metric, scores)
        for kind in averages:
            setting = Setting(kind, rate)
            scores = {n: shared_mean(cells, test, metric, model, n, setting) for n in names}
            marks["", kind] = average_marks(cells, printed, test, metric, model, setting, scores)
        for name in names:
            row: list[Any] = [cells.label("models", model), cells.label("data", name)]
            row += [marks[place][name] for place in places]
            row += [marks["", kind][name] for kind in averages]
            table.rows.append(row)
    return with_note(table.without_empty())


def full_page(cells: Cells, test: Test, printed: Averages) -> Page:
    """Every score of a test."""
    rates = list(dict.fromkeys(s.learning_rate for s in cells.settings(test)))
    metrics = cells.metrics(test, secondary=True)
    tables = [
        full_table(cells, test, metric, rate, printed) for metric in metrics for rate in rates
    ]
    label = cells.test_label(test)
    return make_page(
        cells,
        test,
        "scores",
        f"{label}: every score",
        "What did every model score, in every language, under every training condition?",
        "Compare rows of one model: does native data lead its translations? Then compare mono with"
        " multi.",
        category(cells.about, GAP),
        "Every score",
        [table for table in tables if table.rows],
        paper_table(cells, test, "full"),
    )


def bridge_page(cells: Cells, test: Test, printed: Averages) -> Page | None:
    """The native-translated gap under other learning rates and multilingual training."""
    settings = cells.settings(test)
    if len(settings) < 2 or not cells.data("translated", test):
        return None
    order = sorted(settings, key=lambda s: (s.kind == MULTI, s.learning_rate))
    languages = cells.languages(test)
    tables = []
    for metric in cells.metrics(test):
        digits = digits_of(cells, test, metric)
        columns = [Column("Model"), Column("Data")]
        columns += [
            Column(plain_number(s.learning_rate), f"{KIND_WORDS[s.kind]}lingual", digits)
            for s in order
        ]
        table = Table(
            metric,
            f"{cells.test_label(test)}, {metric_words(metric)}"
            + (", mean over the languages that the columns share" if len(languages) > 1 else ""),
            columns,
            keys=2,
            notes=[EMPHASIS.format(close=f"{cells.close(test, metric):g}")],
        )
        for model in cells.models(test):
            names = cells.data("native", test) + cells.data("translated", test)
            means = means_by_setting(cells, test, metric, model, names, order)
            marks = {
                s: average_marks(cells, printed, test, metric, model, s, means[s]) for s in order
            }
            for name in names:
                row: list[Any] = [cells.label("models", model), cells.label("data", name)]
                table.rows.append(row + [marks[s][name] for s in order])
        tables.append(with_note(table.without_empty()))
    return make_page(
        cells,
        test,
        "bridge",
        f"{cells.test_label(test)}: can the gap be closed?",
        "Does a lower learning rate or multilingual training close the gap between native and"
        " translated data?",
        "Underlined translations are close behind native data. A gap that closes because every"
        " score falls is no gain: compare with the main setting.",
        category(cells.about, BRIDGE),
        "Learning rate and multilingual training",
        [table for table in tables if table.rows],
        paper_table(cells, test, "bridge"),
    )


def roundtrip_page(cells: Cells, test: Test) -> Page | None:
    """Round trips of native data against translated English data (paper: Tables 1 and 2)."""
    pairs = []
    for name in cells.data("roundtrip", test):
        translator = cells.about["data"].get(name, {}).get("translator") or name.removesuffix(
            "-rtt"
        )
        pairs.append((name, translator))
    if not pairs:
        return None
    tables = []
    for metric in cells.metrics(test):
        digits = digits_of(cells, test, metric)
        columns = [Column("Model"), Column("Language")]
        for _, translator in pairs:
            group = cells.label("data", translator)
            columns += [
                Column("round trip", group, digits, "native rows, translated to English and back"),
                Column("translated", group, digits, "English rows, translated"),
                Column("difference", group, digits, "round trip − translated", sign=True),
            ]
        columns.append(Column("native", "", digits))
        table = Table(metric, f"{cells.test_label(test)}, {metric_words(metric)}", columns, keys=2)
        for model in cells.models(test):
            for code in cells.languages(test):
                row: list[Any] = [cells.label("models", model), cells.language_label(code)]
                where = (test, metric, code, model)
                for name, translator in pairs:
                    trip = cells.score(*where, name, cells.main)
                    other = cells.score(*where, translator, cells.main)
                    gain = cells.sign(test, metric) * (trip - other)
                    row += [Mark(trip, bold=gain > 0), Mark(other, bold=gain < 0), gain]
                row.append(cells.score(*where, "native", cells.main))
                if not all(math.isnan(cells.score(*where, name, cells.main)) for name, _ in pairs):
                    table.rows.append(row)
        table.notes.append(
            "Bold: the better of the two. A difference above 0 is in favour of the round trip."
        )
        tables.append(table)
    return make_page(
        cells,
        test,
        "roundtrip",
        f"{cells.test_label(test)}: knowledge or translation defects?",
        "Does translated data lose because it lacks knowledge of the language's world, or because"
        " translation damages text?",
        "A round trip keeps the native content and adds translation defects (twice). Which of the two"
        " costs more, if that is shown, stands in the sentences of this category.",
        category(cells.about, CAUSE),
        "Round trips",
        [table for table in tables if table.rows],
        paper_table(cells, test, "roundtrip"),
    )


def test_pairs(cells: Cells) -> list[tuple[Test, Test]]:
    """Benchmarks that are the same test translated by machine and by people (mt-x, ht-x)."""
    tests = {test.benchmark: test for test in cells.tests if test.judge is None}
    return [
        (tests[name], tests["ht-" + name.removeprefix("mt-")])
        for name in tests
        if name.startswith("mt-") and "ht-" + name.removeprefix("mt-") in tests
    ]


def pair_page(cells: Cells, machine: Test, human: Test) -> Page:
    """A test translated by machine beside the same test translated by people (paper: Table 3)."""
    metric = cells.metrics(machine)[0]
    languages = [code for code in cells.languages(human) if code in cells.languages(machine)]
    columns = [Column("Model"), Column("Data")]
    columns += [
        Column(cells.label("benchmarks", test.benchmark), cells.language_label(code))
        for code in languages
        for test in (machine, human)
    ]
    table = Table(metric, f"{metric_words(metric)}, {cells.main.words()}", columns, keys=2)
    for model in cells.models(human):
        names = cells.data("native", human) + cells.data("translated", human)
        marks = {
            (code, test): emphasised(
                cells,
                test,
                metric,
                {n: cells.score(test, metric, code, model, n, cells.main) for n in names},
            )
            for code in languages
            for test in (machine, human)
        }
        for name in names:
            row: list[Any] = [cells.label("models", model), cells.label("data", name)]
            row += [marks[code, test][name] for code in languages for test in (machine, human)]
            table.rows.append(row)
    table.notes.append(EMPHASIS.format(close=f"{cells.close(human, metric):g}"))
    return make_page(
        cells,
        human,
        "pairs",
        f"{cells.label('benchmarks', machine.benchmark)} and"
        f" {cells.label('benchmarks', human.benchmark)}: does it matter who translated the test?",
        "Would the same questions, translated by people instead of a machine, tell another story?",
        "Look along a row: pairs of columns are the same questions. Where they agree, nothing"
        " speaks for people's translation of the test; that is no proof that nothing is hidden.",
        category(cells.about, CAUSE),
        "Who translated the test",
        [table.without_empty()],
        paper_table(cells, human, "pair"),
    )


def paper_table(cells: Cells, test: Test, kind: str) -> str:
    """Name of the paper's table that this is, if it is one."""
    return cells.about.get("tables", {}).get(test.slug, {}).get(kind, "")


def make_page(
    cells: Cells,
    test: Test,
    group: str,
    title: str,
    question: str,
    look: str,
    where: tuple[str, str],
    topic: str,
    tables: list[Table],
    paper: str,
) -> Page:
    """A page about one test, with labels and facts."""
    main, subcategory = where
    labels = {
        "item": title.split(": ")[-1].capitalize() if ": " in title else title,
        "benchmark": cells.label("benchmarks", test.benchmark),
        "languages": ", ".join(cells.languages(test)),
    }
    if any(t.judge for t in cells.tests):
        labels["judge"] = cells.label("judges", test.judge) if test.judge else "–"
    if cells.about.get("tables"):
        labels["paper"] = paper or "–"
    missing = [
        line for line in cells.about.get("missing", []) if line.startswith(cells.test_label(test))
    ]
    remarks = cells.about.get("remarks", {}).get(test.slug, []) if group != "roundtrip" else []
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
        main,
        subcategory or topic,
        labels,
        tables,
        [f"Missing: {line}." for line in missing] + remarks,
    )


def pages(cells: Cells, printed: Averages | None = None) -> list[Page]:
    """Every page of tables made of scores alone, averages as `printed` where they are."""
    printed = printed or Averages()
    found: list[Page | None] = []
    for test in cells.tests:
        found += [full_page(cells, test, printed), bridge_page(cells, test, printed)]
        found.append(roundtrip_page(cells, test))
    found += [pair_page(cells, *pair) for pair in test_pairs(cells)]
    return [page for page in found if page is not None and page.tables]
