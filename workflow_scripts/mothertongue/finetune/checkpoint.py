"""Checkpoints of a training run: one file, replaced atomically, tied to exactly one recipe."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from ..files import atomic

NAME = "checkpoint.pt"
log = logging.getLogger("mothertongue.finetune")


def fingerprint(**facts: Any) -> str:
    """A hash of all that decides a run's result; a checkpoint of another run is never continued."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Replace the newest checkpoint; a kill at any moment leaves the old or the new one."""
    import torch

    with atomic(folder / NAME) as temporary:
        torch.save(state, temporary)


def load_checkpoint(folder: Path, wanted: str) -> dict[str, Any] | None:
    """The newest checkpoint with the fingerprint `wanted`, or None (and say why)."""
    import torch

    if folder.is_dir():
        for leftover in folder.glob(f".{Path(NAME).stem}.*"):  # of a writer that was killed
            leftover.unlink(missing_ok=True)
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        log.warning("%s cannot be read (%s); starting over", path, type(error).__name__)
        return None
    if state.get("fingerprint") != wanted:
        log.warning("%s belongs to another recipe, base or data; starting over", path)
        return None
    return state


def remove_checkpoint(folder: Path) -> None:
    """Delete the checkpoint of a finished run and the folders that become empty."""
    (folder / NAME).unlink(missing_ok=True)
    for parent in (folder, *folder.parents[:5]):
        try:
            parent.rmdir()
        except OSError:
            break
