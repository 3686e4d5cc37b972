"""A claim about one test, as a study writes it."""

from mothertongue.correlate.claims import BENCHMARK, MODELS, UNDECIDED, Claim


def claim(estimate, stderr, language="es"):
    """Native minus translated on XQuAD."""
    known = stderr is not None
    return Claim(
        question=BENCHMARK, group="reading", benchmark="xquad", judge=None, metric="f1",
        language=language, contrast="gap", first="native", second="translated", scope="mono",
        learning_rate=1e-4, verdict=UNDECIDED, estimate=estimate,
        low=estimate - 2 * stderr if known else None, high=estimate + 2 * stderr if known else None,
        unit="%", p=None, p_adjusted=None, level=0.05, margin=2.0, basis=MODELS, models=4, families=2,
        languages=1, seeds=3, draws=1, items=100, clusters=20, best=None, needed=None, table="",
        row=0, note="", stderr=stderr,
    )  # fmt: skip
