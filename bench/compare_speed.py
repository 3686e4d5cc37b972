"""CPU seconds of compare_conditions and state_claims on a study as large as the paper's, with items.

    OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 python bench/compare_speed.py [share of the items]

The paper's 2,144 scores get made-up items in the benchmarks' sizes (8.5 million answers, right by
chance at the published rate). Prints rows, CPU seconds and peak memory.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import compare_conditions  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import state_claims  # noqa: E402

PUBLISHED = ROOT / "resources" / "published"
SIZES = {"tydiqa": 812, "cmmlu": 11_528, "xquad": 1_190, "mgsm": 250, "mt-mmlu": 13_200}
SIZES |= {"ht-mmlu": 13_200, "qa-translated": 50, "qa-native": 50}
KEY = ("benchmark", "metric", "judge", "language", "model", "data", "scope")


def write_items(scores: pl.DataFrame, path: Path, share: float) -> int:
    """Made-up items of every score; returns their number."""
    rng = np.random.default_rng(0)
    frames = []
    for row in scores.to_dicts():
        n = max(2, int(SIZES[row["benchmark"]] * share))
        if row["metric"] == "total":
            values = rng.integers(1, 6, n) * 50.0
        elif row["metric"] == "f1":
            values = 100 * rng.beta(0.3, 0.7, n)
        else:
            values = 100.0 * (rng.random(n) < row["score"] / 100)
        keys = [pl.lit(row[k], pl.String).cast(pl.Categorical).alias(k) for k in KEY]
        keys.append(pl.lit(row["learning_rate"], pl.Float64).alias("learning_rate"))
        keys.append(pl.lit(1, pl.Int64).alias("seed"))
        frame = pl.DataFrame({"item": [f"q{i}" for i in range(n)], "value": values, "weight": 1.0})
        frames.append(frame.select(*keys, "item", "value", "weight"))
    pl.concat(frames).write_parquet(path)
    return sum(len(frame) for frame in frames)


def main(share: float = 1.0) -> None:
    """Time one run."""
    scores = pl.read_csv(PUBLISHED / "scores.csv", infer_schema_length=None)
    scores = scores.with_columns(seed=pl.lit(1), source=pl.lit("study"))
    about = json.loads((PUBLISHED / "about.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scores.write_csv(folder / "scores.csv")
        (folder / "about.json").write_text(json.dumps(about | {"source": "study"}))
        answers = write_items(scores, folder / "items.parquet", share)
        start = time.process_time()
        compare_conditions.main(
            scores=folder / "scores.csv",
            about=folder / "about.json",
            item_table=folder / "items.parquet",
            contrasts=folder / "contrasts.csv",
            resamples=1000,
            confidence=0.95,
            seed=1,
        )
        seconds = time.process_time() - start
        start = time.process_time()
        state_claims.main(
            scores=folder / "scores.csv",
            about=folder / "about.json",
            item_table=folder / "items.parquet",
            claims=folder / "claims.json",
            estimates=folder / "estimates.csv",
            resamples=1000,
            confidence=0.95,
            seed=1,
        )
        stated = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{answers:,} answers: compare_conditions {seconds:.1f}, state_claims {stated:.1f} CPU s,"
        f" peak {peak:,.0f} MB"
    )


if __name__ == "__main__":
    main(*(float(value) for value in sys.argv[1:]))
