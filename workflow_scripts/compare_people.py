"""Compare people with one another and with each judge, and correct each judge's gap by their labels.

agreement.csv, beside.csv and gaps.csv have the columns of the records of `mothertongue.people.compare`
and `mothertongue.people.gaps`; page.html shows them.
"""

from collections.abc import Sequence
from pathlib import Path

from mothertongue.correlate.records import columns_of, write_records
from mothertongue.files import atomic
from mothertongue.judge.labels import with_warnings
from mothertongue.people.compare import Agreement, Beside, agreements, beside, ratings_of
from mothertongue.people.gaps import Gap, gaps
from mothertongue.people.records import read_labels
from mothertongue.process.log import log_to
from mothertongue.report.page import render
from mothertongue.report.people import people_page


def main(
    *,
    labels: Path,
    ratings: Sequence[Path],
    agreement: Path,
    against: Path,
    corrected: Path,
    page: Path,
    names: dict[str, dict[str, str]],
    confidence: float,
    seed: int,
) -> None:
    """Write three tables and the page. `names`: labels as the report has them."""
    said = read_labels(labels)
    judges = ratings_of(ratings)
    among = agreements(said, confidence, seed)
    by_judge = beside(said, judges, confidence)
    found = gaps(said, judges, confidence)
    write_records(agreement, among, columns_of(Agreement))
    write_records(against, by_judge, columns_of(Beside))
    write_records(corrected, found, columns_of(Gap))
    text = render(people_page(among, by_judge, found, names, confidence))
    with atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{len(said)} labels, {len(judges)} judges, {len(found)} corrected gaps")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            labels=Path(snakemake.input.labels),
            ratings=[Path(path) for path in snakemake.input.ratings],
            agreement=Path(snakemake.output.agreement),
            against=Path(snakemake.output.beside),
            corrected=Path(snakemake.output.gaps),
            page=Path(snakemake.output.page),
            names=with_warnings(snakemake.params.labels, snakemake.input.warned),
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
        )
