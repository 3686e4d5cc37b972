"""Start-up of an evaluation job: alone, and with the preloaded process, in turns.

    python bench/evaluate_startup.py [--repeats 3] [--base FOLDER] [--quantisation none]

Every job is one of the demo's evaluations of four items, started as Snakemake starts it: a fresh
Python that calls `run_preloaded`. Printed are CPU seconds until the first item (start of Python,
libraries, base model) and of the whole job, client and child together; and once what the first
job pays for starting the preloaded process. Without `--base` the base is a tiny random model, so that
the figures are those of the libraries; a real base adds its loading time to every job that starts
alone, and to the first of the preloaded ones.
"""

import argparse
import ctypes
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests/support"), str(ROOT / "tests")]
TEST = ROOT / "tests/support/small/resources/demo/benchmarks/reading_translated_es.json"
JOB = """
import json, sys
from pathlib import Path
from mothertongue.inference.base import BaseSpec
from mothertongue.preload import run_preloaded
settings = json.loads(sys.argv[1])
for key in ("score", "items", "tasks", "work"):
    settings[key] = Path(settings[key])
loading = settings["loading"]
base = BaseSpec.of_model(settings["model"], loading["quantisation"], loading["dtype"])
run_preloaded("evaluate_benchmark", settings, base=base)
"""


def run_job(folder: Path, base: str, quantisation: str, warm: bool) -> dict[str, float]:
    """CPU and wall seconds of one job."""
    settings = {
        "score": str(folder / "score.json"),
        "items": str(folder / "items.parquet"),
        "adapter": None,
        "weights": None,
        "item_files": [str(TEST)],
        "demonstration_files": [],
        "condition": {"data": "base"},
        "benchmark": "reading",
        "language": "es",
        "model": {"base": base},
        "loading": {"quantisation": quantisation, "dtype": "auto", "template": "alpaca"},
        "task": {
            "name": "extractive-qa", "shots": 0, "limit": 4, "max_new_tokens": 4, "hub": None,
        },
        "learning_rate": None,
        "tasks": str(ROOT / "tasks"),
        "work": str(folder / "work"),
    }  # fmt: skip
    environment = os.environ | {
        "MOTHERTONGUE_WARM": "1" if warm else "0",
        "TMPDIR": str(folder),
        "PYTHONPATH": str(ROOT / "workflow_scripts"),
        "OMP_NUM_THREADS": "1",
    }
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-c", JOB, json.dumps(settings)],
        cwd=folder, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    client = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = json.loads((folder / "score.json").read_text())["provenance"]["seconds"]
    rest = told["cpu"] - told["cpu_at_first_item"]
    whole = client + (told["cpu"] if warm else 0.0)
    return {"start": whole - rest, "job": whole, "wall": wall}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--base")
    parser.add_argument("--quantisation", default="none", choices=["none", "int8", "nf4"])
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: the warm process is ours to end
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        base = options.base
        if not base:
            from tiny_models import save_model

            base = str(save_model(folder / "base"))
        arguments = (folder, base, options.quantisation)
        first = run_job(*arguments, warm=True)
        times: dict[bool, list[dict[str, float]]] = {False: [], True: []}
        for _ in range(options.repeats):
            for warm, found in times.items():
                found.append(run_job(*arguments, warm=warm))
        for path in Path("/proc/self/task").glob("*/children"):
            for child in path.read_text().split():
                os.kill(int(child), signal.SIGTERM)
                os.waitpid(int(child), 0)
    for warm, name in ((False, "alone"), (True, "warm")):
        line = ", ".join(
            f"{key} {statistics.median(run[key] for run in times[warm]):.2f} s"
            f" ({min(run[key] for run in times[warm]):.2f}"
            f" to {max(run[key] for run in times[warm]):.2f})"
            for key in ("start", "job", "wall")
        )
        print(f"{name}: {line}")
    ratios = [a["start"] / b["start"] for a, b in zip(times[False], times[True])]
    print(
        f"start-up {statistics.median(ratios):.1f}x; the first warm job waits {first['wall']:.1f} s"
    )


if __name__ == "__main__":
    main()
