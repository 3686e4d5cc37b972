"""scores.csv: the one contract between running a study and analysing it.

One row per score. Columns (see COLUMNS):

    source         study | published
    benchmark      key of evaluate.benchmarks, or qa-<question set> for judged open questions
    metric         name of the metric (percentages; judge totals are sums of ratings; win_rate: per cent
                   of the comparisons with native data's answers that are won, so that native has 50)
    judge          key of judge.judges, empty for benchmarks
    language       language of the test
    model          key of models
    data           what the adapter was tuned on: native, a translator, <translator>-rtt, or base
    scope          language of the training data, or multi; none for an untuned base
    learning_rate  a number; empty for an untuned base
    seed           empty where it is unknown
    score          empty where there is none (a judge without ratings)
    stderr, n      standard error over items and number of items, empty where unknown

A study whose training sets have numbers of rows (conditions[].rows, mix, draws) has three more, SIZES:

    native_rows, translated_rows   training rows, native ones and those of translations or round trips
    draw                           which sample of rows it is; 1 where nothing is drawn, empty for a base

Beside it lies `about.json`: labels, order and nature of models, benchmarks and judges, so that
tables and figures are driven by the scores themselves.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .files import atomic, read_json

if TYPE_CHECKING:
    import polars as pl

COLUMNS: dict[str, str] = {
    "source": "String",
    "benchmark": "String",
    "metric": "String",
    "judge": "String",
    "language": "String",
    "model": "String",
    "data": "String",
    "scope": "String",
    "learning_rate": "Float64",
    "seed": "Int64",
    "score": "Float64",
    "stderr": "Float64",
    "n": "Int64",
}
SIZES = {"native_rows": "Int64", "translated_rows": "Int64", "draw": "Int64"}
KEY = [name for name in COLUMNS if name not in ("score", "stderr", "n")]
REQUIRED = ("source", "benchmark", "metric", "language", "model", "data", "scope")
SOURCES = ("study", "published")
MULTI = "multi"
ROUND_TRIP = "-rtt"
WIN_RATE = "win_rate"  # metric of pairwise judges, relative to native data


def schema() -> "pl.Schema":
    """Column names and polars types, those of sizes included."""
    import polars as pl

    return pl.Schema({name: getattr(pl, kind)() for name, kind in (COLUMNS | SIZES).items()})


def check_scores(scores: "pl.DataFrame", path: str | Path) -> "pl.DataFrame":
    """Check a table against the contract; NaN becomes an empty score. First breach: InputError.

    The columns of sizes are empty where the table has none.
    """
    import polars as pl

    missing = [name for name in COLUMNS if name not in scores.columns]
    unknown = [name for name in scores.columns if name not in COLUMNS | SIZES]
    if missing or unknown:
        raise InputError(
            f"{path}: columns must be {', '.join(COLUMNS)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; unknown: {', '.join(unknown)}" if unknown else "")
        )
    try:
        without = [pl.lit(None).alias(name) for name in SIZES if name not in scores.columns]
        scores = scores.with_columns(without).select([*COLUMNS, *SIZES]).cast(schema())
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{path}: a number is not readable ({first})") from None
    if scores.is_empty():
        raise InputError(f"{path}: holds no scores")
    scores = scores.with_columns(
        pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in ("score", "stderr")
    )
    numbered = scores.with_row_index("row", offset=2)
    for name in REQUIRED:
        empty = numbered.filter(pl.col(name).is_null())
        if empty.height:
            raise InputError(f"{path}, line {empty['row'][0]}: '{name}' is empty")
    for mask, problem in (
        (~pl.col("source").is_in(SOURCES), "source must be study or published"),
        (pl.col("stderr") < 0, "stderr is negative"),
        (pl.col("n") < 0, "n is negative"),
    ):
        wrong = numbered.filter(mask)
        if wrong.height:
            raise InputError(f"{path}, line {wrong['row'][0]}: {problem}")
    double = numbered.filter(scores.select(KEY).is_duplicated())
    if double.height:
        row = double.row(0, named=True)
        name = ", ".join(str(row[column]) for column in KEY if row[column] is not None)
        raise InputError(
            f"{path}, line {row['row']}: the same score stands in the file twice ({name})"
        )
    return scores


def read_scores(path: str | Path) -> "pl.DataFrame":
    """Read and check a scores file."""
    import polars as pl

    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        raw = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: not a readable CSV ({str(error).splitlines()[0]})") from None
    raw = raw.with_columns(pl.all().str.strip_chars().replace({"": None}))
    for name in ("learning_rate", "score", "stderr"):
        if name in raw.columns:
            raw = raw.with_columns(pl.col(name).replace({"nan": "NaN", "NA": None}))
    return check_scores(raw, path)


def write_scores(path: str | Path, scores: "pl.DataFrame") -> None:
    """Check scores against the contract and write them, atomically; sizes only where there are any."""
    scores = check_scores(scores, path)
    if all(scores[name].null_count() == scores.height for name in SIZES):
        scores = scores.drop(*SIZES)
    with atomic(path) as temporary:
        scores.write_csv(temporary)


def read_about(path: str | Path) -> dict[str, Any]:
    """Read the description that lies beside a scores file."""
    about: dict[str, Any] = read_json(path)
    for section in ("models", "data", "languages", "benchmarks", "judges", "learning_rate"):
        if section not in about:
            raise InputError(f"{path}: no '{section}'")
    return about
