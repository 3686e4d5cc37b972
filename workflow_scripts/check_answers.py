"""Look at the answers of one condition without any judge: right language, script, loops, refusals.

The result is a score file and a table of items like those of a benchmark (evaluate_benchmark), so that
scores.csv, comparisons and claims treat it as one. Every metric is a percentage of all answers; an
answer whose language cannot be told counts as no mistake and is counted in `untold`.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mothertongue.answer.fidelity import METRICS, fidelity
from mothertongue.files import atomic, file_hash, read_jsonl, write_json
from mothertongue.process.log import log_to
from mothertongue.study.paths import condition_of


def main(
    *, answers: Path, score: Path, items: Path, language: str, condition: Mapping[str, Any]
) -> None:
    """Write the score and a row per answer: item, other language if any, and each metric."""
    import polars as pl

    rows = []
    for row in read_jsonl(answers):
        found = fidelity(
            row["prompt"], row["answer"], language, cut_off=row.get("stop") == "length"
        )
        rows.append({"item": row["id"], "language": found.language, **found.scores()})
    table = pl.DataFrame(
        rows,
        schema={"item": pl.String, "language": pl.String, **dict.fromkeys(METRICS, pl.Float64)},
    )
    metrics = {}
    for name in METRICS:
        values = table[name]
        spread = values.std() if len(values) > 1 else None
        error = spread / math.sqrt(len(values)) if isinstance(spread, float) else None
        metrics[name] = {"value": values.mean(), "stderr": error, "n": len(values)}
    with atomic(items) as temporary:
        table.write_parquet(temporary)
    content = {
        "benchmark": score.parent.name,
        "language": language,
        "condition": dict(condition),
        "metric": next(iter(METRICS)),
        "metrics": metrics,
        "unit": dict.fromkeys(METRICS, "%"),
        "higher_is_better": METRICS,
        "n": len(rows),
        "provenance": {"answers": file_hash(answers)},
    }
    write_json(score, content)
    told = ", ".join(f"{name} {found['value']:.1f} %" for name, found in metrics.items())
    print(f"{len(rows)} answers: {told}")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            answers=Path(snakemake.input.answers),
            score=Path(snakemake.output.score),
            items=Path(snakemake.output.table),
            language=snakemake.wildcards.language,
            condition=condition_of(snakemake.wildcards),
        )
