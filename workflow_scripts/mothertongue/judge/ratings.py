"""All ratings of a study as one table, and what the comparisons of judges share."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import atomic
from .records import Place, read_ratings

if TYPE_CHECKING:
    import polars as pl

ROUND_TRIP = "-rtt"
CELL = ["model", "data", "scope", "lr", "seed"]
ANSWER = [*CELL, "questions", "language", "id"]
DECLINED = ("declin", "refus")  # words of a reason that say that nobody tried to rate
SCHEMA = {
    "judge": "String",
    "model": "String",
    "data": "String",
    "scope": "String",
    "lr": "String",
    "seed": "Int64",
    "questions": "String",
    "language": "String",
    "id": "String",
    "rating": "Float64",
    "characters": "Int64",
    "unscored": "String",
    "flagged": "Boolean",
}
COVERAGE = {
    "judge": "String",
    "questions": "String",
    "language": "String",
    "data": "String",
    "model": "String",
    "scope": "String",
    "lr": "String",
    "seed": "Int64",
    "answers": "Int64",
    "scored": "Int64",
    "declined": "Int64",
    "unreadable": "Int64",
    "addresses_judge": "Int64",
    "most_often": "String",
}


def table(rows: Iterable[Mapping[str, object]], columns: dict[str, str]) -> "pl.DataFrame":
    """Rows as a table with these columns, also when there are none."""
    import polars as pl

    schema = {name: getattr(pl, kind) for name, kind in columns.items()}
    return pl.DataFrame(list(rows), schema=schema)


def write_tables(tables: Mapping[Path, "pl.DataFrame"]) -> None:
    """Write tables as CSV, and print how many rows each has."""
    for path, found in tables.items():
        with atomic(path) as temporary:
            found.write_csv(temporary)
        print(f"{path}: {found.height} rows")


def all_ratings(paths: Iterable[str | Path]) -> "pl.DataFrame":
    """All ratings files of a study as one table, one row per judge and answer."""
    rows = []
    for path in paths:
        place = Place.of(path)._asdict()
        for one in read_ratings(path):
            own = {"id": one.id, "rating": one.rating, "characters": one.characters}
            rows.append({**place, **own, "unscored": one.unscored, "flagged": bool(one.flags)})
    return table(rows, SCHEMA).sort("judge", *ANSWER)  # sums do not depend on the order of files


def coverage(ratings: "pl.DataFrame", judges: list[str]) -> "pl.DataFrame":
    """How many answers of each condition a judge scored, declined, or rated unreadably.

    A row per judge, question set, language and training data (all models together), and one per
    answer set that is not whole.
    """
    import polars as pl

    missing = pl.col("rating").is_null()
    declined = missing & pl.col("unscored").fill_null("").str.contains("|".join(DECLINED))
    counts = [
        pl.len().cast(pl.Int64).alias("answers"),
        (~missing).sum().cast(pl.Int64).alias("scored"),
        declined.sum().cast(pl.Int64).alias("declined"),
        (missing & ~declined).sum().cast(pl.Int64).alias("unreadable"),
        pl.col("flagged").fill_null(value=False).sum().cast(pl.Int64).alias("addresses_judge"),
        pl.col("unscored").filter(missing).drop_nulls().mode().sort().first().alias("most_often"),
    ]
    together = ["judge", "questions", "language", "data"]
    frames = []
    for keys in (together, [*together, "model", "scope", "lr", "seed"]):
        frame = ratings.group_by(keys).agg(counts)
        if keys != together:
            frame = frame.filter(pl.col("scored") < pl.col("answers"))
        frames.append(frame)
    found = pl.concat(frames, how="diagonal")
    order = {name: place for place, name in enumerate(judges)}
    rows = [{name: row.get(name) for name in COVERAGE} for row in found.to_dicts()]
    rows = [row for row in rows if row["judge"] in order]
    rows.sort(
        key=lambda row: (
            order[str(row["judge"])],
            *(str(row[k] or "") for k in list(COVERAGE)[1:8]),
        )
    )
    return table(rows, COVERAGE)
