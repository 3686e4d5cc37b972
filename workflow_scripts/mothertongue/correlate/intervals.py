"""Sums of curves' values with their uncertainty.

With its exponent given, a curve's value at any number of rows, or the height at which it levels off,
is a weighted sum of scores, so that every interval here is one of a mean over models and draws: no
delta method, no normal approximation of a ratio. What the exponent adds is in `fitted`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .curves import EXPONENTS, Curve, Floats, height_weights, weights

Variances = list[tuple[Floats, float]]  # with their degrees of freedom
POPULATION = 3  # models from which an interval describes models like these
# what an interval ranges over, and what it leaves out
MODELS_AND_DRAWS = "models and draws"
MODELS = "models"
DRAWS = "draws"
TRAININGS = "trainings"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Means with standard errors (arrays of one shape) and degrees of freedom; `over`: see above.

    Without an interval, `error` is infinite.
    """

    value: Floats
    error: Floats
    df: Floats
    over: str

    def half(self, level: float = 0.05) -> Floats:
        """Half the width of the two-sided interval."""
        from scipy.special import stdtrit

        if self.over == NOTHING:
            return np.full(self.value.shape, np.inf)
        return np.asarray(stdtrit(self.df, 1 - level / 2) * self.error)


@dataclass(frozen=True, slots=True)
class Part:
    """A weighted sum of a curve's scores: `values` [model, draw, place], `sign` +1 or -1.

    `weights` [place, size]: of the scores, which follow from the exponent.
    """

    curve: Curve
    values: Floats
    weights: Floats
    exponent: float
    sign: float = 1.0

    @property
    def noise(self) -> Floats:
        """The sum of squared weights, [place]."""
        return np.asarray((self.weights**2).sum(axis=1))

    @property
    def scatter(self) -> float:
        """The sum of squares of the mean over models about its curves."""
        return float(self.curve.fits[np.argmin(np.abs(EXPONENTS - self.exponent))])


def part(curve: Curve, at: Floats, exponent: float, sign: float = 1.0) -> Part:
    """The curve's values at numbers of rows."""
    of = weights(curve.sizes, at, exponent)
    return Part(curve, curve.scores @ of.T, of, exponent, sign)


def height(curve: Curve, exponent: float, sign: float = 1.0) -> Part:
    """The height at which the curve levels off."""
    of = height_weights(curve.sizes, exponent)
    return Part(curve, curve.scores @ of.T, of, exponent, sign)


Wanted = tuple[Curve, Floats, float]  # a curve, numbers of rows, and a sign


def fitted(wanted: Sequence[Wanted]) -> Estimate:
    """The sum of curves' values, each at its best exponent, whose uncertainty is added.

    It is what the sum moves by if an exponent moves by one standard error, which is where the fit is
    worse by the F value of 68 %. Where the scores cannot tell, all exponents together span four
    standard errors.
    """
    found = estimate([part(curve, at, curve.exponent, sign) for curve, at, sign in wanted])
    if found.over == NOTHING:
        return found
    variances: list[tuple[Floats, Floats]] = [(found.error**2, found.df)]
    for curve in {id(curve): curve for curve, _, _ in wanted}.values():
        ends = curve.exponents(level=0.3173)[[0, -1]]
        low, high = (_total(wanted, curve, float(exponent)) for exponent in ends)
        errors, df = (2, float(curve.free)) if curve.free else (4, np.inf)
        variances.append((((high - low) / errors) ** 2, np.full(low.shape, df)))
    error = np.asarray(sum(variance for variance, _ in variances))
    share = np.asarray(sum(variance**2 / df for variance, df in variances))
    df = np.maximum(error**2 / np.maximum(share, 1e-30), 1.0)
    return Estimate(found.value, np.sqrt(error), df, found.over)


def _total(wanted: Sequence[Wanted], curve: Curve, exponent: float) -> Floats:
    """What a curve adds to the sum if it has this exponent."""
    parts = [part(curve, at, exponent, sign) for one, at, sign in wanted if one is curve]
    return np.asarray(sum(one.sign * one.values.mean(axis=(0, 1)) for one in parts))


