"""The parts of the analysis that the check of a bundle makes anew: their rules and their tables."""

from typing import NamedTuple

from ..study.paths import WARNINGS


class Analysis(NamedTuple):
    """A part of the analysis: the rules that make it, and what they make (files or folders)."""

    rules: tuple[str, ...]
    targets: tuple[str, ...]


def tables(folder: str, *names: str) -> tuple[str, ...]:
    """CSV files of a folder."""
    return tuple(f"{folder}/{name}.csv" for name in names)


OF_THE_STUDY = Analysis(
    (
        *("collect_scores", "correlate_gaps", "compare_conditions", "rate_benchmarks"),
        *("state_claims", "tabulate_differences", "split_variance", "make_tables"),
        *("write_findings", "plot_training"),
    ),
    (
        *("scores.csv", "correlate/study/items.parquet", "correlate/study/about.json"),
        *tables("correlate/study", "gaps", "correlations", "contrasts", "benchmarks"),
        *tables("correlate/study", "differences", "variance", "estimates"),
        "correlate/study/claims.json",
        *("report/study/tables", "report/study/findings", "report/study/training"),
    ),
)
BESIDE = Analysis(("compare_published",), ("report/study/beside",))
JUDGES = Analysis(
    ("compare_judges",),
    tables("correlate/judges", "coverage", "agreement", "lengths", "gaps", "dependence"),
)
PAIRWISE = Analysis(("compare_pairs",), tables("correlate/judges", "wins", "strengths", "biases"))
MEMBERS = Analysis(("compare_members",), tables("correlate/judges", "alpha", "members"))
PROBES = Analysis(("tabulate_probes",), (WARNINGS, *tables("correlate/judges", "probes")))
LABELS = Analysis(("compare_people",), tables("correlate/people", "agreement", "beside", "gaps"))
ELSEWHERE = Analysis(
    ("collect_other_languages", "compare_languages"),
    (
        *tables("correlate/languages", "scores", "differences"),
        *("correlate/languages/items.parquet", "correlate/languages/about.json"),
    ),
)
EXCHANGE = Analysis(
    ("measure_exchange", "show_exchange"),
    (*tables("correlate/study", "exchange", "curves", "purchase"), "report/study/exchange"),
)
