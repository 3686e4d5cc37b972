"""Put the portions of a condition together: training rows and validation rows of every part.

Each row falls on the side on which it is in its source, so that no set validates on another's training
rows. `origin.part` names the data that a row is of, which stands before its id where a row of another
part has the same id.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.finetune.sets import halves_of, usable
from mothertongue.process.log import log_to
from mothertongue.sample.rows import Row, read_rows, write_rows


def main(
    *,
    names: Iterable[str],
    parts: Iterable[Path],
    sources: Iterable[Path],
    training: Path,
    validation: Path,
    share: float,
    seed: int,
    flagged: str = "keep",
    limit: int | None = None,
) -> None:
    """Write both halves. `parts`: the dataset of each part; `sources`: what each was drawn from."""
    halves: tuple[list[Row], list[Row]] = ([], [])
    taken: set[str] = set()
    for name, path, source in zip(names, parts, sources, strict=True):
        held = {row.id for row in halves_of(source, share=share, seed=seed).validation}
        rows = read_rows(path)
        kept = usable(rows, flagged)
        sides: tuple[list[Row], list[Row]] = ([], [])
        for row in kept:
            own = f"{name}-{row.id}" if row.id in taken else row.id
            taken.add(own)
            marked = replace(row, id=own, origin={**row.origin, "part": name})
            sides[row.id in held].append(marked)
        for half, side in zip(halves, sides, strict=True):
            half.extend(side)
        print(
            f"{name}: {len(rows)} rows, {len(rows) - len(kept)} flagged ones dropped;"
            f" {len(sides[0])} training rows, {len(sides[1])} validation rows"
        )
    rows = halves[0][:limit]
    if not all((rows, halves[1])):
        raise InputError(
            f"{training}: {len(rows)} training rows and {len(halves[1])} validation rows are left of"
            " what was drawn; fine-tuning needs one of each: take a larger number in conditions.rows"
        )
    write_rows(training, rows)
    write_rows(validation, halves[1])


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            names=snakemake.params.names,
            parts=[Path(path) for path in snakemake.input.parts],
            sources=[Path(path) for path in snakemake.input.sources],
            training=Path(snakemake.output.training),
            validation=Path(snakemake.output.validation),
            share=snakemake.params.share,
            seed=snakemake.params.seed,
            flagged=snakemake.params.get("flagged", "keep"),
            limit=snakemake.params.get("limit"),
        )
