"""Learning curves: score against rows of training data, c - a * N**(-b), and what follows from them.

Every model and draw has its own height c and slope a (random effects, fitted in two stages), and all
share the exponent b. With b given, a curve's value at any number of rows is a weighted sum of the scores,
so that every interval here is one of a mean over models and draws: no delta method, no normal
approximation of a ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Variances = list[tuple[Floats, float]]  # with their degrees of freedom
EXPONENTS = np.concatenate([[0.0], np.geomspace(0.05, 2.0, 60)])  # 0: straight over log rows
POPULATION = 3  # models from which an interval describes models like these
# what an interval ranges over, and what it leaves out
MODELS_AND_DRAWS = "models and draws"
MODELS = "models"
DRAWS = "draws"
TRAININGS = "trainings"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Point:
    """A score of one adapter on one benchmark, more is better; `kind`: what its rows are."""

    language: str
    benchmark: str
    model: str
    kind: str
    native_rows: int
    translated_rows: int
    draw: int
    seed: int
    score: float

    @property
    def rows(self) -> int:
        """Rows of its training set."""
        return self.native_rows + self.translated_rows


@dataclass(frozen=True)
class Curve:
    """Scores of one kind of data, averaged over seeds: [model, draw, size].

    `sizes`: rows, ascending. `share`: of native rows. `points`: all scores as (rows, score). `whole`: the
    largest size is all rows that there are; its adapters are the same in every draw.
    """

    kind: str
    share: float
    sizes: Floats
    scores: Floats
    models: tuple[str, ...] = ()
    seeds: int = 1
    points: tuple[tuple[int, float], ...] = ()
    whole: bool = False

    @property
    def draws(self) -> int:
        """Number of draws of rows."""
        return int(self.scores.shape[1])

    @cached_property
    def fits(self) -> Floats:
        """Residual sum of squares for every exponent of EXPONENTS, of the mean over models.

        Models share their draws' rows, so that their residuals are not independent.
        """
        left = self.scores.mean(axis=0) @ residuals(tuple(self.sizes))
        return np.asarray((left**2).sum(axis=(1, 2)))

    @property
    def spare(self) -> int:
        """Degrees of freedom of the residuals."""
        return self.draws * max(len(self.sizes) - 2, 0)


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


def basis(rows: Floats, exponent: float) -> Floats:
    """The curve's shape, rising with rows: log N, or (1 - N**(-b)) / b."""
    if exponent == 0:
        return np.log(rows)
    return np.asarray(-np.expm1(-exponent * np.log(rows)) / exponent)


def weights(sizes: Floats, at: Floats, exponent: float) -> Floats:
    """Weights of the scores at `sizes` in the curve's values at `at`: [place, size]."""
    shape = basis(sizes, exponent)
    centred = shape - shape.mean()
    there = basis(np.asarray(at, dtype=float), exponent) - shape.mean()
    found = 1 / len(sizes) + np.outer(there, centred) / (centred @ centred)
    return np.asarray(found)


def height_weights(sizes: Floats, exponent: float) -> Floats:
    """Weights of the scores in the height at which a curve levels off: [1, size]; exponent > 0."""
    shape = basis(sizes, exponent)
    centred = shape - shape.mean()
    found = 1 / len(sizes) + (1 / exponent - shape.mean()) * centred / (centred @ centred)
    return np.asarray(found)[None, :]


@cache
def residuals(sizes: tuple[float, ...]) -> Floats:
    """What makes residuals of scores, for every exponent: [exponent, size, size]."""
    known = np.array(sizes)
    return np.stack([np.eye(len(known)) - weights(known, known, float(b)).T for b in EXPONENTS])


def part(curve: Curve, at: Floats, exponent: float, sign: float = 1.0) -> Part:
    """The curve's values at numbers of rows."""
    of = weights(curve.sizes, at, exponent)
    return Part(curve, curve.scores @ of.T, of, exponent, sign)


def height(curve: Curve, exponent: float, sign: float = 1.0) -> Part:
    """The height at which the curve levels off."""
    of = height_weights(curve.sizes, exponent)
    return Part(curve, curve.scores @ of.T, of, exponent, sign)


def exponent_of(curves: Sequence[Curve]) -> float:
    """The exponent that fits all curves best; 0 where no curve has three sizes."""
    if not any(curve.spare for curve in curves):
        return 0.0
    fits = np.asarray(sum(curve.fits for curve in curves))
    return float(EXPONENTS[np.argmin(fits)])


