"""Write the card (README.md) of an adapter or of a translated set."""

from collections.abc import Sequence
from pathlib import Path

from mothertongue.bundle.cards import Translated, Tuned, adapter_card, translated_card
from mothertongue.process.log import log_to


def main(*, card: Path, about: Tuned | Translated, facts: Path, scores: Sequence[Path]) -> None:
    """Write the card; `facts` is provenance.json of an adapter, the report of a translated set."""
    if isinstance(about, Tuned):
        adapter_card(card, about, facts, scores)
    else:
        translated_card(card, about, facts)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        kind = Tuned if "scores" in snakemake.input.keys() else Translated  # noqa: SIM118
        main(
            card=Path(snakemake.output[0]),
            about=kind(**snakemake.params.about),
            facts=Path(snakemake.input.facts),
            scores=tuple(map(Path, snakemake.input.get("scores", []))),
        )
