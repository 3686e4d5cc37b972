"""Which tests answer one question together, and which difference matters to whoever asks."""

from typing import Any

from .cells import Cells, Test

MARGIN = 2.0  # points; see report.margin
RATING_SHARE = 0.1  # of the scale of a rating
BITS = 0.02  # bits per byte, character or token


def group_of(cells: Cells, test: Test) -> str:
    """The test's group: as the description says, else by origin and kind of its questions."""
    about = cells.about["benchmarks"].get(test.benchmark, {})
    if about.get("group"):
        return str(about["group"])
    if test.judge is not None:
        return "open questions"
    known = [str(about[name]) for name in ("origin", "kind") if about.get(name)]
    return ", ".join(known) or test.benchmark


def margin_of(cells: Cells, test: Test, metric: str) -> float:
    """The smallest difference that matters, in the unit of the claim.

    A benchmark's own `margin` in the description wins; then `margin` of the whole description
    (report.margin), which is meant in points; ratings: a tenth of their scale.
    """
    about: dict[str, Any] = cells.about["benchmarks"].get(test.benchmark, {})
    if about.get("margin") is not None:
        return float(about["margin"])
    if metric == "rating":
        return RATING_SHARE * 4
    if test.judge is not None:
        items = about.get("items") or {}
        return RATING_SHARE * 4 * max(items.values(), default=50)
    if metric == "perplexity" or metric.startswith("bits_per_"):
        return BITS
    return float(cells.about.get("margin") or MARGIN)
