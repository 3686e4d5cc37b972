"""Claims of every question and verdict for tests of the report: chosen numbers, no analysis."""

from dataclasses import replace

from made_up import Adapter, describe
from mothertongue.correlate import claims as c
from mothertongue.correlate.averages import Cells
from mothertongue.correlate.claims import Claim, Needed
from mothertongue.correlate.facts import Facts

PLAIN = Claim(
    question=c.CELL, group="reading", benchmark=None, judge=None, metric="acc", language="es",
    contrast="gap", first="native", second="translated", scope="mono", learning_rate=1e-4,
    verdict=c.UNDECIDED, estimate=0.5, low=-3.0, high=4.0, unit="%", p=0.6, p_adjusted=1.0,
    level=0.05, margin=2.0, basis=c.MODELS, models=8, families=3, languages=1, seeds=3, draws=1,
    items=250, clusters=50, best="google", needed=Needed(14, 9, None), table="estimates.csv", row=0,
    note="", members=("quiz",), first_score=40.0, second_score=39.5, ahead=5,
)  # fmt: skip
DECIDED = {"p": 0.001, "p_adjusted": 0.004, "needed": None}


def claim(**changes) -> Claim:
    """PLAIN with changes."""
    return replace(PLAIN, **changes)


def decided(verdict: str, *numbers: float, **changes) -> Claim:
    """A claim that its numbers (estimate, low, high) carry, unless `changes` say otherwise."""
    known = dict(zip(("estimate", "low", "high"), numbers, strict=False))
    return claim(**{**DECIDED, "verdict": verdict, **known, **changes})


def cells_of(*, languages=("es", "zh"), models=8, translators=("google",)) -> Cells:
    """A description with scores, so that labels and counts are known."""
    import polars as pl
    from mothertongue.scores import check_scores

    adapters = [
        Adapter(f"m{i}", data, language=code)
        for i in range(models)
        for data in ("native", *translators)
        for code in languages
    ]
    rows = [
        {
            **a._asdict(),
            "scope": a.language,
            "source": "study",
            "score": 40.0,
            "stderr": None,
            "n": 9,
        }
        for a in adapters
    ]
    about = describe(adapters)
    about["languages"] = {"es": "Spanish", "zh": "Chinese", "ru": "Russian", "ga": "Irish"}
    about["judges"] = {"ann": {"label": "Ann"}, "bob": {"label": "Bob"}}
    return Cells(check_scores(pl.DataFrame(rows), "made"), Facts.read(about))


def one_of_each() -> list[Claim]:
    """Every question with every verdict that it can have, as cells of a page and beyond."""
    better = {"estimate": 7.6, "low": 4.4, "high": 10.7}
    worse = {"estimate": -7.6, "low": -10.7, "high": -4.4}
    alike = {"estimate": 0.2, "low": -0.7, "high": 1.1}
    found = []
    groups = ("knowledge", "reading", "reasoning", "open answers")
    for language in ("es", "zh", None):
        count = 1 if language else 2
        for group, verdict, numbers in zip(
            groups,
            (c.NATIVE_BETTER, c.NO_WORSE, c.TRANSLATED_BETTER, c.AT_CHANCE),
            (better, alike, worse, alike),
            strict=True,
        ):
            where = {"group": group, "language": language, "languages": count}
            found.append(decided(verdict, **numbers, **where))
    found[4] = claim(group="knowledge", language="zh")
    found.append(decided(c.LANGUAGES_DIFFER, 4.0, 1.0, 9.0, question=c.LANGUAGES, language=None))
    found.append(decided(c.NATIVE_BETTER, **better, question=c.BENCHMARK, benchmark="quiz"))
    found.append(decided(c.NATIVE_BETTER, **better, question=c.TRANSLATOR, second="google"))
    found.append(decided(c.NO_WORSE, **alike, question=c.BEST, best="google"))
    for verdict, numbers in ((c.GROWS, (0.9, 0.5, 0.97)), (c.FALLS, (-0.9, -0.97, -0.5))):
        test = {"question": c.GROWTH, "benchmark": "quiz", "unit": "r", "margin": None}
        found.append(decided(verdict, *numbers, **test))
        found.append(claim(**test, estimate=-0.9, low=-0.99, high=0.1))
    for verdict, numbers in (
        (c.FIRST_BETTER, better), (c.SECOND_BETTER, worse), (c.ALIKE, alike), (c.UNDECIDED, alike),
    ):  # fmt: skip
        for contrast in ("knowledge", "defects"):
            test = {"question": c.CAUSE, "benchmark": "quiz", "contrast": contrast}
            found.append(decided(verdict, **numbers, **test))
    for verdict, numbers in ((c.KNOWLEDGE_LARGER, better), (c.DEFECTS_LARGER, worse)):
        test = {"question": c.CAUSE, "benchmark": "quiz", "contrast": "knowledge - defects"}
        found.append(decided(verdict, **numbers, **test))
    for verdict, numbers in (
        (c.SMALLER, worse), (c.LARGER, better), (c.REVERSED, worse), (c.BOTH_FELL, worse),
        (c.ALIKE, alike), (c.UNDECIDED, worse),
    ):  # fmt: skip
        found.append(decided(verdict, **numbers, question=c.SETTING, contrast="change"))
    for verdict, numbers in (
        (c.OPPOSITE_SIDES, better), (c.SIDES_DIFFER, better), (c.ALIKE, alike), (c.UNDECIDED, alike),
    ):  # fmt: skip
        found.append(decided(verdict, **numbers, question=c.JUDGES, first="ann", second="bob"))
    for verdict, numbers in (
        (c.NO_WORSE, alike), (c.NATIVE_BETTER, better), (c.TRANSLATED_BETTER, worse), (c.UNDECIDED, alike),
    ):  # fmt: skip
        where = {"question": c.CONTROL, "contrast": "control", "second": "again"}
        found.append(decided(verdict, **numbers, **where))
    return found
