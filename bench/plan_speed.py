"""How long planning takes: dry run and no-op of the paper's study and of multiples of it.

    python bench/plan_speed.py --seeds 1 3 10
    python bench/plan_speed.py --sizes

`--sizes`: 3 models x 5 numbers of rows x 4 kinds of data and mixtures x 3 draws x 3 seeds instead. Each size is the paper's grid with that many seeds. *plan*: nothing is there; *no-op*: every output
is there (empty files in the order of the jobs, without Snakemake's records of them). Prints CPU
seconds (what a quiet machine needs in wall time), wall seconds and peak memory.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("Snakefile", "config.schema.yaml", "rules", "workflow_scripts", "tasks", "resources")


def study(folder: Path, seeds: int) -> Path:
    """The paper's study with more seeds."""
    config = yaml.safe_load((ROOT / "studies" / "paper.yaml").read_text(encoding="utf-8"))
    config["finetune"]["seeds"] = list(range(1, seeds + 1))
    (folder / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


def sizes(folder: Path) -> Path:
    """studies/exchange.yaml with more of everything: its models, numbers of rows, mixtures, draws and seeds."""
    config = yaml.safe_load((ROOT / "studies" / "exchange.yaml").read_text(encoding="utf-8"))
    one = next(iter(config["models"].values()))
    config["models"] = {f"model-{i}": {**one, "label": f"Model {i}"} for i in range(3)}
    config["finetune"] |= {"seeds": [1, 2, 3], "quantisation": "none"}  # nothing has to be chosen
    mix = ["native", "nllb", {"native": 0.25, "nllb": 0.75}, {"native": 0.5, "nllb": 0.5}]
    rows = [125, 250, 500, 1000, "all"]
    config["conditions"] = [{"mix": mix, "scope": ["es"], "rows": rows, "draws": [1, 2, 3]}]
    (folder / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


def dry_run(folder: Path, *arguments: str) -> tuple[str, float, float, float]:
    """(output, CPU seconds, wall seconds, peak memory in MB) of a dry run."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", "study.yaml"]
    started = time.monotonic()
    out = folder / "out.txt"
    with out.open("w", encoding="utf-8") as handle:
        process = subprocess.Popen([*command, *arguments], cwd=folder, stdout=handle, stderr=handle)
        _, status, used = os.wait4(process.pid, 0)
    text = out.read_text(encoding="utf-8")
    if status != 0:
        sys.exit(text[-3000:])
    wall = time.monotonic() - started
    return text, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


def make_outputs(folder: Path, plan: str) -> None:
    """An empty file for each output of a plan, each job's newer than those of the jobs before."""
    now = time.time()
    for line in re.findall(r"^    output: (.*)$", plan, flags=re.MULTILINE):
        now += 0.001
        for name in line.split(", "):
            path = folder / name
            if path.suffix:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            else:
                path.mkdir(parents=True, exist_ok=True)
                (path / ".snakemake_timestamp").touch()
                os.utime(path / ".snakemake_timestamp", (now, now))
            os.utime(path, (now, now))


def main() -> None:
    """Print a table, one row per size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--sizes", action="store_true")
    asked = parser.parse_args()
    print("| seeds | jobs | plan CPU s | wall s | MB | no-op CPU s | wall s | MB |")
    print("|---|---|---|---|---|---|---|---|")
    for seeds in [3] if asked.sizes else asked.seeds:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for name in (*PARTS, "profiles", "report", "envs", "config.yaml"):
                (folder / name).symlink_to(ROOT / name)
            folder = sizes(folder) if asked.sizes else study(folder, seeds)
            plan, *first = dry_run(folder)
            jobs = re.search(r"^total\s+(\d+)", plan, flags=re.MULTILINE)[1]
            make_outputs(folder, plan)
            again, *second = dry_run(folder)
            if "Nothing to be done" not in again:
                sys.exit("something is to be done although every output is there:" + again[-2000:])
        numbers = " | ".join(f"{x:.1f}" if i != 2 else f"{x:.0f}" for i, x in enumerate(first))
        others = " | ".join(f"{x:.1f}" if i != 2 else f"{x:.0f}" for i, x in enumerate(second))
        print(f"| {seeds} | {jobs} | {numbers} | {others} |", flush=True)


if __name__ == "__main__":
    main()
