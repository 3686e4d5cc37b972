"""Quality of every translated set: chrF++ and BLEU of round trips, and what the checks found."""

import csv
from pathlib import Path
from typing import Any

from mothertongue.files import atomic, read_json
from mothertongue.process.log import log_to
from mothertongue.report.translation_quality import COLUMNS, draw, round_trip_scores, shares
from mothertongue.sample.rows import FIELDS
from mothertongue.translate.quality import bleu_tokeniser


def main(
    *,
    sets: list[dict[str, str]],
    table_file: Path,
    figure_file: Path,
    labels: dict[str, str],
    languages: dict[str, str],
) -> None:
    """`sets`: translator, kind, scope, report and, for round trips, native and back files."""
    rows: list[dict[str, Any]] = []
    for entry in sets:
        report = read_json(entry["report"])
        common = {key: entry[key] for key in ("translator", "kind", "scope")}
        common |= {key: round(value, 6) for key, value in shares(report).items()}
        scores = [("", name, report["rows"], "", "") for name in FIELDS]
        if entry["kind"] == "roundtrip":
            scores = round_trip_scores(Path(entry["native"]), Path(entry["back"]))
        for language, name, number, chrf, bleu in scores:
            rows.append(
                {**common, "language": language, "field": name, "rows": number}
                | {"chrf++": chrf and round(chrf, 2), "bleu": bleu and round(bleu, 2)}
                | {"bleu_tokeniser": bleu_tokeniser(language) if language else ""}
                | {"length_ratio": report["length_ratio"][name]}
            )
    with atomic(table_file) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, figure_file, labels, languages)


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            sets=snakemake.params.sets,
            table_file=Path(snakemake.output.table),
            figure_file=Path(snakemake.output.figure),
            labels=snakemake.params.labels,
            languages=snakemake.params.languages,
        )
