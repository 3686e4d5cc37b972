"""What the engine costs beside a job's own work: on this host, on SLURM, on SLURM in groups.

    python bench/job_overhead.py [--jobs 16] [--here-only | --lab]

Jobs that only write an empty file, by `script:` as in this workflow. *CPU s*: of the head per job
(a run with `jobs` + 1 of them less a run with one, by the system's accounting of the processes
waited for) and, on SLURM, of the job itself (`sacct`, TotalCPU). *Wall s*: of the whole run, by job,
queue and status checks included. The cluster is the one that this host submits to; `--lab` starts
that of the tests (two nodes on this host; needs root).
"""

import argparse
import contextlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SNAKEFILE = """
rule all:
    input: expand("out/{n}.txt", n=range(int(config["jobs"])))

rule work:
    output: "out/{n}.txt"
    log: "logs/{n}.log"
    script: "work.py"
"""
SCRIPT = 'open(snakemake.output[0], "w").close()\n'
SLURM = (
    *("--executor", "slurm", "--jobs", "20", "--slurm-status-command", "squeue"),
    *("--default-resources", "mem_mb=1000", "runtime=10"),
    *("--seconds-between-status-checks", "2", "--latency-wait", "30"),
)
GROUPED = ("--groups", "work=g", "--group-components", "g=8", "--cores", "1")


def run(folder: Path, jobs: int, arguments: tuple[str, ...]) -> tuple[float, float]:
    """CPU seconds of the head and all it waits for, and wall seconds, of one run."""
    for name in ("out", "logs", ".snakemake"):
        subprocess.run(["rm", "-rf", str(folder / name)], check=True)
    command = [sys.executable, "-m", "snakemake", *arguments, "--config", f"jobs={jobs}"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.monotonic() - started


def seconds(text: str) -> float:
    """Seconds of sacct's [[hours:]minutes:]seconds."""
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def on_nodes(folder: Path) -> tuple[int, float]:
    """How many SLURM jobs worked in a folder, and their CPU seconds."""
    listing = ["sacct", "-P", "-n", "--format", "WorkDir,TotalCPU"]
    rows = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.splitlines()
    used = [seconds(row.rpartition("|")[2]) for row in rows if row.startswith(f"{folder}|")]
    return len(used), sum(used)


def measure(name: str, folder: Path, jobs: int, arguments: tuple[str, ...], slurm: bool) -> None:
    """Print one row of the table."""
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    (folder / "work.py").write_text(SCRIPT, encoding="utf-8")
    one, _ = run(folder, 1, arguments)
    earlier = on_nodes(folder) if slurm else (0, 0.0)
    many, wall = run(folder, jobs + 1, arguments)
    head = (many - one) / jobs
    if slurm:
        time.sleep(5)  # the accounting is written behind the jobs
        count, used = on_nodes(folder)
        count, used = count - earlier[0], used - earlier[1]
        cells = f"{count} | {head:.2f} | {used / (jobs + 1):.2f}"
    else:
        cells = f"{jobs + 1} processes | {head:.2f} | "
    print(f"| {name} | {cells} | {wall / (jobs + 1):.2f} |", flush=True)


def main() -> None:
    """Print a table, one row per way of running the same jobs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=16)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--here-only", action="store_true", help="do not submit anything")
    where.add_argument("--lab", action="store_true", help="start the cluster of the tests")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        top = Path(temporary).resolve()
        if options.lab:
            sys.path += [str(ROOT / "tests/support"), str(ROOT / "tests")]
            import slurm_lab

            if reason := slurm_lab.missing():
                sys.exit(f"no SLURM: {reason}")
            (top / "lab").mkdir()
            stack.enter_context(slurm_lab.cluster(top / "lab"))
        print("| way | SLURM jobs | head, CPU s a job | node, CPU s a job | wall s a job |")
        print("|---|---|---|---|---|")
        measure("this host", top / "here", options.jobs, ("--cores", "1"), False)
        if not options.here_only:
            measure("SLURM", top / "single", options.jobs, SLURM, True)
            measure("SLURM, 8 in a job", top / "grouped", options.jobs, (*SLURM, *GROUPED), True)


if __name__ == "__main__":
    main()
