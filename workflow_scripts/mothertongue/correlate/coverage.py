"""Means over languages where not every condition has every language.

A mean is over the languages that native, translated and untuned models have in common: conditions
stay comparable, and a language that only one of them has hides nobody.
"""

import math

from .averages import Cell, Cells, Setting, Test

CORE = ("native", "translated", "base")
Z = 1.96  # standard errors of a 95 % interval


def setting_for(name: str, setting: Setting | None) -> Setting | None:
    """The untuned base has no training setting."""
    return None if name == "base" else setting


def core_names(cells: Cells, test: Test) -> list[str]:
    """Conditions whose common languages a mean is over."""
    return [name for kind in CORE for name in cells.data(kind, test)]


def covered(
    cells: Cells, test: Test, metric: str, model: str | None, name: str, setting: Setting | None
) -> list[str]:
    """Languages in which a condition has a score, of one model or of any."""
    models = cells.models(test) if model is None else [model]
    where = setting_for(name, setting)
    return [
        code
        for code in cells.languages(test)
        if any(cells.cell(test, metric, code, m, name, where) is not None for m in models)
    ]


def shared_languages(
    cells: Cells, test: Test, metric: str, model: str | None, setting: Setting | None
) -> list[str]:
    """Languages that every core condition with any score has; empty if they share none."""
    sets = [
        set(found)
        for name in core_names(cells, test)
        if (found := covered(cells, test, metric, model, name, setting))
    ]
    common = set.intersection(*sets) if sets else set()
    return [code for code in cells.languages(test) if code in common]


def shared_scores(
    cells: Cells, test: Test, metric: str, model: str, name: str, setting: Setting | None
) -> list[Cell]:
    """A condition's scores in the shared languages; empty if one of them is missing."""
    where = setting_for(name, setting)
    codes = shared_languages(cells, test, metric, model, setting)
    found = [cells.cell(test, metric, code, model, name, where) for code in codes]
    known = [cell for cell in found if cell is not None]
    return known if len(known) == len(codes) else []


def shared_mean(
    cells: Cells, test: Test, metric: str, model: str, name: str, setting: Setting | None
) -> float:
    """Mean over the shared languages; NaN where a score is missing."""
    known = shared_scores(cells, test, metric, model, name, setting)
    return sum(cell.score for cell in known) / len(known) if known else math.nan


def means_by_setting(
    cells: Cells, test: Test, metric: str, model: str, names: list[str], settings: list[Setting]
) -> dict[Setting, dict[str, float]]:
    """Means over the languages that all settings share, if any, so that settings can be compared."""
    own = {s: shared_languages(cells, test, metric, model, s) for s in settings}
    known = [set(codes) for codes in own.values() if codes]
    common = set.intersection(*known) if known else set()
    found: dict[Setting, dict[str, float]] = {}
    for setting in settings:
        codes = [code for code in own[setting] if not common or code in common]
        found[setting] = {}
        for name in names:
            scores = [cells.score(test, metric, code, model, name, setting) for code in codes]
            found[setting][name] = sum(scores) / len(scores) if scores else math.nan
    return found


def mean_with_range(
    cells: Cells, test: Test, metric: str, model: str, name: str, setting: Setting | None
) -> tuple[float, float, float] | None:
    """As `shared_mean`, with the ends of an error bar; None where a score is missing.

    The bar is the 95 % interval over items where standard errors are known, else the range over
    languages.
    """
    known = shared_scores(cells, test, metric, model, name, setting)
    if not known:
        return None
    mean = sum(cell.score for cell in known) / len(known)
    errors = [cell.stderr for cell in known if cell.stderr is not None]
    if len(errors) == len(known):
        half = Z * math.sqrt(sum(e**2 for e in errors)) / len(known)
        low, high = mean - half, mean + half
        if cells.unit(test, metric) == "%":  # a share: no bar leaves 0 to 100
            low, high = max(0.0, low), min(100.0, high)
        return mean, low, high
    return mean, min(cell.score for cell in known), max(cell.score for cell in known)
