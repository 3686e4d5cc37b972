"""Rate each benchmark: would it notice that translated data is not native (paper section 4.3)?

benchmarks.csv, one row per test (benchmark and judge) and metric, at the main setting:

    benchmark, judge, metric   the test
    label           its name in words
    origin          of the questions: native | human-translated | machine-translated
    kind            structured (a choice) | generative (free text)
    gap, low, high  mean of native - translated over models and languages, with its interval
    unit            what the interval resamples: items | models and languages
    models, languages
    wins            models whose mean over languages is better with native data
    wins_significantly, loses_significantly   of these, with Holm-adjusted p below 1 - confidence;
                    empty where there are no items to test with
    r, r_low, r_high, r_p   Pearson's r of gap and native score (the paper's)
    decoupled_r, decoupled_low, decoupled_high, decoupled_p   r of gap and mean over native
                    data and translators, free of the term that gap and native score share
    points          (model, language) pairs behind r
    detectable      smallest gap of one model in one language that would be found with 80 % power
                    (two-sided, unadjusted; median of models and languages)
    detectable_items   number of items of that comparison
    detectable_basis   `paired items`: from the spread of item differences;
                    `independent items`: only scores and number of items are known; pairing would
                    make it smaller: an upper limit
    note            what is missing
"""

import math
from pathlib import Path
from typing import Any

from mothertongue.correlate.averages import TRANSLATED, Cells, Test, open_cells
from mothertongue.files import atomic
from mothertongue.process.log import log_to

Row = dict[str, Any]
RIGHT_OR_WRONG = ("acc", "em", "include")  # percentages of items that are right
PAIRED, INDEPENDENT = "paired items", "independent items"
TEXT = ("benchmark", "judge", "metric", "label", "origin", "kind")
GAP = ("gap", "low", "high")
WINS = ("models", "languages", "wins", "wins_significantly", "loses_significantly")
R = ("r", "r_low", "r_high", "r_p")
DECOUPLED = ("decoupled_r", "decoupled_low", "decoupled_high", "decoupled_p")


def rate(
    cells: Cells,
    test: Test,
    metric: str,
    contrasts: list[Row],
    correlation: Row | None,
    confidence: float,
) -> Row:
    """One benchmark's row; `contrasts` are those of the test and metric."""
    about = cells.about["benchmarks"].get(test.benchmark, {})
    row: Row = {"benchmark": test.benchmark, "judge": test.judge, "metric": metric}
    row |= {"label": cells.test_label(test), "origin": about.get("origin")}
    row |= {"kind": about.get("kind")}
    main = ("gap", TRANSLATED, *cells.main)
    gaps = [
        r for r in contrasts if (r["contrast"], r["second"], r["scope"], r["learning_rate"]) == main
    ]
    pooled = {r["unit"]: r for r in gaps if r["model"] is None}
    if not pooled:
        return row | {"note": "no model has scores with native and with translated data"}
    over_models = pooled["models and languages"]
    method = over_models["models"] > 1 or "items" not in pooled
    best = over_models if method else pooled["items"]
    row |= {"gap": best["difference"], "low": best["low"], "high": best["high"]}
    row |= {name: best[name] for name in ("unit", "models", "languages")}
    row |= count_wins(cells, test, metric, gaps, confidence)
    if correlation is not None:
        row["points"] = correlation["points"]
        for mine, theirs in (("r", ""), ("decoupled", "decoupled_")):
            row[f"{theirs}r"] = correlation[f"{theirs}r"]
            for name in ("low", "high", "p"):
                row[f"{mine}_{name}"] = correlation[theirs + name]
    row |= smallest_detectable(cells, test, metric, gaps, confidence)
    notes = [row_["note"] for row_ in (best, *pooled.values())]
    if row.get("r") is None:
        notes.append("r needs three points with some spread")
    if row.get("detectable") is None and best["stderr"] != 0:
        notes.append("no smallest detectable gap, as the spread of items is not known")
    return row | {"note": "; ".join(dict.fromkeys(note for note in notes if note)) or None}


