"""Designs that the estimate proposes for an exchange rate, in words."""

from collections.abc import Sequence

from ..correlate.exchange_planning import Noise, Plan, Wish
from .exchange import number


def designs_text(wish: Wish, noise: Noise, plans: Sequence[Plan]) -> str:
    """A line per design, the cheapest first."""
    head = (
        f"Exchange rate: designs whose 95 % set for a true rate of {number(wish.rate)} at"
        f" {wish.rows:,} native rows is expected to span a factor of {wish.width:g} or less\n"
        f"(assumed: {wish.gain:g} points from {wish.rows // 4:,} to {2 * wish.rows:,} native rows;"
        f" standard deviations of {noise.training:g} points between trainings, {noise.draws:g}"
        f" between draws of rows, {noise.models:g} between models' differences):\n"
    )
    if not plans:
        return (
            head
            + "  none of at most 8 models, 5 draws and 3 seeds; the sizes or the gain are too small."
        )
    lines = []
    for plan in plans:
        one = plan.layout
        counts = [
            f"{count} {word}{'s' * (count > 1)}"
            for count, word in ((one.models, "model"), (one.draws, "draw"), (one.seeds, "seed"))
        ]
        over = "models like these" if one.models > 2 else "these models only"
        lines.append(
            f"  {' x '.join(counts)} x sizes {', '.join(map(str, one.native))} native and up to"
            f" {one.translated[-1]:,} translated: {one.runs:,} adapters, {one.rows:,} rows per epoch;"
            f" set [{number(plan.low)}, {number(plan.high)}], for {over}"
        )
    return head + "\n".join(lines)
