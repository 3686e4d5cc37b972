"""Python environments of a test's own."""

import subprocess
import venv
from pathlib import Path

import polars as pl


def environment(folder, *packages, dependencies=True):
    """A Python with packages of its own before those of this one."""
    venv.create(folder, with_pip=True)
    (own,) = folder.glob("lib/python*/site-packages")
    if not dependencies:
        (own / "zz-below.pth").write_text(str(Path(pl.__file__).parents[1]))
    words = [folder / "bin/python", "-m", "pip", "install", "-q", *packages]
    subprocess.run([*words, *(() if dependencies else ("--no-deps",))], check=True)
    return str(folder / "bin/python")
