"""Shows the smallest gaps that a planned study would find as a table for the terminal."""

import math
from collections.abc import Iterable, Mapping

from ..correlate.planning import POWER_COLUMNS


def plan_text(rows: Iterable[Mapping[str, object]]) -> str:
    """The rows as a table for the terminal."""
    heads = [
        "benchmark", "models", "languages", "seeds", "items", "smallest gap", "in one language",
        "+1 seed", "(GPU h)", "+1 model", "(GPU h)", "+1,000 items", "(GPU h)", "variance from",
    ]  # fmt: skip

    def shown(value: object) -> str:
        if isinstance(value, float):
            return f"{value:,.1f}" if math.isfinite(value) else "none"
        return "?" if value is None else str(value)

    cells = [heads, *[[shown(row[key]) for key in POWER_COLUMNS] for row in rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    lines = [
        "  ".join(
            text.ljust(width) if place in (0, len(heads) - 1) else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    note = (
        "Smallest true gap (points; ratings on their scale) that this study would find with 80 %"
        " power, over its languages. none: one model with one seed says nothing of the method."
    )
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:], "", note])
