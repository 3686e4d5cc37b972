"""Designs that the estimate proposes for an exchange rate, in words."""

from collections.abc import Collection, Sequence

from ..correlate.exchange_planning import Designs, Noise, Plan, Wish
from .exchange import number

WORDS = {
    "training": "between trainings",
    "draws": "between draws of rows",
    "models": "between models' differences",
}
TOP = 3  # designs of a test of a finished study, of which there may be many


def designs_text(wish: Wish, designs: Sequence[Designs]) -> str:
    """A line per design, the cheapest first: of each test of the study's results, or of no test."""
    if not designs[0].label:
        gain = f"assumed: {_gain(wish)}; standard deviations of {_parts(Noise(), WORDS)}"
        return f"{_head(wish)}\n({gain}):\n{_lines(designs[0].plans)}"
    return "\n\n".join([_head(wish), *map(_of_a_test, designs)])


def _of_a_test(one: Designs) -> str:
    others = [name for name in WORDS if name not in one.measured]
    assumed = f"; assumed: {_parts(one.noise, others)}" * bool(others)
    measured = _parts(one.noise, one.measured)
    told = f"this study's results: {_gain(one.wish)}; standard deviations of {measured}"
    return f"{one.label}\n({told}{assumed}):\n{_lines(one.plans[:TOP])}"


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
