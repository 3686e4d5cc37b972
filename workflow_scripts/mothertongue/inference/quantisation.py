"""What decides how a base is loaded: its exact shape, and the card of this job."""

from pathlib import Path

from .. import hub
from ..preload import claimed
from ..study import Model
from ..study.cards import Card, named, on_this_host
from ..study.gpu_memory import Shape, shape_of


def exact_shape(model: Model, folder: Path | None, commit: str | None) -> Shape:
    """The shape that the model's own config.json tells, from its folder or the hub's cache."""
    base = model.base
    if folder is None and base and not Path(base).is_dir():
        found = hub.cached_path("model", base, commit, "config.json")
        folder = found.parent if found else None
    return shape_of(model, folder)


def this_card(gpus: int) -> Card:
    """The card that this job has, by nvidia-smi or by CUDA itself."""
    with claimed(gpus):
        if card := on_this_host():
            return card
        import torch

        return named(torch.cuda.get_device_name(), torch.cuda.mem_get_info()[1] / 1e9)
