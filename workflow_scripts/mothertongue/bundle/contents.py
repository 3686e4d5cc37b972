"""Put a bundle together: the study, what was measured, what was computed, and how to cite and check it."""

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import yaml

from .. import __version__
from ..files import read_jsonl, write_jsonl
from ..study import Study
from .checksums import CHECKSUMS, TIMESTAMP, files_of, write_checksums
from .citations import cite, read_citations, used_by
from .metadata import METADATA, write_metadata
from .verify import OWN, RESULTS, STUDY

TRAINING = "train.jsonl"
KEPT = ("item", "cluster", "subject", "prompt_hash")  # texts of items that are no texts of a test
README = """# {study}

{description}

A study made with mothertongue {version}. `study.yaml` is the resolved configuration; `results/` has the
files of the study under their usual names; `report/` below it the tables and figures.

## Check it

In a clone of mothertongue {version}, without a network:

    snakemake --configfile {here}/study.yaml --cores all verify

This compares every file with `{checksums}`, makes all tables anew from the scores by item, and says
*identical*, or which file, row and column differ. `sha256sum --check {checksums}` checks the files alone.

## Cite it

`CITATION.bib` has everything used for which there is an entry. {missing}

## Texts

{texts}
"""
WITH = (
    "The bundle has texts: answers, replies of services and judges, predictions. Replies can be replayed"
    " (`replies.replay: replies.parquet`)."
)
WITHOUT = (
    "The bundle has no texts of tests, training sets, answers or replies{why}. Their scores by item, ids and"
    " hashes are there, so that all tables can be made anew."
)


@dataclass(frozen=True, slots=True)
class Sources:
    """What goes into a bundle.

    `results`: files and folders of the results folder `top`; `textual`: those left out of a bundle
    without texts; `root`: the workflow's checkout; `own`: task and template files of the study, by
    their place below prompts/own.
    """

    top: Path
    results: tuple[Path, ...]
    textual: tuple[Path, ...]
    root: Path
    own: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Texts:
    """Whether texts go in, and if not, why."""

    included: bool
    why: str = ""


def placed(named: str) -> str:
    """Where a task file, folder or template that a study names lies in a bundle, and in its check."""
    path = Path(named)
    inside = not path.is_absolute() and ".." not in path.parts
    return path.as_posix() if inside else path.name


def movable(config: Mapping[str, Any]) -> dict[str, Any]:
    """A study's configuration whose tasks are those of the bundle, wherever it is unpacked."""
    tasks = [placed(name) for name in config["evaluate"]["tasks"]]
    return {**config, "evaluate": {**config["evaluate"], "tasks": tasks}}


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder; there may be none (an optional result)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(
            source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(TIMESTAMP)
        )
    elif source.is_file():
        shutil.copyfile(source, target)


def copy_without_text(source: Path, target: Path) -> None:
    """Copy scores by item or ratings without the texts in them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.name.endswith(".items.parquet"):
        import polars as pl

        frame = pl.read_parquet(source)
        kept = [
            name
            for name, kind in frame.schema.items()
            if name in KEPT or kind.is_numeric() or kind == pl.Boolean
        ]
        frame.select(kept).write_parquet(target)
    elif source.suffix == ".jsonl":
        rows = read_jsonl(source)
        for row in rows:
            if "replies" in row:
                row["replies"] = [{**reply, "text": ""} for reply in row["replies"]]
        write_jsonl(target, rows)
    else:
        copy(source, target)


def copy_origins(source: Path, target: Path) -> None:
    """Copy of each row of a training set only which part of a mix it is from, to be counted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    parts = (row["origin"].get("part") for row in read_jsonl(source))
    write_jsonl(target, ({"origin": {"part": part} if part else {}} for part in parts))


def packages() -> str:
    """Every installed package with its version, one a line, as pip reads them."""
    found = {f"{one.metadata['Name']}=={one.version}" for one in distributions()}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def add_results(folder: Path, sources: Sources, texts: Texts) -> None:
    """Lay the results in, under their usual names."""
    dropped = () if texts.included else sources.textual
    for path in sources.results:
        if any(path == one or one in path.parents for one in dropped):
            continue
        target = folder / RESULTS / path.relative_to(sources.top)
        if path.name == TRAINING:
            copy_origins(path, target)
        else:
            (copy if texts.included else copy_without_text)(path, target)


def bundle(
    folder: Path, study: Study, sources: Sources, texts: Texts, replies: Path | None
) -> list[str]:
    """Fill `folder`, which is empty; returns the names for which there is no citation.

    `replies`: an export of the store of replies, left out of a bundle without texts.
    """
    add_results(folder, sources, texts)
    settings = yaml.safe_dump(movable(study.config), allow_unicode=True, sort_keys=False, width=100)
    (folder / STUDY).write_text(settings, encoding="utf-8")
    environments = sources.root / "envs"
    for path in (*sorted(environments.glob("*.yaml")), environments / "lock.txt"):
        copy(path, folder / "environment" / path.name)
    (folder / "environment" / "packages.txt").write_text(packages(), encoding="utf-8")
    prompts = sources.root / "workflow_scripts/mothertongue/prompts"
    for path in sorted(prompts.glob("*.yaml")):
        copy(path, folder / "prompts" / path.name)
    for place, path in sources.own.items():
        copy(path, folder / OWN / place)
    copy(sources.root / "resources/published/departures.yaml", folder / "departures.yaml")
    if replies is not None and texts.included:
        copy(replies, folder / "replies.parquet")
    entries, missing = cite(
        used_by(study), read_citations(sources.root / "resources/citations.bib")
    )
    (folder / "CITATION.bib").write_text(entries, encoding="utf-8")
    uncited = f"There is no entry for: {', '.join(missing)}." if missing else ""
    about = README.format(
        study=study.config["study"],
        description=study.config["description"],
        version=__version__,
        here="bundle",
        checksums=CHECKSUMS,
        missing=uncited,
        texts=WITH
        if texts.included
        else WITHOUT.format(why=f" ({texts.why})" if texts.why else ""),
    )
    (folder / "README.md").write_text(about, encoding="utf-8")
    write_metadata(
        folder,
        [name for name in files_of(folder) if name != METADATA],
        study=study.config["study"],
        description=study.config["description"],
        version=__version__,
    )
    write_checksums(folder)
    return missing


def pack(folder: Path, archive: Path) -> None:
    """Zip a bundle; its files lie in a folder `bundle` in the archive, with a date that is always the same."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as handle:
        for name in [*files_of(folder), CHECKSUMS]:
            entry = zipfile.ZipInfo(f"bundle/{name}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            handle.writestr(entry, (folder / name).read_bytes())
