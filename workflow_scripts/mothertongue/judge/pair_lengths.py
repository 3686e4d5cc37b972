"""Win rates at equal length: a regression of preferences on length and order.

The win rate at equal length is what AlpacaEval 2 (Dubois et al. 2024) estimates: a logistic
regression of the preference with the difference in length, tanh of its standardised value, as a term,
and the prediction where that term is 0. Here the order has a term, too. Both slopes are one per judge,
question set and language; every pair of adapters has an intercept of its own. AlpacaEval's term for
the difficulty of a question is left out: it needs many models that answer the same questions.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .gaps import Part
from .logistic import Fit, fit
from .pair_data import ADAPTER, PAIR

if TYPE_CHECKING:
    import polars as pl

ENOUGH = 20  # questions; with fewer, intervals hold too seldom where length decides much


class LengthFit(NamedTuple):
    """Preferences of one judge, question set and language by pair of adapters, length and order."""

    pairs: list[tuple[Any, ...]]  # (scope, lr, data, against, model, seed), in the fit's order
    found: Fit
    typical: float  # standard deviation of the difference in length, characters

    def at_equal_length(self, pair: tuple[Any, ...]) -> Part:
        """The win rate of a pair of adapters at equal length, both orders alike."""
        return self.part(lambda c: (c[self.pairs.index(pair)], c[-1]), self.pairs.index(pair))

    def part(self, read: Callable[[Any], tuple[float, float]], own: int) -> Part:
        """σ(own ± order), averaged, with each question's pull by the delta method."""
        value, slopes = both_orders(*read(self.found.coefficients))
        pulls = {
            name: float(slopes[0] * pull[own] + slopes[1] * pull[-1])
            for name, pull in self.found.pulls.items()
        }
        return Part(value, pulls)

    def longer_preferred(self) -> Part:
        """How often a longer answer is preferred to an equal one, longer by one standard deviation."""
        import numpy as np

        weight = float(np.tanh(1.0))
        slope = float(self.found.coefficients[-2])
        value = 1 / (1 + np.exp(-slope * weight))
        rate = value * (1 - value) * weight
        pulls = {name: float(rate * pull[-2]) for name, pull in self.found.pulls.items()}
        return Part(float(value), pulls)


def both_orders(own: float, order: float) -> tuple[float, tuple[float, float]]:
    """The mean of σ(own + order) and σ(own - order), and its derivatives."""
    import numpy as np

    one, two = (1 / (1 + np.exp(-(own + sign * order))) for sign in (1, -1))
    a, b = one * (1 - one), two * (1 - two)
    return float((one + two) / 2), (float((a + b) / 2), float((a - b) / 2))


def length_fit(group: "pl.DataFrame") -> LengthFit | None:
    """The regression over readable pairs; None where questions are few or lengths do not vary.

    A pair of adapters whose verdicts all agree gets one tie, or its intercept would have no value.
    """
    import numpy as np

    known = group.drop_nulls("verdict")
    typical = float(np.std(known["longer"].to_numpy(), ddof=1)) if known.height > 2 else 0.0
    if typical < 1e-9 or known["id"].n_unique() < ENOUGH:
        return None
    keys = ["scope", "lr", *PAIR, *ADAPTER]
    pairs = sorted(set(known.select(keys).iter_rows()))
    place = {pair: i for i, pair in enumerate(pairs)}
    design, scores, questions = [], [], []
    for *pair, name, first, second, longer in known.select(
        *keys, "id", "first", "second", "longer"
    ).iter_rows():
        for order, score in ((1.0, first), (-1.0, second)):
            line = np.zeros(len(pairs) + 2)
            line[place[tuple(pair)]] = 1.0
            line[-2:] = np.tanh(longer / typical), order
            design.append(line)
            scores.append(score)
            questions.append(name)
    for i in place.values():
        own = [score for line, score in zip(design, scores) if line[i]]
        if len(set(own)) == 1 and own[0] in (0.0, 1.0):
            design.append(np.eye(len(pairs) + 2)[i])
            scores.append(0.5)
            questions.append("")
    found = fit(np.array(design), np.array(scores), questions)
    return None if found is None else LengthFit(pairs, found, typical)
