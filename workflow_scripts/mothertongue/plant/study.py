"""The demo's study with another effect, in a folder of its own."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError
from ..files import atomic
from .write import write_all

DEMO = "resources/demo"
WORDS = {1.0: "in full", 0.0: "not at all", -1.0: "reversed"}


def effect_of(told: object) -> str:
    """`effect` of the command line as the name of a folder: `1`, `0.5`, `-1`; without one, 1.

    Raises `InputError` for anything but a number from -1 to 1.
    """
    try:
        effect = float(1 if told is None else told)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        effect = 2.0
    if not -1 <= effect <= 1:
        raise InputError(
            f"effect: '{told}' is no number from -1 (reversed) to 1 (in full); write"
            " snakemake plant --config effect=0.5"
        )
    return f"{effect + 0.0:g}"


def lay_out(folder: Path, root: Path, effect: float) -> None:
    """Write `study.yaml` and `data/` into `folder`; `root` holds the demo's study and its tasks."""
    write_all(folder / "data", effect)
    shutil.copytree(root / DEMO / "tasks", folder / "data" / "tasks", dirs_exist_ok=True)
    study = yaml.safe_load((root / "config.yaml").read_text(encoding="utf-8"))
    study = _moved(study)
    planted = WORDS.get(effect, f"at {effect:g} of the whole")
    study["description"] = (
        f"The embedded demo with its truth planted {planted} (effect {effect:g})."
    )
    study["report"].pop("note", None)
    with atomic(folder / "study.yaml") as temporary:
        text = yaml.safe_dump(study, allow_unicode=True, sort_keys=False)
        temporary.write_text(text, encoding="utf-8")


def _moved(entry: Any) -> Any:
    """The study with its paths below the demo's data turned to the folder's own."""
    if isinstance(entry, dict):
        return {key: _moved(value) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_moved(value) for value in entry]
    return entry.replace(DEMO, "data") if isinstance(entry, str) else entry
