"""Split a dataset into training and validation rows, the same rows for every version of the data.

The split goes by the rank of a hash of (seed, id), among all ids that the set's source has: a
native row and its round trip, or the same English row in two translations, fall on the same side,
also where one of the sets lacks rows. Before it, flagged rows are dropped and the set is cut to the
rows that other sets share, if the study says so.
"""

from collections.abc import Iterable
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import text_hash
from mothertongue.process.log import log_to
from mothertongue.sample.rows import Row, read_rows, write_rows
from mothertongue.translate.counts import ids_left_out

Rows = list[Row]
FLAGS = ("flags", "pivot_flags")  # in `origin`: of the translation, and of the way out before it


def usable(rows: Rows, flagged: str) -> Rows:
    """Rows to train on: all of them, or (`flagged` is `drop`) those that no check flagged."""
    if flagged == "keep":
        return rows
    return [row for row in rows if not any(row.origin.get(flag) for flag in FLAGS)]


def shared(rows: Rows, others: Iterable[Rows]) -> Rows:
    """Rows whose ids all the other sets have, too."""
    for other in others:
        ids = {row.id for row in other}
        rows = [row for row in rows if row.id in ids]
    return rows


def related(rows: Rows, others: Iterable[Rows]) -> list[Rows]:
    """Those of the other sets that have any of these ids."""
    ids = {row.id for row in rows}
    return [other for other in others if any(row.id in ids for row in other)]


def ids_of_source(dataset: Path, rows: Rows) -> set[str]:
    """Ids of the set's source: its own, and those that its translation, there or back, left out."""
    reports = [dataset.with_suffix(".report.json"), dataset.with_suffix(".pivot.report.json")]
    return {row.id for row in rows} | ids_left_out(path for path in reports if path.is_file())


def split_rows(
    rows: Rows, *, share: float, seed: int, ids: Iterable[str] | None = None
) -> tuple[Rows, Rows]:
    """Training and validation rows in their given order; at least one row on either side.

    `ids`: what the split is drawn from, if that is more than the rows.
    """
    ranked = sorted({row.id for row in rows} if ids is None else ids)
    ranked.sort(key=lambda name: text_hash(str(seed), name))
    count = min(max(1, round(share * len(ranked))), len(ranked) - 1)
    chosen = set(ranked[:count])
    training = [row for row in rows if row.id not in chosen]
    validation = [row for row in rows if row.id in chosen]
    if ids is not None and not (training and validation):  # a side has lost all its rows
        return split_rows(rows, share=share, seed=seed)
    return training, validation


def split_parallel(
    rows: Rows, *, share: float, seed: int, ids: set[str] | None
) -> tuple[Rows, Rows]:
    """Split rows of which some have ids of another set: those as that set, the others by themselves."""
    marked = {row.id for row in rows if row.origin.get("parallel_to")}
    apart = [row for row in rows if row.id not in marked]
    if not marked or not apart:
        return split_rows(rows, share=share, seed=seed, ids=ids)
    others = {row.id for row in apart}
    pair = [row for row in rows if row.id in marked]
    halves = (
        split_rows(pair, share=share, seed=seed, ids=None if ids is None else ids - others),
        split_rows(apart, share=share, seed=seed),
    )
    chosen = {row.id for _, validation in halves for row in validation}
    training = [row for row in rows if row.id not in chosen]
    return training, [row for row in rows if row.id in chosen]


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
