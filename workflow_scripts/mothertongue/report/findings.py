"""The answers in plain sentences, made from contrasts.csv and benchmarks.csv of any study."""

from typing import Any, NamedTuple

from ..correlate.cells import ROUND_TRIPS, TRANSLATED, Cells, Test, metric_words
from ..correlate.contrasts import CHANGE, DEFECTS, ITEMS, KNOWLEDGE
from . import categories
from .evidence import setting_of
from .tables import metrics_words, plural, seeds_words

Row = dict[str, Any]
UNIT_WORDS = {"%": "percentage points", "points": "points"}


class Answer(NamedTuple):
    """A question of the paper and what the numbers say."""

    question: str
    sentences: list[str]


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def signed(value: float, digits: int = 1) -> str:
    """`+7.6`, with a minus sign that is one; never `−0.0`."""
    text = f"{value:+.{digits}f}"
    return "0." + "0" * digits if float(text) == 0 else text.replace("-", "−")


def plain(value: float, digits: int) -> str:
    """A number whose sign shows only if it is not zero."""
    return signed(value, digits).removeprefix("+")


def interval(row: Row, low: str = "low", high: str = "high", digits: int = 1) -> str:
    """` [4.4, 10.7]`, or nothing."""
    if row.get(low) is None or row.get(high) is None:
        return ""
    return f" [{plain(row[low], digits)}, {plain(row[high], digits)}]"


def side(row: Row) -> int | None:
    """+1 if the interval lies above 0, -1 below, 0 if it holds 0, None without one."""
    if row["low"] is None or row["high"] is None:
        return None
    return 1 if row["low"] > 0 else -1 if row["high"] < 0 else 0


def name_of(cells: Cells, row: Row) -> str:
    """The test in a sentence; with its metric where it has several."""
    test = Test(row["benchmark"], row["judge"])
    label = cells.label("benchmarks", test.benchmark)
    if test.judge is not None:
        kind, _, name = label.partition(": ")
        inside = [name, cells.label("judges", test.judge)] if name else []
        label = f"{kind[:1].lower()}{kind[1:]} ({', '.join(inside or [test.judge])})"
    several = len(cells.metrics(test)) > 1
    if not several:
        return label
    metric = metric_words(row["metric"])
    return f"{label[:-1]}, {metric})" if label.endswith(")") else f"{label} ({metric})"


def unit_of(cells: Cells, row: Row) -> str:
    """Unit of a difference."""
    test = Test(row["benchmark"], row["judge"])
    if "less is better" in metric_words(row["metric"]):
        return f"in {row['metric'].replace('_', ' ')}"
    unit = cells.unit(test, row["metric"])
    return UNIT_WORDS.get(unit, unit)


def of_models(count: int, models: int) -> str:
    """`8 of 8 models`; `its one model`."""
    return f"{count} of {plural(models, 'model')}"


def gap_sentence(cells: Cells, row: Row) -> str:
    """One test: does native data lead?"""
    name = name_of(cells, row)
    if row["gap"] is None:
        return f"On {name} nothing can be said: {row['note']}."
    if row["gap"] == row["low"] == row["high"] == 0:
        return f"On {name} native and translated data score the same on every item: nothing to see."
    mean = f"mean {signed(row['gap'])} {unit_of(cells, row)}{interval(row)}"
    ahead = of_models(row["wins"], row["models"])
    which = side(row)
    if which is None:
        why = f" ({row['note']})" if row["note"] else ""
        return f"On {name} native data is ahead for {ahead}, {mean}; no interval can be given{why}."
    if which > 0:
        return f"On {name} native data beats translated for {ahead}, {mean}."
    if which < 0:
        return f"On {name} translated data beats native: native is ahead for {ahead}, {mean}."
    found = f"On {name} no difference is detectable: native is ahead for {ahead}, {mean}"
    if row["detectable"] is None:
        return found + "."
    bound = " or less" if row["detectable_basis"] == "independent items" else ""
    return (
        f"{found}; the smallest gap of one model in one language that {row['detectable_items']:,.0f}"
        f" items would show is {row['detectable']:.1f}{bound}."
    )


def notice_sentences(cells: Cells, rated: list[Row]) -> list[str]:
    """By nature of the test: which ones show the gap."""
    kinds: dict[str, list[Row]] = {}
    for row in rated:
        if row["gap"] is not None:
            kinds.setdefault(f"{row['origin']}, {row['kind']}", []).append(row)
    sentences = []
    for words, rows in kinds.items():
        parts = []
        for wanted, says in (({1}, "shown by"), ({-1}, "reversed on"), ({0, None}, "not shown by")):
            names = list(dict.fromkeys(name_of(cells, row) for row in rows if side(row) in wanted))
            parts += [f"{says} {listed(names)}"] if names else []
        sentences.append(f"Tests that are {words}: the gap is {'; '.join(parts)}.")
    return sentences


