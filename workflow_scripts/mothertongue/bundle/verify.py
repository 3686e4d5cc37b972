"""Recompute the tables of a bundle by the workflow's own rules, and compare them with the bundled ones.

What was measured (scores by item, ratings, provenance) is laid into an empty folder as the rules expect
it there. A Snakemake of its own then makes the tables anew; it may run the rules of the analysis only,
so that nothing is trained, asked or downloaded.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..errors import InputError
from ..files import load_yaml
from .checksums import wrong_files
from .differences import TABLES, Difference, differences

RESULTS = "results"
OWN = "prompts/own"  # tasks and templates of the study's own, under the names that it gives them
STUDY = "study.yaml"
AGE = 1_000_000_000  # seconds since 1970, of what was measured
CORPUS = "corpus"
LISTED = 20  # differences of one file that are named; the others are counted


@dataclass(frozen=True, slots=True)
class Recomputing:
    """What is made anew: `rules` that may run, `targets` below the results folder (files or folders).

    `measured`: patterns, below the results folder, of the files that the rules start from.
    """

    rules: tuple[str, ...]
    targets: tuple[str, ...]
    measured: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check has found. `tables`: how many files were recomputed and compared."""

    tables: int
    values: tuple[Difference, ...]
    files: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.values and not self.files

    def lines(self) -> list[str]:
        """The verdict in lines for a reader."""
        if self.identical:
            return [f"identical: {self.tables} tables recomputed, every file as it was bundled"]
        named: dict[str, int] = {}
        found = [f"differs: {line}" for line in self.files]
        for one in self.values:
            named[one.file] = named.get(one.file, 0) + 1
            if named[one.file] <= LISTED:
                found.append(f"differs: {one}")
        found += [
            f"differs: {name}: {count - LISTED} more values"
            for name, count in named.items()
            if count > LISTED
        ]
        return [
            *found,
            f"not identical: {len(self.values)} values of {len(named)} tables differ"
            f" ({self.tables} tables recomputed), {len(self.files)} files are not as bundled",
        ]


def lay_out(bundle: Path, folder: Path, patterns: Sequence[str]) -> None:
    """Copy what was measured into a results folder, all of the same age: nothing of it is remade."""
    for pattern in patterns:
        for source in (bundle / RESULTS).glob(pattern):
            target = folder / RESULTS / source.relative_to(bundle / RESULTS)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            os.utime(target, (AGE, AGE))
    if (bundle / OWN).is_dir():
        shutil.copytree(bundle / OWN, folder, dirs_exist_ok=True)


def write_study(bundle: Path, folder: Path) -> Path:
    """The study for the analysis, in `folder`: without files that it names and the analysis does not read."""
    config = load_yaml(bundle / STUDY)
    config.pop("compare", None)
    for model in config["models"].values():
        if (model.get("build") or {}).get("corpus"):
            model["build"]["corpus"] = CORPUS
            (folder / CORPUS).touch()
    path = folder / STUDY
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def recompute(bundle: Path, root: Path, folder: Path, work: Recomputing, cores: int) -> None:
    """Make the tables anew in `folder`; `root` is the workflow's checkout."""
    lay_out(bundle, folder, work.measured)
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile")),
        *("--configfile", str(write_study(bundle, folder)), "--directory", str(folder)),
        *("--cores", str(cores), "--quiet", "all", "--rerun-triggers", "mtime"),
        *("--workflow-profile", "none", "--nolock"),
        *("--allowed-rules", *work.rules, "--"),
        *(f"{RESULTS}/{target}" for target in work.targets),
    ]
    quiet = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=root, env=quiet, capture_output=True, text=True)
    if done.returncode:
        last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-12:]
        raise InputError(f"{bundle}: the tables cannot be recomputed:\n" + "\n".join(last))


def tables_below(folder: Path, target: str) -> list[str]:
    """The tables that a target stands for, by their path below `folder`."""
    top = folder / target
    paths = [top] if top.is_file() else sorted(top.rglob("*"))
    found = [p for p in paths if p.suffix in TABLES and p.name != "index.json"]
    return [p.relative_to(folder).as_posix() for p in found]


def verify(bundle: Path, root: Path, work: Recomputing, cores: int = 1) -> Verdict:
    """Compare every file with its checksum, and every table with its recomputed one."""
    if not (bundle / STUDY).is_file():
        raise InputError(f"{bundle}: no {STUDY} there, so it is no bundle")
    files = wrong_files(bundle)
    with tempfile.TemporaryDirectory(prefix="mothertongue-verify-") as place:
        folder = Path(place)
        recompute(bundle, root, folder, work, cores)
        names = [
            name
            for target in work.targets
            for name in dict.fromkeys(
                [
                    *tables_below(bundle / RESULTS, target),
                    *tables_below(folder / RESULTS, target),
                ]
            )
        ]
        values = [
            difference
            for name in names
            for difference in differences(
                f"{RESULTS}/{name}", bundle / RESULTS / name, folder / RESULTS / name
            )
        ]
    return Verdict(len(names), tuple(values), tuple(files))
