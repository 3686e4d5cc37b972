"""Tables of scores: every score, other training settings, round trips, and pairs of translated tests.

With the paper's scores these are its Tables 1 to 9 and 10 to 25 (names in about.json, `tables`).
"""

import math

from ..correlate.averages import Cells, Setting, Test
from ..correlate.coverage import means_by_setting, shared_mean
from ..correlate.notes import plain_number, setting_words
from ..scores import MULTI, WIN_RATE
from .captions import data_rows, digits_of, make_page, paper_table
from .categories import BRIDGE, CAUSE, GAP, category
from .coverage import left_out
from .labels import metric_words
from .printed import Averages, marked, with_note
from .table import Column, Entry, Mark, Page, Table

CLOSE = 0.01  # a gap of at most this share of the metric's range counts as closed
KIND_WORDS = {"mono": "mono", MULTI: "multi"}
EMPHASIS = (
    "Bold: native data scores highest in this column. Underlined: a translation at most {close}"
    " behind. Scores alone decide nothing: the verdicts stand on the first page."
)


def closed_gap(cells: Cells, test: Test, metric: str) -> float:
    """The gap that counts as closed in tables: 1 % of the metric's range."""
    if metric == "rating":
        return CLOSE * 4
    if test.judge is None or metric == WIN_RATE:
        return CLOSE * 100
    items = cells.facts.benchmark(test.benchmark).items
    return CLOSE * 4 * max(items.values(), default=50)


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
        closed = name in translations and gap <= closed_gap(cells, test, metric)
        best = name == "native" and bool(rivals) and sign * score > max(rivals)
        marks[name] = Mark(score, bold=best, underline=closed)
    return marks


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
        Column(KIND_WORDS[kind], cells.facts.language(code), digits) for code, kind in places
    ]
    averages = kinds if len(languages) > 1 else []
    columns += [Column(KIND_WORDS[kind], "Average", digits) for kind in averages]
    table = Table(
        f"{metric}-{plain_number(rate)}",
        f"{cells.test_label(test)}, {metric_words(metric)}, learning rate {plain_number(rate)}",
        columns,
        keys=2,
        notes=[
            EMPHASIS.format(close=f"{closed_gap(cells, test, metric):g}"),
            *(left_out(cells, [test], Setting(kinds[0], rate)) if averages else []),
        ],
    )
    for model in cells.models(test):
        names = data_rows(cells, test)
        marks: dict[tuple[str, str], dict[str, Mark]] = {}
        for code, kind in places:
            setting = Setting(kind, rate)
            scores = {n: cells.score(test, metric, code, model, n, setting) for n in names}
            marks[code, kind] = emphasised(cells, test, metric, scores)
        for kind in averages:
            setting = Setting(kind, rate)
            scores = {n: shared_mean(cells, test, metric, model, n, setting) for n in names}
            marks["", kind] = average_marks(cells, printed, test, metric, model, setting, scores)
        for name in names:
            row: list[Entry] = [cells.facts.model_label(model), cells.facts.data_label(name)]
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
        category(cells.facts, GAP, "Every score"),
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
            notes=[EMPHASIS.format(close=f"{closed_gap(cells, test, metric):g}")],
        )
        for model in cells.models(test):
            names = cells.data("native", test) + cells.data("translated", test)
            means = means_by_setting(cells, test, metric, model, names, order)
            marks = {
                s: average_marks(cells, printed, test, metric, model, s, means[s]) for s in order
            }
            for name in names:
                row: list[Entry] = [cells.facts.model_label(model), cells.facts.data_label(name)]
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
        category(cells.facts, BRIDGE, "Learning rate and multilingual training"),
        [table for table in tables if table.rows],
        paper_table(cells, test, "bridge"),
    )


def roundtrip_page(cells: Cells, test: Test) -> Page | None:
    """Round trips of native data against translated English data (paper: Tables 1 and 2)."""
    pairs = []
    for name in cells.data("roundtrip", test):
        pairs.append((name, cells.facts.translator(name)))
    if not pairs:
        return None
    tables = []
    for metric in cells.metrics(test):
        digits = digits_of(cells, test, metric)
        columns = [Column("Model"), Column("Language")]
        for _, translator in pairs:
            group = cells.facts.data_label(translator)
            columns += [
                Column("round trip", group, digits, "native rows, translated to English and back"),
                Column("translated", group, digits, "English rows, translated"),
                Column("difference", group, digits, "round trip − translated", sign=True),
            ]
        columns.append(Column("native", "", digits))
        table = Table(metric, f"{cells.test_label(test)}, {metric_words(metric)}", columns, keys=2)
        for model in cells.models(test):
            for code in cells.languages(test):
                row: list[Entry] = [cells.facts.model_label(model), cells.facts.language(code)]
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
        category(cells.facts, CAUSE, "Round trips"),
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
        Column(cells.facts.benchmark(test.benchmark).label, cells.facts.language(code))
        for code in languages
        for test in (machine, human)
    ]
    table = Table(metric, f"{metric_words(metric)}, {setting_words(cells.main)}", columns, keys=2)
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
            row: list[Entry] = [cells.facts.model_label(model), cells.facts.data_label(name)]
            row += [marks[code, test][name] for code in languages for test in (machine, human)]
            table.rows.append(row)
    table.notes.append(EMPHASIS.format(close=f"{closed_gap(cells, human, metric):g}"))
    return make_page(
        cells,
        human,
        "pairs",
        f"{cells.facts.benchmark(machine.benchmark).label} and"
        f" {cells.facts.benchmark(human.benchmark).label}: does it matter who translated the test?",
        "Would the same questions, translated by people instead of a machine, tell another story?",
        "Look along a row: pairs of columns are the same questions. Where they agree, nothing"
        " speaks for people's translation of the test; that is no proof that nothing is hidden.",
        category(cells.facts, CAUSE, "Who translated the test"),
        [table.without_empty()],
        paper_table(cells, human, "pair"),
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
