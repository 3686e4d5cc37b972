"""Quality of translations as a model estimates it, without references (COMET family).

Runs in envs/quality.yaml, whose versions do not go with those of the other environments.
"""

from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import read_jsonl
from ..sample.rows import Row


def pairs(all_file: Path, english_file: Path) -> list[tuple[str, str, str]]:
    """(row id, source, translation) of every text of every translated row."""
    sources = {row["id"]: Row.from_json(row, str(english_file)) for row in read_jsonl(english_file)}
    found = []
    for entry in read_jsonl(all_file):
        row = Row.from_json(entry, str(all_file))
        texts = zip(sources[row.id].texts(), row.texts(), strict=True)
        found += [(row.id, source.text, made.text) for source, made in texts]
    return found


def load(model: str) -> Any:
    """A COMET model: a checkpoint (`.ckpt`) or a folder of one on this machine, or a hub id."""
    try:
        from comet import download_model, load_from_checkpoint
    except ImportError:
        raise InputError(
            "translate.translators.*.keep.by: qe needs the environment envs/quality.yaml; run with"
            " --software-deployment-method conda, or in an environment with unbabel-comet"
        ) from None
    path = Path(model)
    if path.is_dir():
        path = path / "checkpoints" / "model.ckpt"
    if path.suffix == ".ckpt":
        if not path.is_file():
            raise InputError(f"{path}: no such checkpoint (translate.translators.*.keep.model)")
        return load_from_checkpoint(str(path))
    return load_from_checkpoint(download_model(model))
