"""What several test files share: where things are, and the real data if it is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may reach a hub

ROOT = Path(__file__).resolve().parent.parent
SMALL = (
    ROOT / "tests" / "support" / "small"
)  # a study of every stage, and its data, for tests alone


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real Aya rows, recorded translations and benchmark files, kept beside the repository."""
    folder = ROOT.parent / "shared"
    if not (folder / "data" / "README.md").is_file():
        pytest.skip(f"the real data is not at {folder} (it is not part of the repository)")
    return folder


def run_snakemake(*arguments: object, cwd: Path, **options) -> subprocess.CompletedProcess:
    """Run this environment's Snakemake in a folder; output is captured as text."""
    command = [sys.executable, "-m", "snakemake", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, **options)


def checkout(folder: Path, *, link: bool = True, demo: bool = False) -> Path:
    """Lay the workflow out in an empty folder, without results: what a fresh clone holds.

    `demo`: with the demo; otherwise the small study of the tests, which is quicker, in its place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resources").mkdir()
    for entry in (
        "Snakefile",
        "config.schema.yaml",
        "studies",
        "rules",
        "workflow_scripts",
        "tasks",
        *(
            f"resources/{path.name}"
            for path in (ROOT / "resources").iterdir()
            if path.name != "demo"
        ),
        "report",
        "envs",
        "profiles",
        "slurm",
    ):
        source, target = ROOT / entry, folder / entry
        if link:
            target.symlink_to(source)
        else:
            subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    for entry in ("config.yaml", "resources/demo"):
        source, target = (ROOT if demo else SMALL) / entry, folder / entry
        if link:
            target.symlink_to(source)
        else:
            subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    return folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start the longest file first: with `-n 2` the other process does the rest meanwhile.

    What takes very long runs only where `-m` names its mark.
    """
    items.sort(key=lambda item: "slurm" not in item.keywords)
    for mark in {"paper", "long"}:
        if mark not in (config.option.markexpr or ""):
            for item in items:
                if item.get_closest_marker(mark):
                    item.add_marker(pytest.mark.skip(reason=f"takes long: -m {mark} runs it"))


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory) -> Path:
    """A fresh checkout in which the small study was run to the report. Do not change it: copy it.

    It is made once for all processes of a test run (`pytest -n`).
    """
    top = tmp_path_factory.getbasetemp()
    top = top.parent if "PYTEST_XDIST_WORKER" in os.environ else top
    folder = top / "demo" / "study"
    with FileLock(top / "demo.lock"):
        if not (folder / "results" / "report.html").is_file():
            subprocess.run(["rm", "-rf", str(folder)], check=True)
            checkout(folder)
            done = run_snakemake("--cores", "all", cwd=folder)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
            done = run_snakemake("--report", "results/report.html", cwd=folder)
            assert done.returncode == 0, done.stderr[-3000:]
    return folder


def copy_study(study: Path, folder: Path) -> Path:
    """Copy a study with its results and Snakemake's records, times included."""
    subprocess.run(["cp", "-a", str(study), str(folder)], check=True)
    return folder


def planned(cwd: Path, *arguments: object) -> dict[str, int]:
    """Dry-run: rule -> number of jobs that would run."""
    dry = run_snakemake("--dry-run", "--quiet", "rules", *arguments, cwd=cwd)
    assert dry.returncode == 0, dry.stdout[-2000:] + dry.stderr[-4000:]
    jobs: dict[str, int] = {}
    in_table = False
    for line in (dry.stdout + dry.stderr).splitlines():
        if line.startswith("Job stats:"):
            in_table, jobs = True, {}
        elif in_table and line.strip():
            name, *count = line.split()
            if count and count[0].isdigit() and name != "total":
                jobs[name] = int(count[0])
        elif in_table and jobs:
            in_table = False
    return jobs
