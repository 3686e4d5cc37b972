"""Split a dataset into training and validation rows, the same rows for every version of the data.

The split goes by the rank of a hash of (seed, id), among all ids that the set's source has: a
native row and its round trip, or the same English row in two translations, fall on the same side,
also where one of the sets lacks rows. Before it, flagged rows are dropped and the set is cut to the
rows that other sets share, if the study says so.
"""

from collections.abc import Iterable
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.finetune.sets import ids_of_source, related, shared, split_parallel, usable
from mothertongue.process.log import log_to
from mothertongue.sample.rows import read_rows, write_rows


def main(
    *,
    dataset: Path,
    training: Path,
    validation: Path,
    share: float,
    seed: int,
    others: Iterable[Path] = (),
    perhaps: Iterable[Path] = (),
    flagged: str = "keep",
    limit: int | None = None,
) -> None:
    """Write the two halves of `dataset`, cut to the rows that the datasets `others` share.

    So do those of `perhaps` that share any. `limit`: only so many first rows of what is left are split.
    """
    rows = read_rows(dataset)
    kept = usable(rows, flagged)
    alike = related(rows, map(read_rows, perhaps))
    cutting = [usable(other, flagged) for other in [*map(read_rows, others), *alike]]
    common = shared(kept, cutting)
    used = common[:limit]
    ids = ids_of_source(dataset, rows) if limit is None else None
    if len(common) < 2:
        raise InputError(
            f"{dataset}: {len(common)} row{'s' * (len(common) != 1)} to train on (of {len(rows)},"
            f" {len(kept)} after translate.flagged, {len(common)} after conditions.rows);"
            " fine-tuning needs at least 2, one to train and one to validate"
        )
    halves = split_parallel(used, share=share, seed=seed, ids=ids)
    write_rows(training, halves[0])
    write_rows(validation, halves[1])
    print(
        f"{len(rows)} rows: {len(rows) - len(kept)} flagged ones dropped,"
        f" {len(kept) - len(common)} that other sets lack, {len(common) - len(used)} beyond"
        f" finetune.limit; {len(halves[0])} training rows,"
        f" {len(halves[1])} validation rows"
    )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            dataset=Path(snakemake.input.dataset),
            others=[Path(path) for path in snakemake.input.others],
            perhaps=[Path(path) for path in snakemake.input.perhaps],
            training=Path(snakemake.output.training),
            validation=Path(snakemake.output.validation),
            share=snakemake.params.share,
            seed=snakemake.params.seed,
            flagged=snakemake.params.get("flagged", "keep"),
            limit=snakemake.params.get("limit"),
        )