def estimate(parts: Sequence[Part]) -> Estimate:
    """The sum of parts, as a mean over models and draws with its uncertainty.

    Three models or more are a sample of models; one or two are taken as they are. Draws are crossed
    with models and independent between parts. The variance is that over models, plus that over each
    part's draws, minus that of their interaction, which both contain; degrees of freedom are
    Satterthwaite's. The interaction is not subtracted where that makes the interval narrower,
    because almost no degrees of freedom are left.
    """
    models = parts[0].values.shape[0]
    by_model = sum(one.sign * one.values.mean(axis=1) for one in parts)
    value = np.asarray(by_model).mean(axis=0)
    draws = all(one.curve.draws > 1 for one in parts)
    added: Variances = []
    if models >= POPULATION:
        added.append((np.asarray(by_model).var(axis=0, ddof=1) / models, models - 1))
    taken: Variances = []
    for one in parts:
        count = one.curve.draws
        if count < 2:
            continue
        added.append((one.values.mean(axis=0).var(axis=0, ddof=1) / count, count - 1))
        if models >= POPULATION:
            left = (
                one.values
                - one.values.mean(axis=0, keepdims=True)
                - one.values.mean(axis=1, keepdims=True)
                + one.values.mean(axis=(0, 1), keepdims=True)
            )
            df = (models - 1) * (count - 1)
            taken.append(((left**2).sum(axis=(0, 1)) / df / models / count, df))
    if models >= POPULATION and not draws:
        about, of_models = _about_curves(parts)
        return _crossed(value, [*added, *about], [*taken, *of_models], MODELS)
    if models >= POPULATION:
        return _crossed(value, added, taken, MODELS_AND_DRAWS)
    if draws:
        return _crossed(value, [*added, *_of_whole_sets(parts)], [], DRAWS)
    return _residual(value, parts)


def _about_curves(parts: Sequence[Part]) -> tuple[Variances, Variances]:
    """Of one draw: what a size's rows add for all models alike, and what models vary about it.

    The first is seen in the scatter of the mean over models about its curve, from which the scatter
    of single models is taken.
    """
    known = list({id(one.curve): one for one in parts}.values())
    free = sum(one.curve.free for one in known)
    if free < 2:
        return [], []
    noise = np.asarray(sum(one.noise / one.curve.draws for one in parts))
    mean = sum(one.scatter for one in known) / free
    squares, own = 0.0, 0
    for one in known:
        curve = one.curve
        apart = curve.scores - curve.scores.mean(axis=0, keepdims=True)
        left = apart - apart @ weights(curve.sizes, curve.sizes, one.exponent).T
        squares += float((left**2).sum())
        own += (curve.scores.shape[0] - 1) * curve.spare
    alone = squares / own / parts[0].values.shape[0]
    return [(noise * mean, float(free))], [(noise * alone, float(own))]


def _of_whole_sets(parts: Sequence[Part]) -> Variances:
    """What adapters of all rows add, which draws have in common; from the scatter about the curves."""
    found: Variances = []
    for one in parts:
        free = float(one.curve.free)
        if one.curve.whole and free:
            found.append((one.weights[:, -1] ** 2 * one.scatter / free, free))
    return found


def _crossed(
    value: Floats,
    added: Sequence[tuple[Floats, float]],
    taken: Sequence[tuple[Floats, float]],
    over: str,
) -> Estimate:
    """The interval of variances that are added and subtracted; the narrower of two."""
    from scipy.special import stdtrit

    tiny = 1e-12

    def of(signs: Sequence[tuple[float, Floats, float]]) -> tuple[Floats, Floats]:
        total = np.asarray(sum(sign * variance for sign, variance, _ in signs))
        share = np.asarray(sum(variance**2 / df for _, variance, df in signs))
        total = np.maximum(total, tiny)
        return total, np.maximum(total**2 / np.maximum(share, tiny**2), 1e-3)

    plus = [(1.0, *one) for one in added]
    total, df = of(plus)
    if taken:
        less, less_df = of([*plus, *((-1.0, *one) for one in taken)])
        less_df = np.maximum(less_df, 1.0)
        largest = np.max([variance for variance, _ in added], axis=0)
        less = np.maximum(less, largest)  # the mean varies at least as much as its largest part
        wide = stdtrit(np.maximum(df, 1.0), 0.975) * np.sqrt(total)
        narrow = stdtrit(less_df, 0.975) * np.sqrt(less)
        use = narrow < wide
        total, df = np.where(use, less, total), np.where(use, less_df, df)
    return Estimate(value, np.sqrt(total), np.maximum(df, 1.0), over)


def _residual(value: Floats, parts: Sequence[Part]) -> Estimate:
    """One or two models, one draw: what scores vary about their curves."""
    known = {id(one.curve): one for one in parts}.values()
    free = sum(one.curve.free for one in known)
    if free < 2:
        none = np.full(value.shape, np.inf)
        return Estimate(value, none, np.ones(value.shape), NOTHING)
    variance = sum(one.scatter for one in known) / free
    noise = np.asarray(sum(one.noise / one.curve.draws for one in parts))
    df = np.full(value.shape, float(free))
    return Estimate(value, np.sqrt(noise * variance), df, TRAININGS)
