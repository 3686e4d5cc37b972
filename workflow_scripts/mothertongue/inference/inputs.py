"""Which of a rule's input files are weights, and whose."""

from collections.abc import Iterable
from pathlib import Path

HASHES = "weights.json"  # of a whole model's folder: the SHA-256 of every file of weights


def weight_file(paths: Iterable[str]) -> Path | None:
    """The file of weights among a rule's input files: of an adapter, or of a base."""
    return next((Path(path) for path in paths if path.endswith(".safetensors")), None)


def base_weights(base: Iterable[str], adapter: Iterable[str]) -> Path | None:
    """A file that changes with a base of the study's own: one it built, or a whole model it tuned."""
    folder = next((Path(path) for path in adapter if not Path(path).suffix), None)
    return folder / HASHES if folder else weight_file(base)
