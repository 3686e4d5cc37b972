"""State every claim that the report may word: claims.json, and estimates.csv behind it.

claims.json is a list of `mothertongue.correlate.claims.Claim`. estimates.csv has a row per claim with
the same columns; a claim's `table` and `row` name its row there.
"""

from dataclasses import replace
from pathlib import Path

from mothertongue.correlate.averages import open_scores
from mothertongue.correlate.claims import to_json, write_claims
from mothertongue.files import atomic
from mothertongue.process.log import log_to


def main(
    *,
    scores: Path,
    about: Path,
    item_table: Path | None,
    claims: Path,
    estimates: Path,
    resamples: int,
    confidence: float,
    seed: int,
    margin: float | None = None,
) -> None:
    """Write the claims of one source, and their table."""
    import polars as pl
    from mothertongue.correlate.effects import Evidence
    from mothertongue.correlate.statements import state

    cells = open_scores(scores, about)
    if margin is not None:
        cells.facts = replace(cells.facts, margin=margin)
    evidence = Evidence(cells, item_table)
    found = state(evidence, resamples=resamples, confidence=confidence, seed=seed)
    write_claims(claims, found)
    rows = []
    for claim in found:
        row = to_json(claim)
        needed = row.pop("needed") or {}
        row |= {f"needed_{name}": needed.get(name) for name in ("models", "seeds", "items")}
        row["members"] = " ".join(row["members"])
        rows.append({name: row[name] for name in row if name not in ("table", "row")})
    with atomic(estimates) as temporary:
        pl.DataFrame(rows, infer_schema_length=None).write_csv(temporary)
    print(f"{len(found)} claims")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            item_table=Path(snakemake.input.item_table[0]) if snakemake.input.item_table else None,
            claims=Path(snakemake.output.claims),
            estimates=Path(snakemake.output.estimates),
            resamples=snakemake.params.resamples,
            confidence=snakemake.params.confidence,
            seed=snakemake.params.seed,
            margin=snakemake.params.margin,
        )
