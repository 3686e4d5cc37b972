"""What a translation job tells of its set: how much there is, and what is missing."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..translate.counts import Tally

EXAMPLES = 3  # rows that a message names
FEW = 0.05  # share of the rows that may have a reply in common
SHOWN = 60  # characters of a reply that a message shows


def missing(tally: Tally) -> str:
    """How many rows are left out, the commonest reasons, and the first rows by name."""
    kinds = Counter(row.kind for row in tally.left_out).most_common(3)
    told = "; ".join(str(row) for row in tally.left_out[:EXAMPLES])
    more = " …" if len(tally.left_out) > EXAMPLES else ""
    number = len(tally.left_out)
    return (
        f"{number} of {tally.asked} rows {'is' if number == 1 else 'are'} missing"
        f" ({', '.join(f'{kind} {number}' for kind, number in kinds)}): {told}{more}"
    )


def doubts(tally: Tally) -> Iterator[str]:
    """Lines about a set that may be worth nothing as a whole, though its rows pass one by one."""
    if 2 * tally.flagged_rows > tally.rows:
        kinds = ", ".join(f"{kind} {number}" for kind, number in tally.flagged.most_common(3))
        yield f"{tally.flagged_rows} of {tally.rows} rows are flagged ({kinds})"
    for text, more in tally.same.most_common(1):
        if more >= max(2, FEW * tally.rows):
            shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
            yield f"the same reply came for {more + 1} different texts: {' '.join(shown.split())!r}"


def count_segments(source_file: Path) -> int:
    """Segments in the whole file, for the progress line (two texts a row is near enough)."""
    with source_file.open("rb") as handle:
        return 2 * sum(chunk.count(b"\n") for chunk in iter(lambda: handle.read(1 << 20), b""))
