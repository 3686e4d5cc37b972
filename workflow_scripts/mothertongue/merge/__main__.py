"""Put the claims of several studies into one table, one forest plot and one mean for each test.

python -m mothertongue.merge bundle1 bundle2 theirs=bundle3 [--published] [--out merged]
"""

import argparse
import sys
from pathlib import Path

from ..errors import InputError
from .figure import forest, words
from .pool import Pooled, pool, read_study, table, together


def line(mean: Pooled) -> str:
    """A mean in one line."""
    key = mean.key
    return (
        f"{words(key)}: {key.first} - {key.second}"
        f" {mean.estimate:+.2f} {key.unit} [{mean.low:+.2f}, {mean.high:+.2f}], p = {mean.p:.3g},"
        f" {mean.studies} studies, between them SD {mean.tau:.2f}, I² {100 * mean.i2:.0f} %"
    )


def main(arguments: list[str] | None = None) -> int:
    """Read, pool, write and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m mothertongue.merge", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("studies", nargs="+", metavar="[NAME=]BUNDLE")
    parser.add_argument(
        "--published", action="store_true", help="add the published study, from the first bundle"
    )
    parser.add_argument("--out", type=Path, default=Path("merged"), help="folder (default: merged)")
    asked = parser.parse_args(arguments)
    try:
        studies = [read_study(given) for given in asked.studies]
        if asked.published:
            studies.append(read_study(asked.studies[0], "published"))
        estimates = together([study for study in studies if study])
        if not estimates:
            raise InputError(
                "merge: these studies have no claim about a test; run them to the report"
            )
        pooled = pool(estimates)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    import polars as pl

    asked.out.mkdir(parents=True, exist_ok=True)
    rows = pl.DataFrame(table(estimates, pooled), infer_schema_length=None)
    rows.write_csv(asked.out / "claims.csv")
    forest(asked.out / "forest.svg", estimates, pooled)
    print("\n".join(map(line, pooled)) or "no test has a standard error in two studies: no mean")
    print(f"{len(estimates)} claims, {len(pooled)} means: {asked.out}/claims.csv, forest.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
