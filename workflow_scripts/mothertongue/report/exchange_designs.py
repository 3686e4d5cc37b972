"""Designs that the estimate proposes for an exchange rate, in words."""

from collections.abc import Collection, Sequence

from ..correlate.exchange_planning import Noise, Plan, Wish
from .exchange import number

WORDS = {
    "training": "between trainings",
    "draws": "between draws of rows",
    "models": "between models' differences",
}
TOP = 3  # designs of a test of a finished study, of which there may be many


def assumed_text(wish: Wish, plans: Sequence[Plan]) -> str:
    """Designs of a study that has no results yet: a line per design, the cheapest first."""
    gain = f"assumed: {_gain(wish)}; standard deviations of {_parts(Noise(), WORDS)}"
    return f"{_head(wish)}\n({gain}):\n{_lines(plans)}"


def measured_text(
    place: str, wish: Wish, noise: Noise, measured: Collection[str], plans: Sequence[Plan]
) -> str:
    """Designs by a test of this study's results; `place`: the test and the language."""
    others = [name for name in WORDS if name not in measured]
    assumed = f"; assumed: {_parts(noise, others)}" * bool(others)
    told = f"this study's results: {_gain(wish)}; standard deviations of {_parts(noise, measured)}"
    return f"{place}\n({told}{assumed}):\n{_lines(plans[:TOP])}"


def results_text(wish: Wish, parts: Sequence[str]) -> str:
    """All tests of a study's results."""
    return "\n\n".join([_head(wish), *parts])


def _head(wish: Wish) -> str:
    return (
        f"Exchange rate: designs whose 95 % set for a true rate of {number(wish.rate)} at"
        f" {wish.rows:,} native rows is expected to span a factor of {wish.width:g} or less"
    )


def _gain(wish: Wish) -> str:
    return f"{wish.gain:.3g} points from {wish.rows // 4:,} to {2 * wish.rows:,} native rows"


def _parts(noise: Noise, names: Collection[str]) -> str:
    shown = [f"{getattr(noise, name):.2g} {WORDS[name]}" for name in WORDS if name in names]
    return ", ".join(shown)


def _lines(plans: Sequence[Plan]) -> str:
    if not plans:
        return (
            "  none of at most 8 models, 5 draws and 3 seeds; the sizes or the gain are too small."
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
    return "\n".join(lines)
