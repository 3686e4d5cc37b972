"""Split the noise of one comparison per test: variance.csv, for planning and for the report.

variance.csv, one row per test (benchmark and judge):

    benchmark, judge, metric, unit
    models, languages, seeds, items, clusters   how many; seeds empty where not stated
    gap, native, translated, base   means over models and languages; base: the untuned models
    items_variance ... languages_variance   parts of the variance of one comparison (see
                    mothertongue.correlate.noise); empty where the study cannot tell
    adapter_sd      standard deviation of one adapter's score from training to training
    comparison_sd   standard deviation of one comparison, from the parts that are known
    signal_to_noise size of the gap in these
"""

import math
from pathlib import Path
from typing import Any

from mothertongue.correlate.averages import open_cells
from mothertongue.files import atomic
from mothertongue.process.log import log_to

PARTS = ("items", "clusters", "training", "models", "languages")
COLUMNS = {
    **dict.fromkeys(("benchmark", "judge", "metric", "unit"), "String"),
    **dict.fromkeys(("models", "languages", "seeds", "items", "clusters"), "Int64"),
    **dict.fromkeys(("gap", "native", "translated", "base"), "Float64"),
    **{f"{part}_variance": "Float64" for part in PARTS},
    **dict.fromkeys(("adapter_sd", "comparison_sd", "signal_to_noise"), "Float64"),
}


def main(*, scores: Path, about: Path, item_table: Path | None, table: Path) -> None:
    """Write variance.csv of one source."""
    import polars as pl
    from mothertongue.correlate.effects import Evidence
    from mothertongue.correlate.noise import Unclustered, split

    cells = open_cells(scores, about)
    evidence, apart = Evidence(cells, item_table), Unclustered(cells, item_table)
    rows: list[dict[str, Any]] = []
    for test in cells.tests:
        noise = split(evidence, apart, test)
        if noise is None:
            continue
        metric = evidence.metric(test)
        row: dict[str, Any] = {"benchmark": test.benchmark, "judge": test.judge, "metric": metric}
        row |= {"unit": evidence.unit(test, metric)}
        row |= {name: getattr(noise, name) for name in ("models", "languages", "seeds", "items")}
        row |= {name: getattr(noise, name) for name in ("clusters", "gap", "native", "translated")}
        row |= {f"{part}_variance": getattr(noise, f"of_{part}") for part in PARTS}
        deviation = math.sqrt(noise.total) if noise.total >= 0 else math.nan
        row |= {"base": noise.base, "adapter_sd": noise.adapter, "comparison_sd": deviation}
        rows.append({**row, "signal_to_noise": noise.signal_to_noise})
    kinds = {name: getattr(pl, kind)() for name, kind in COLUMNS.items()}
    made = pl.DataFrame([{name: row[name] for name in kinds} for row in rows], schema=kinds)
    with atomic(table) as temporary:
        made.fill_nan(None).write_csv(temporary)
    print(f"{made.height} tests")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            item_table=Path(snakemake.input.item_table[0]) if snakemake.input.item_table else None,
            table=Path(snakemake.output[0]),
        )
