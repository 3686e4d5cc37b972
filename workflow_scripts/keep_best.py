"""Keep the best translations of a set, by a score of each row; ids and order stay."""

from dataclasses import asdict
from pathlib import Path

from mothertongue.errors import InputError
from mothertongue.files import read_json, read_jsonl, write_json, write_jsonl
from mothertongue.process.log import log_to
from mothertongue.sample.rows import read_rows, write_rows
from mothertongue.translate.keep import (
    LID,
    ROUND_TRIP_CHRF,
    chrf_scores,
    keep_best,
    lid_scores,
)


def main(
    *,
    name: str,
    best: float,
    by: str,
    all_file: Path,
    all_report_file: Path,
    english_file: Path,
    rated_file: Path | None,
    translated_file: Path,
    report_file: Path,
    scores_file: Path,
) -> None:
    """Keep the share `best` of each language's rows. `rated_file`: rows that came back, or scores."""
    rows = read_rows(all_file)
    if by == LID:
        scores = lid_scores(rows)
    elif rated_file is None:
        raise InputError(f"{translated_file}: no file of scores for keep.by: {by}")
    elif by == ROUND_TRIP_CHRF:
        scores = chrf_scores(read_rows(english_file), read_rows(rated_file))
    else:
        scores = {row["id"]: float(row["score"]) for row in read_jsonl(rated_file)}
    kept, told = keep_best(rows, scores, best, unscored_last=by != LID)
    names = {row.id for row in kept}
    write_jsonl(
        scores_file,
        [
            {
                "id": row.id,
                "language": row.language,
                "score": scores.get(row.id),
                "kept": row.id in names,
            }
            for row in rows
        ],
    )
    report = read_json(all_report_file)
    write_json(
        report_file,
        {
            **report,
            "rows": len(kept),
            "notes": [
                *report["notes"],
                *(
                    f"{code}: the {one.kept:,} of {one.rows:,} rows with the highest {by} are kept"
                    for code, one in told.items()
                ),
            ],
            "keep": {
                "best": best,
                "by": by,
                "languages": {code: asdict(one) for code, one in told.items()},
            },
        },
    )
    write_rows(translated_file, kept)
    for code, one in told.items():
        print(
            f"{name}, {code}: {one.kept} of {one.rows} rows kept by {by}"
            + (f", the lowest at {one.threshold:.3g}" if one.threshold is not None else "")
            + (f"; {one.unscored} without a score" if one.unscored else "")
            + (f"; {one.tied} rows share the lowest score" if one.tied else "")
        )


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            name=snakemake.wildcards.translator,
            best=snakemake.params.best,
            by=snakemake.params.by,
            all_file=Path(snakemake.input.all),
            all_report_file=Path(snakemake.input.report),
            english_file=Path(snakemake.input.english),
            rated_file=Path(snakemake.input.rated[0]) if snakemake.input.rated else None,
            translated_file=Path(snakemake.output.translated),
            report_file=Path(snakemake.output.report),
            scores_file=Path(snakemake.output.scores),
        )