def count_wins(cells: Cells, test: Test, metric: str, gaps: list[Row], confidence: float) -> Row:
    """Models that are better with native data, by score and significantly."""
    wins = 0
    for model in cells.models(test):
        found = [cells.gap(test, metric, c, model, cells.main) for c in cells.languages(test)]
        found = [gap for gap in found if not math.isnan(gap)]
        wins += bool(found) and sum(found) / len(found) > 0
    single = [r for r in gaps if r["model"] is not None]
    means = [r for r in single if r["language"] is None] or single
    tested = [r for r in means if r["p_holm"] is not None]
    if not tested:
        return {"wins": wins}
    sure = [r["difference"] for r in tested if r["p_holm"] < 1 - confidence]
    return {
        "wins": wins,
        "wins_significantly": sum(difference > 0 for difference in sure),
        "loses_significantly": sum(difference < 0 for difference in sure),
    }


def smallest_detectable(
    cells: Cells, test: Test, metric: str, gaps: list[Row], confidence: float
) -> Row:
    """Median smallest detectable gap of one model in one language."""
    import numpy as np
    from mothertongue.correlate.statistics import detectable

    found = [
        (r["stderr"], r["items"])
        for r in gaps
        if r["language"] is not None and r["stderr"] is not None
    ]
    basis = PAIRED
    if not found and metric in RIGHT_OR_WRONG and cells.unit(test, metric) == "%":
        basis = INDEPENDENT
        sizes = cells.about["benchmarks"].get(test.benchmark, {}).get("items") or {}
        for language in cells.languages(test):
            for model in cells.models(test):
                where = (test, metric, language, model)
                pair = [cells.score(*where, d, cells.main) for d in ("native", TRANSLATED)]
                if language in sizes and not any(math.isnan(score) for score in pair):
                    spread = math.sqrt(sum(score * (100 - score) for score in pair))
                    found.append((spread / math.sqrt(sizes[language]), sizes[language]))
    found = [(stderr, items) for stderr, items in found if stderr > 0]
    if not found:
        return {}
    return {
        "detectable": float(np.median([detectable(stderr, confidence) for stderr, _ in found])),
        "detectable_items": round(float(np.median([items for _, items in found]))),
        "detectable_basis": basis,
    }


def main(
    *,
    scores: Path,
    about: Path,
    contrasts: Path,
    correlations: Path,
    benchmarks: Path,
    confidence: float,
) -> None:
    """Write benchmarks.csv."""
    import polars as pl

    cells = open_cells(scores, about)
    tables = [pl.read_csv(path, infer_schema_length=None) for path in (contrasts, correlations)]
    compared, correlated = (table.to_dicts() for table in tables)
    rows = []
    for test in cells.tests:
        for metric in cells.metrics(test):
            own = [
                [r for r in table if (r["benchmark"], r["judge"], r["metric"]) == (*test, metric)]
                for table in (compared, correlated)
            ]
            correlation = own[1][0] if own[1] else None
            rows.append(rate(cells, test, metric, own[0], correlation, confidence))
    text = dict.fromkeys(TEXT, pl.String)
    kinds: dict[str, Any] = {**text, **dict.fromkeys(GAP, pl.Float64), "unit": pl.String}
    kinds |= dict.fromkeys(WINS, pl.Int64) | dict.fromkeys((*R, *DECOUPLED), pl.Float64)
    kinds |= {"points": pl.Int64, "detectable": pl.Float64, "detectable_items": pl.Int64}
    kinds |= {"detectable_basis": pl.String, "note": pl.String}
    table = pl.DataFrame([{c: row.get(c) for c in kinds} for row in rows], schema=kinds)
    with atomic(benchmarks) as temporary:
        table.fill_nan(None).write_csv(temporary)
    print(f"{table.height} tests rated")


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            contrasts=Path(snakemake.input.contrasts),
            correlations=Path(snakemake.input.correlations),
            benchmarks=Path(snakemake.output[0]),
            confidence=snakemake.params.confidence,
        )
