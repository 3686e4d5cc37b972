"""The fixed notes that stand beside numbers: why one is missing, or what it rests on.

They are part of contrasts.csv, benchmarks.csv and claims.json, and the report recognises them by the
names here. Everything else that is worded is worded in the report.
"""

from collections.abc import Iterable

from ..scores import MULTI
from .averages import Setting

# -- of claims -----------------------------------------------------------------------------------

HIDES = "the mean hides a gap beyond the margin"  # note of an undecided mean
NOT_AT_LEVEL = "the interval excludes 0, but not at the level corrected for the whole page"
MODELS_ALONE = "the interval treats models as independent"
TRAINED_ONCE = "one model trained once: these adapters, not the method"
NOTHING_VARIES = "nothing varies, so nothing can be told"
SEES_NOTHING = "neither side is above chance: this test sees nothing with these models"
CHOSEN = "chosen among translators; corrected for the choice"
GAP = "gap "  # begins the note of a changed gap

# -- of comparisons ------------------------------------------------------------------------------

NOTHING_TO_COMPARE = "no scores of two conditions to compare"
NO_SHARED_ITEM = "no item that both conditions have"
NO_ITEM_DIFFERS = "no item tells them apart"
ONE_ITEM = "one item: no interval"
ONE_PLACE = "one model and one language: no interval"
ONE_SIDE = "no model has scores with native and with translated data"
NO_R = "r needs three points with some spread"
NOTHING_DETECTABLE = "no smallest detectable gap, as the spread of items is not known"


def left_out(names: Iterable[str]) -> str:
    """Which models, or models in a language, have no score."""
    return f"left out, as a score is missing: {', '.join(names)}"


def no_score(names: Iterable[str]) -> str:
    """Which conditions of a comparison have no score."""
    return f"no score: {', '.join(names)}"


def hides(names: Iterable[str]) -> str:
    """Which parts of a mean lie beyond the margin."""
    return f"{HIDES}: {', '.join(names)}"


def in_language(test: str, language: str) -> str:
    """A test in a language, by their labels."""
    return f"{test} in {language}"


def few_families(number: int) -> str:
    """That an interval treats models of one family as independent."""
    return f"{number} model families: {MODELS_ALONE}"


def few_models(least: int) -> str:
    """That a correlation over so few models is shown, but not claimed."""
    return f"fewer than {least} models: drawn, not claimed"


def changed_gap(
    before: float, now: float, native: tuple[float, float], translated: tuple[float, float]
) -> str:
    """The gap and both scores at the main setting and at another."""
    digits = 1 if max(*native, *translated) >= 10 else 2  # percentages and totals, or ratings to 5
    first, second = ([f"{value:.{digits}f}" for value in pair] for pair in (native, translated))
    return (
        f"{GAP}{before:+.3g} at the main setting, {now:+.3g} here;"
        f" native {' to '.join(first)}, translated {' to '.join(second)}"
    )


def plain_number(value: float) -> str:
    """`1e-4` rather than 0.0001."""
    text = f"{value:.3g}"
    if value and (abs(value) < 0.001 or "e" in text):
        digits, exponent = f"{value:e}".split("e")
        return f"{float(digits):g}e{int(exponent)}"
    return text


def setting_words(setting: Setting) -> str:
    """`monolingual, learning rate 1e-4`."""
    where = "multilingual" if setting.kind == MULTI else "monolingual"
    return f"{where}, learning rate {plain_number(setting.learning_rate)}"
