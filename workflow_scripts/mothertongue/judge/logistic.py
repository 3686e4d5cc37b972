"""Logistic regression of preferences, and the pull of every question on its coefficients.

Fitted by statsmodels (a binomial GLM; a tie counts as half of a win). The pulls are the clusters'
influences of the usual sandwich, so that the variance of any function of coefficients can range over
questions and adapters like that of a mean.
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
LARGEST = 12.0  # a log-odds beyond it is that of verdicts that all agree


class Fit(NamedTuple):
    """`coefficients`; `pulls`: question -> its influence on each of them."""

    coefficients: "Floats"
    pulls: dict[str, "Floats"]


def fit(design: "Floats", scores: "Floats", questions: Sequence[str]) -> Fit | None:
    """Fit scores of 0 to 1; None where the data do not determine the coefficients.

    A row without a question (a tie that is put in) has no pull.
    """
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of separation, which the coefficients show
            found = sm.GLM(scores, design, family=sm.families.Binomial()).fit(maxiter=50)
    except (PerfectSeparationError, np.linalg.LinAlgError):
        return None
    coefficients = np.asarray(found.params, dtype=float)
    if not np.isfinite(coefficients).all() or np.abs(coefficients).max() > LARGEST:
        return None
    expected = np.asarray(found.mu, dtype=float)
    information = (design * (expected * (1 - expected))[:, None]).T @ design
    influence = (design * (scores - expected)[:, None]) @ np.linalg.inv(information)
    pulls: dict[str, Floats] = {}
    for name, row in zip(questions, influence):
        if name:
            pulls[name] = pulls[name] + row if name in pulls else row
    return Fit(coefficients, pulls)
