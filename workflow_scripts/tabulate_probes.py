"""How each judge does on its probes: probes.csv, a page, and warnings.json for wherever it is shown."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from mothertongue.correlate.records import write_records
from mothertongue.files import atomic, read_jsonl, write_json
from mothertongue.judge.probes import Result, Trial, trials, warnings
from mothertongue.process.log import log_to
from mothertongue.report.page import render
from mothertongue.report.probes import probes_page

COLUMNS = dict.fromkeys((one.name for one in fields(Trial)), "Float64") | {
    **dict.fromkeys(("judge", "language", "kind"), "String"),
    **dict.fromkeys(("probes", "unread"), "Int64"),
    "passes": "Boolean",
}


def main(
    *,
    found: Sequence[Path],
    table: Path,
    page: Path,
    warned: Path,
    names: dict[str, dict[str, str]],
    confidence: float,
    untried: Sequence[str] = (),
) -> None:
    """Write the table, the page and the warnings; files are …/{judge}/{language}.jsonl.

    `untried`: languages of answers in which there are no probes.
    """
    by_judge: dict[str, list[Result]] = {}
    for path in found:
        by_judge.setdefault(path.parent.name, []).extend(Result(**row) for row in read_jsonl(path))
    rows = [row for judge, own in by_judge.items() for row in trials(judge, own, confidence)]
    write_records(table, rows, COLUMNS)
    write_json(warned, warnings(rows))
    with atomic(page) as temporary:
        temporary.write_text(
            render(probes_page(rows, names, confidence, untried)), encoding="utf-8"
        )
    for row in rows:
        if row.language is None:
            print(f"{row.judge}: accuracy {row.accuracy:.2f} on {row.probes} probes")
    if untried:
        print(f"no probes in {', '.join(untried)}; judge.probe.path names a file of others")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            found=[Path(path) for path in snakemake.input.found],
            table=Path(snakemake.output.table),
            page=Path(snakemake.output.page),
            warned=Path(snakemake.output.warned),
            names=snakemake.params.labels,
            confidence=snakemake.params.confidence,
            untried=snakemake.params.get("untried", ()),
        )