def exponents_of(curves: Sequence[Curve], level: float = 0.05) -> Floats:
    """Exponents that the scores do not contradict (F test), and the neighbours of the best one."""
    from scipy.special import fdtri

    spare = sum(curve.spare for curve in curves) - 1
    if spare < 1:
        return EXPONENTS
    fits = np.asarray(sum(curve.fits for curve in curves))
    most = float(fits.min()) * (1 + float(fdtri(1, spare, 1 - level)) / spare)
    near = np.abs(np.arange(len(EXPONENTS)) - np.argmin(fits)) <= 1
    return np.asarray(EXPONENTS[near | (fits <= most)])


def alike(first: Curve, second: Curve, level: float = 0.05) -> bool:
    """Whether one exponent fits two curves about as well as one each (F test)."""
    from scipy.special import fdtrc

    spare = first.spare + second.spare - 2
    if spare < 1 or not (first.spare and second.spare):
        return True
    own = float(first.fits.min() + second.fits.min())
    more = float((first.fits + second.fits).min()) - own
    return float(fdtrc(1, spare, spare * more / max(own, 1e-12))) > level


def families_of(curves: Sequence[Curve]) -> list[list[Curve]]:
    """Curves by shape: those that bend like the first one, and each of the others by itself."""
    first = [one for one in curves if one is curves[0] or alike(curves[0], one)]
    return [first, *([one] for one in curves if not any(one is known for known in first))]


Wanted = tuple[Curve, Floats, float]  # a curve, numbers of rows, and a sign


def fitted(wanted: Sequence[Wanted], families: Sequence[Sequence[Curve]]) -> Estimate:
    """The sum of curves' values, each family at its best exponent, whose uncertainty is added.

    It is what the sum moves by if an exponent moves by one standard error, which is where the fit is
    worse by the F value of 68 %.
    """

    def parts(exponents: Sequence[float]) -> list[Part]:
        return [
            part(curve, at, exponent, sign)
            for curve, at, sign in wanted
            for family, exponent in zip(families, exponents, strict=True)
            if any(curve is one for one in family)
        ]

    def total(exponents: Sequence[float]) -> Floats:
        means = [one.sign * one.values.mean(axis=(0, 1)) for one in parts(exponents)]
        return np.asarray(sum(means))

    best = [exponent_of(family) for family in families]
    found = estimate(parts(best))
    if found.over == NOTHING:
        return found
    variances = [(found.error**2, found.df)]
    for place, family in enumerate(families):
        spare = sum(curve.spare for curve in family) - 1
        if spare > 0 and any(curve is one for curve, _, _ in wanted for one in family):
            near = exponents_of(family, level=0.3173)
            low, high = ([*best[:place], float(b), *best[place + 1 :]] for b in near[[0, -1]])
            moved = (total(high) - total(low)) ** 2 / 4
            variances.append((moved, np.full(moved.shape, float(spare))))
    error = np.asarray(sum(variance for variance, _ in variances))
    share = np.asarray(sum(variance**2 / df for variance, df in variances))
    df = np.maximum(error**2 / np.maximum(share, 1e-30), 1.0)
    return Estimate(found.value, np.sqrt(error), df, found.over)


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
    spare = sum(one.curve.spare for one in known) - 1
    if spare < 2:
        return [], []
    noise = np.asarray(sum(one.noise / one.curve.draws for one in parts))
    mean = sum(one.scatter for one in known) / spare
    squares, own = 0.0, 0
    for one in known:
        curve = one.curve
        apart = curve.scores - curve.scores.mean(axis=0, keepdims=True)
        left = apart - apart @ weights(curve.sizes, curve.sizes, one.exponent).T
        squares += float((left**2).sum())
        own += (curve.scores.shape[0] - 1) * curve.spare
    alone = squares / own / parts[0].values.shape[0]
    return [(noise * mean, float(spare))], [(noise * alone, float(own))]


def _of_whole_sets(parts: Sequence[Part]) -> Variances:
    """What adapters of all rows add, which draws have in common; from the scatter about the curves."""
    found: Variances = []
    for one in parts:
        if one.curve.whole and one.curve.spare:
            variance = one.scatter / one.curve.spare
            found.append((one.weights[:, -1] ** 2 * variance, float(one.curve.spare)))
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
    spare = sum(one.curve.spare for one in known) - 1  # one for the exponent
    if spare < 2:
        none = np.full(value.shape, np.inf)
        return Estimate(value, none, np.ones(value.shape), NOTHING)
    variance = sum(one.scatter for one in known) / spare
    noise = np.asarray(sum(one.noise / one.curve.draws for one in parts))
    df = np.full(value.shape, float(spare))
    return Estimate(value, np.sqrt(noise * variance), df, TRAININGS)
