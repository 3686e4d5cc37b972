"""What pairwise judges lean to: the answer that is shown first, and the longer one."""

from typing import TYPE_CHECKING, Any

from .gaps import Part
from .pair_data import Settings, counts_of, groups_of, rate
from .pair_lengths import length_fit
from .ratings import table

if TYPE_CHECKING:
    import polars as pl

BIASES = {
    "judge": "String",
    "questions": "String",
    "language": "String",
    "pairs": "Int64",
    "decided": "Int64",
    "first_preferred": "Float64",
    "first_low": "Float64",
    "first_high": "Float64",
    "inconsistent_share": "Float64",
    "longer_preferred": "Float64",
    "longer_low": "Float64",
    "longer_high": "Float64",
}


def biases(verdicts: "pl.DataFrame", judges: list[str], settings: Settings) -> "pl.DataFrame":
    """How often each judge prefers the answer shown first, and the longer one.

    Every pair is shown in both orders, so that a judge without a preference for a place chooses the
    first answer in half of its decided replies. Intervals range over questions.
    """
    rows = []
    for (judge, questions, language), group in groups_of(
        verdicts, judges, ["judge", "questions", "language"]
    ):
        known = group.drop_nulls("verdict")
        row: dict[str, Any] = {"judge": judge, "questions": questions, "language": language}
        row |= {"pairs": known.height}
        if known.height:
            row["inconsistent_share"] = counts_of(known)["inconsistent"] / known.height
        found, row["decided"] = first_part(known)
        for name, low, high, part in (
            ("first_preferred", "first_low", "first_high", found),
            ("longer_preferred", "longer_low", "longer_high", _longer(group)),
        ):
            if part is not None:
                told = rate({("", 0): part}, settings.confidence)
                row |= {name: told.value, low: told.low, high: told.high}
        rows.append(row)
    return table(rows, BIASES)


def _longer(group: "pl.DataFrame") -> Part | None:
    fitted = length_fit(group)
    return None if fitted is None else fitted.longer_preferred()


def first_part(known: "pl.DataFrame") -> tuple[Part | None, int]:
    """The share of decided replies that prefer the answer shown first, and their number."""
    firsts: dict[str, list[float]] = {}
    for name, first, second in known.select("id", "first", "second").iter_rows():
        for shown_first in (first, 1 - second):
            if shown_first != 0.5:
                firsts.setdefault(name, []).append(float(shown_first > 0.5))
    decided = sum(map(len, firsts.values()))
    if not decided:
        return None, 0
    share = sum(map(sum, firsts.values())) / decided
    pulls = {n: sum(v - share for v in values) / decided for n, values in firsts.items()}
    return Part(share, pulls), decided
