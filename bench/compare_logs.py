"""Seconds and memory of `python -m mothertongue.compare` on two runs with a million items.

    python bench/compare_logs.py [csv|parquet|lm-eval] [items] [folder]

Writes two runs of ten tasks with items in clusters of four (of lm-eval: results and samples with four
options each, without clusters), compares them in a process of its own, and prints its processor
seconds, wall time and peak memory.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
TASKS = 10
WORDS = ("the", "river", "of", "a", "market", "in", "which", "people", "sold", "bread")


def answers(rng: np.random.Generator, count: int, share: float) -> np.ndarray:
    """Right and wrong answers, in clusters of four that are as hard as each other."""
    ease = np.repeat(rng.normal(0, 0.1, -(-count // 4)), 4)[:count]
    return (rng.random(count) < share + ease).astype(float)


def write_table(path: Path, rng: np.random.Generator, items: int, share: float) -> None:
    """One run as a plain table."""
    number = np.arange(items)
    table = pl.DataFrame(
        {"task": number % TASKS, "item": number, "score": answers(rng, items, share)}
    ).with_columns(
        pl.format("task{}", "task").alias("task"),
        pl.format("q{}", "item").alias("item"),
        pl.format("c{}", pl.col("item") // (4 * TASKS)).alias("cluster"),
    )
    table.write_parquet(path) if path.suffix == ".parquet" else table.write_csv(path)


def write_lm_eval(
    folder: Path, rng: np.random.Generator, items: int, share: float, tasks: int = TASKS
) -> None:
    """One run as lm-eval 0.4.13 writes it with `--log_samples`."""
    folder.mkdir(parents=True)
    date, names = "2026-01-02T03-04-05.000001", [f"task{n}" for n in range(tasks)]
    count = items // tasks
    config = {"output_type": "multiple_choice", "dataset_path": "owner/data"}
    results = {
        "results": {name: {"acc,none": share, "acc_norm,none": share} for name in names},
        "configs": dict.fromkeys(names, config),
        "versions": dict.fromkeys(names, 1.0),
        "n-shot": dict.fromkeys(names, 0),
        "n-samples": {key: {"original": count, "effective": count} for key in names},
        "higher_is_better": {key: {"acc": True, "acc_norm": True} for key in names},
        "chat_template": None,
        "config": {"model_args": f"pretrained={folder.name}"},
    }
    (folder / f"results_{date}.json").write_text(json.dumps(results), encoding="utf-8")
    for name in names:
        with (folder / f"samples_{name}_{date}.jsonl").open("w", encoding="utf-8") as handle:
            for number, right in enumerate(answers(rng, count, share)):
                handle.write(json.dumps(sample(name, number, right, rng)) + "\n")


def sample(task: str, number: int, right: float, rng: np.random.Generator) -> dict[str, object]:
    """One line of a samples file, about 1,400 characters long."""
    question = f"{task} {number}: " + " ".join(WORDS[k] for k in rng.integers(0, 10, 24))
    options = [f"{WORDS[(number + k) % 10]} {k}" for k in range(4)]
    scores = [[f"{-1.5 * k - 0.123456}", "False"] for k in range(4)]
    return {
        "doc_id": number,
        "doc": {"id": f"{task}-{number}", "question": question, "choices": options, "answer": 2},
        "target": "2",
        "arguments": {
            f"gen_args_{k}": {"arg_0": f"Question: {question}\nAnswer:", "arg_1": f" {option}"}
            for k, option in enumerate(options)
        },
        "resps": [[one] for one in scores],
        "filtered_resps": scores,
        "filter": "none",
        "metrics": ["acc", "acc_norm"],
        "doc_hash": f"{abs(hash((task, number))):064x}",
        "prompt_hash": f"{abs(hash((number, task))):064x}",
        "target_hash": f"{abs(hash(task)):064x}",
        "acc": right,
        "acc_norm": right,
    }


def main(form: str = "csv", items: str = "1_000_000", folder: str = "") -> None:
    """Write the runs where they are not there yet, and compare them."""
    with tempfile.TemporaryDirectory() as own:
        at = Path(folder or own)
        at.mkdir(exist_ok=True)
        runs = [at / (name if form == "lm-eval" else f"{name}.{form}") for name in ("one", "two")]
        for seed, (path, share) in enumerate(zip(runs, (0.5, 0.51))):
            if not path.exists():
                write = write_lm_eval if form == "lm-eval" else write_table
                write(path, np.random.default_rng(seed), int(items) // 2, share)
        files = [one for run in runs for one in (run.rglob("*") if run.is_dir() else [run])]
        size = sum(one.stat().st_size for one in files) / 1e9
        env = {**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")}
        start = time.perf_counter()
        words = [sys.executable, "-m", "mothertongue.compare", *map(str, runs)]
        subprocess.run(words, check=True, env=env, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{form}, {int(items):,} rows in {size:.2f} GB: {used.ru_utime:.2f} s user,"
            f" {used.ru_stime:.2f} s system, {wall:.2f} s wall, {used.ru_maxrss / 1e6:.2f} GB"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
