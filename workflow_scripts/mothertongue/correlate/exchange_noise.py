"""Noise of a study's learning curves, by which the next study is planned.

Components by the method of moments: what lies between draws, or between models, beyond what lies below;
below zero counts as zero. What the study cannot tell keeps the planning's assumption, and is named so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from .averages import Cells, Test
from .curves import Curve, weights
from .exchange_planning import Noise, Wish
from .intervals import part
from .sizes import all_curves

PERCENT = "%"  # unit of the scores that assumptions are about


@dataclass(frozen=True, slots=True)
class Found:
    """What finished results say of a language and a test.

    `wish` has the native curve's gain; `measured`: fields of `noise` that are not assumed.
    """

    language: str
    test: Test
    wish: Wish
    noise: Noise
    measured: tuple[str, ...]


def noise_of(native: Curve, translated: Curve) -> tuple[Noise, tuple[str, ...]]:
    """Components of two curves, and which of them the study shows."""
    known: dict[str, float | None] = {
        "models": between_models(native, translated),
        "draws": _together(between_draws(native), between_draws(translated)),
        "training": _together(between_trainings(native), between_trainings(translated)),
    }
    found = {name: math.sqrt(value) for name, value in known.items() if value is not None}
    return replace(Noise(), **found), tuple(found)


def _together(first: float | None, second: float | None) -> float | None:
    values = [one for one in (first, second) if one is not None]
    return sum(values) / len(values) if values else None


def between_trainings(curve: Curve) -> float | None:
    """Variance of one adapter's score.

    With one seed each, it is what single models scatter about their curves, which has a part of the
    draws' in it.
    """
    if curve.between_seeds is not None:
        return curve.between_seeds
    if not curve.spare:
        return None
    about = weights(curve.sizes, curve.sizes, curve.exponent)
    left = curve.scores - curve.scores @ about.T
    spare = len(curve.scores) * curve.spare
    return float((left**2).sum()) / spare * curve.seeds


def between_draws(curve: Curve) -> float | None:
    """Variance of a draw: of its offset, and of what a size's own rows add."""
    if curve.draws < 2:
        return None
    models, sizes = len(curve.scores), len(curve.sizes)
    one = (between_trainings(curve) or 0.0) / curve.seeds / models
    by_size = 0.0
    if curve.free:
        by_size = max(float(curve.fits.min()) / curve.free - one, 0.0)
    offsets = float(curve.scores.mean(axis=(0, 2)).var(ddof=1))
    return by_size + max(offsets - (one + by_size) / sizes, 0.0)


def between_models(native: Curve, translated: Curve) -> float | None:
    """Variance over models of the difference of their curves, in the middle of both."""
    models = native.scores.shape[0]
    if models < 2:
        return None
    low = max(native.sizes[0], translated.sizes[0])
    high = max(min(native.sizes[-1], translated.sizes[-1]), low)
    parts = [
        part(one, np.array([math.sqrt(low * high)]), one.exponent) for one in (native, translated)
    ]
    values = [one.values.mean(axis=1)[:, 0] for one in parts]
    below = sum(
        float(one.noise[0])
        * (between_trainings(one.curve) or 0.0)
        / one.curve.seeds
        / one.curve.draws
        for one in parts
    )
    return max(float((values[0] - values[1]).var(ddof=1)) - below, 0.0)


def gain_of(native: Curve, wish: Wish) -> Wish:
    """The wish with the gain of the study's native curve, of the exponent that planning assumes."""
    found = part(native, np.array([wish.rows / 4, 2.0 * wish.rows]), wish.exponent)
    low, high = found.values.mean(axis=(0, 1))
    return replace(wish, gain=float(high - low))


def found_in(cells: Cells, wish: Wish) -> Iterator[Found]:
    """Every language and test of a finished study whose native scores grow, by its first translator.

    Tests in other units than percent are left out where a component is assumed.
    """
    for curves in all_curves(cells):
        noise, measured = noise_of(curves.native, curves.translated[0])
        own = gain_of(curves.native, wish)
        percent = cells.unit(curves.test, curves.metric) == PERCENT
        if own.gain > 0 and (percent or len(measured) == len(fields(Noise))):
            yield Found(curves.language, curves.test, own, noise, measured)
