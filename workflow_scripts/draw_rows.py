"""Draw the rows of one portion of a training set: N training rows, and validation rows beside them.

Nothing is translated before a portion is drawn, so that only its rows are paid. More rows than there
are is an error here, before anything expensive starts.
"""

from collections.abc import Mapping
from pathlib import Path

from mothertongue.finetune.sets import halves_of
from mothertongue.process.log import log_to
from mothertongue.sample.portions import Drawing, draw_portion, most
from mothertongue.sample.rows import write_rows
from mothertongue.study.mixes import apportion


def main(
    *,
    source: Path,
    drawn: Path,
    data: str,
    amount: int | str | float,
    draw: int | None,
    nested: bool,
    turn: int,
    turns: int,
    condition: str,
    share: float,
    split_seed: int,
    seed: int,
    shares: Mapping[str, float] | None = None,
    beside: Mapping[str, tuple[Path, int]] | None = None,
) -> None:
    """Write the portion `amount` of `source`; `condition` names it in messages.

    Of a mixture of `shares`, `beside` has each part's source, and how many parts take its rows by turns.
    """
    halves = halves_of(source, share=share, seed=split_seed)
    wanted: int | str
    if isinstance(amount, float):
        assert shares is not None and beside is not None
        there = {
            name: len(halves_of(path, share=share, seed=split_seed).training) // sharers
            for name, (path, sharers) in beside.items()
        }
        wanted = apportion(shares, most(shares, there))[data]
    else:
        wanted = amount
    how = Drawing(draw, nested, turn, turns)
    rows = draw_portion(halves, wanted, how, share=share, seed=seed, what=condition)
    write_rows(drawn, rows)
    print(f"{condition}: {len(rows)} rows of {source}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        how = snakemake.params.drawn
        shared = zip(map(Path, snakemake.input.beside), how["shared"], strict=True)
        main(
            source=Path(snakemake.input.source),
            drawn=Path(snakemake.output.drawn),
            **{k: v for k, v in how.items() if k != "shared"},
            beside=dict(zip(how["shares"] or (), shared, strict=True)),
            condition=f"conditions: {how['data']} of '{snakemake.wildcards.scope}'",
            share=snakemake.params.share,
            split_seed=snakemake.params.split_seed,
            seed=snakemake.params.seed,
        )