def obvious_sentences(cells: Cells, rated: list[Row]) -> list[str]:
    """Where stronger models show larger gaps, and whether that survives de-coupling."""
    known = [row for row in rated if row.get("r") is not None and row.get("r_low") is not None]
    if not known:
        return ["A correlation needs at least three scores with some spread; there are none."]
    sentences = []
    for row in known:
        r = f"r = {plain(row['r'], 2)}{interval(row, 'r_low', 'r_high', 2)}"
        free = row.get("decoupled_r")
        if free is None or row["decoupled_low"] is None:
            continue
        after = plain(free, 2) + interval(row, "decoupled_low", "decoupled_high", 2)
        if row["r_low"] > 0 and row["decoupled_low"] > 0:
            sentences.append(
                f"On {name_of(cells, row)} the gap grows with the score ({r}), also without the term"
                f" that both share ({after}); n = {row['points']}."
            )
        elif row["r_low"] > 0:
            sentences.append(
                f"On {name_of(cells, row)} the gap seems to grow with the score ({r}), but not once the"
                f" term that both share is removed ({after}); n = {row['points']}."
            )
    rest = [row for row in known if row["r_low"] <= 0]
    if rest:
        names = list(dict.fromkeys(name_of(cells, row) for row in rest))
        sentences.append(f"No relation is shown on {listed(names)}.")
    return sentences


def pooled(contrasts: list[Row], contrast: str) -> list[Row]:
    """Means over models and languages of one contrast, over items where there are items."""
    found: dict[tuple, Row] = {}
    for row in contrasts:
        if row["contrast"] != contrast or row["model"] is not None or row["difference"] is None:
            continue
        key = tuple(row[k] for k in ("benchmark", "judge", "metric", "first", "second"))
        key += setting_of(row)
        if key not in found or row["unit"] == ITEMS:
            found[key] = row
    return list(found.values())


def cause_sentences(cells: Cells, contrasts: list[Row]) -> list[str]:
    """Knowledge (round trip against translated) and defects (native against round trip)."""
    both = {ROUND_TRIPS, TRANSLATED, "native"}
    sentences = []
    for contrast, subject, words in (
        (KNOWLEDGE, "native content (round trip against translated English)", "helps"),
        (DEFECTS, "translation itself (native against round trip)", "costs"),
    ):
        for row in pooled(contrasts, contrast):
            if not {row["first"], row["second"]} <= both or setting_of(row) != cells.main:
                continue
            says = {
                1: words,
                0: "has no detectable effect",
                -1: "goes the other way",
                None: "differs by",
            }
            name, unit = name_of(cells, row), unit_of(cells, row)
            mean = f"{signed(row['difference'])} {unit}{interval(row)}"
            sentences.append(f"On {name}, {subject} {says[side(row)]}: {mean}.")
    return sentences


def bridge_sentences(cells: Cells, contrasts: list[Row]) -> list[str]:
    """Per training setting: on which tests the gap closes beyond chance."""
    settings: dict[Any, list[Row]] = {}
    for row in pooled(contrasts, CHANGE):
        if row["second"] == TRANSLATED:
            settings.setdefault(setting_of(row), []).append(row)
    sentences = []
    for setting, rows in settings.items():
        parts = []
        for which, words in ((-1, "smaller on"), (1, "larger on"), (0, "not shown to change on")):
            names = list(dict.fromkeys(name_of(cells, r) for r in rows if side(r) == which))
            parts += [f"{words} {listed(names)}"] if names else []
        if parts:
            sentences.append(f"{setting.words().capitalize()}: the gap is {'; '.join(parts)}.")
    return sentences


def find_answers(cells: Cells, contrasts: list[Row], rated: list[Row]) -> list[Answer]:
    """Every question that the numbers bear on; what is missing is said."""
    main = [row for row in rated if row["metric"] in cells.metrics(Test(*pair(row)))]
    answers = [
        Answer(categories.GAP, [gap_sentence(cells, row) for row in main]),
        Answer(categories.NOTICE, notice_sentences(cells, main)),
        Answer(categories.OBVIOUS, obvious_sentences(cells, main)),
        Answer(
            categories.CAUSE,
            cause_sentences(cells, contrasts) or ["The study has no scores of round trips."],
        ),
        Answer(
            categories.BRIDGE,
            bridge_sentences(cells, contrasts)
            or ["The study has one training setting, so nothing is compared."],
        ),
    ]
    empty = "No test has scores with native and with translated data."
    return [Answer(question, said or [empty]) for question, said in answers]


def pair(row: Row) -> tuple[str, str | None]:
    """Benchmark and judge."""
    return row["benchmark"], row["judge"]


def facts_words(cells: Cells, confidence: float, units: set[str]) -> str:
    """n, intervals and seeds behind the sentences."""
    over = " or ".join(sorted(units)) or "nothing"
    absent = "".join(f" Missing: {line}." for line in cells.about.get("missing", []))
    return (
        f"n: {plural(len(cells.models()), 'model')}, {plural(len(cells.languages()), 'language')},"
        f" {plural(len(cells.tests), 'test')}; {cells.main.words()}."
        f" {metrics_words(cells, cells.tests)} In brackets:"
        f" {100 * confidence:g} % intervals over {over}. {seeds_words(cells)} “Beats”"
        f" means that the interval excludes 0.{absent}"
    )
