"""Checksums of a bundle's files, in the form that `sha256sum --check` reads."""

from pathlib import Path

from ..errors import InputError
from ..files import atomic, file_hash

CHECKSUMS = "checksums.txt"
TIMESTAMP = ".snakemake_timestamp"  # which Snakemake adds to a folder that a rule has made


def files_of(folder: Path) -> list[str]:
    """Every file of a bundle but the checksums and Snakemake's own, by its path in the bundle."""
    paths = (p for p in folder.rglob("*") if p.is_file() and p.name != TIMESTAMP)
    return sorted(p.relative_to(folder).as_posix() for p in paths if p != folder / CHECKSUMS)


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of every file."""
    lines = [f"{file_hash(folder / name)}  {name}\n" for name in files_of(folder)]
    with atomic(folder / CHECKSUMS) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def read_checksums(folder: Path) -> dict[str, str]:
    """Path in the bundle -> SHA-256; a line that is none is an `InputError`."""
    path = folder / CHECKSUMS
    if not path.is_file():
        raise InputError(f"{path}: no such file, so {folder} is no bundle (or not a whole one)")
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        digest, gap, name = line.partition("  ")
        if not gap or len(digest) != 64:
            raise InputError(f"{path}, line {number}: not a SHA-256, two blanks and a file name")
        found[name] = digest
    return found


def wrong_files(folder: Path) -> list[str]:
    """One line for each file that is missing, changed or not named in the checksums."""
    expected = read_checksums(folder)
    lines = []
    for name, digest in expected.items():
        if not (folder / name).is_file():
            lines.append(f"{name}: missing")
        elif file_hash(folder / name) != digest:
            lines.append(f"{name}: not the file that was bundled (its SHA-256 differs)")
    lines += [
        f"{name}: not named in {CHECKSUMS}" for name in files_of(folder) if name not in expected
    ]
    return lines
