"""The whole demo in an empty folder: wall time, CPU time of all its processes, and where it goes.

Run: python bench/demo_time.py [--cores 2] [--warm 0]
CPU seconds (user and system) hardly depend on what else a machine does; wall seconds do. The warm
process outlives the jobs that start it, so this script adopts orphans (Linux) to count them too.
"""

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow_scripts"), str(ROOT / "tests/support"), str(ROOT / "tests")]
from conftest import checkout  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36


def by_rule(folder: Path) -> list[tuple[str, int, float]]:
    """(rule or its first folder, jobs, seconds of wall time) from Snakemake's benchmark files."""
    seconds: dict[str, list[float]] = {}
    for path in sorted((folder / "benchmarks").rglob("*.tsv")):
        name = path.relative_to(folder / "benchmarks").parts[0]
        if name == "finetune":
            name += "/" + path.relative_to(folder / "benchmarks").parts[1].split("_")[0]
        seconds.setdefault(name, []).append(float(path.read_text().splitlines()[1].split("\t")[0]))
    return sorted(((k, len(v), sum(v)) for k, v in seconds.items()), key=lambda row: -row[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cores", default="2")
    parser.add_argument("--warm", default="1", help="0 = no warm process")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory() as place:
        folder = checkout(Path(place) / "study", link=False, demo=True)
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", options.cores, "--quiet", "all"],
            cwd=folder,
            env={**os.environ, "MOTHERTONGUE_WARM": options.warm},
        )
        wall = time.perf_counter() - started
        while True:  # the warm process leaves a second after Snakemake
            try:
                os.wait()
            except ChildProcessError:
                break
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        for name, jobs, seconds in by_rule(folder):
            print(f"{name:32} {jobs:4} jobs  {seconds:7.1f} s")
    load = os.getloadavg()[1]
    print(
        f"{'whole demo' if done.returncode == 0 else 'failed run'}: {wall:.0f} s of wall time, {used.ru_utime + used.ru_stime:.0f} CPU-s"
        f" ({used.ru_stime:.0f} of them in the kernel) on {options.cores} cores; load {load:.1f}"
    )


if __name__ == "__main__":
    main()
