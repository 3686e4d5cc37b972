"""Logistic regression of preferences, and the pull of every question on its coefficients.

Fitted by statsmodels (a binomial GLM; a tie counts as half of a win). The pulls are the clusters'
influences of the sandwich, so that the variance of any function of coefficients can range over
questions and adapters like that of a mean. Residuals are corrected for what a question pulls the fit
towards itself (Bell and McCaffrey 2002, CR2); without it, intervals over few questions are too narrow.
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
    spread = np.sqrt(np.maximum(expected * (1 - expected), 1e-9))
    scaled, residuals = design * spread[:, None], (scores - expected) / spread
    inverse = np.linalg.inv(scaled.T @ scaled)
    names = np.array(questions)
    pulls: dict[str, Floats] = {}
    for name in filter(None, dict.fromkeys(questions)):
        own = scaled[names == name]
        leverage, axes = np.linalg.eigh(own @ inverse @ own.T)
        corrected = (axes.T @ residuals[names == name]) / np.sqrt(np.maximum(1 - leverage, 1e-3))
        pulls[name] = inverse @ (own.T @ (axes @ corrected))
    return Fit(coefficients, pulls)
