"""Full fine-tuning: all weights of the language model in float32, saved as a base of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import file_hash, write_json
from ..inference.inputs import HASHES
from ..inference.models import AdapterError, pick_dtype, probe_logits
from .lora import language_model

if TYPE_CHECKING:
    import torch

SHARD = "4GB"


def unfreeze(model: Any) -> Any:
    """Let all weights of the part that reads text be trained; of other parts none."""
    part = language_model(model)
    head = model.get_output_embeddings()
    own = set(map(id, head.parameters())) if head is not None else set()
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith(part) or id(weight) in own)
    return model


@contextmanager
def computing_in(dtype: str, device: str) -> Iterator[None]:
    """Weights, gradients and AdamW stay float32; products are computed in a 16-bit type (autocast).

    No 16-bit copy of a weight is kept from one pass to the next: autocast would not notice a step.
    """
    import torch

    kind = pick_dtype(dtype, device)
    if kind == torch.float32:
        yield
        return
    with torch.autocast(device.split(":")[0], kind, cache_enabled=False):
        yield


def save_last(model: Any, tokenizer: Any, folder: Path, last: Mapping[str, Any], best: Path) -> str:
    """Write the weights of the last step as `save_whole` does; returns a hash of them.

    `last` is empty where the best are the last: the folder then has the files of `best` (as hard
    links where the file system has them) and takes no room. `model` has the best weights, and
    gets the last.
    """
    if not last:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(best, folder, copy_function=_link)
        return file_hash(folder / HASHES)
    for name, weight in model.named_parameters():
        if name in last:
            weight.data.copy_(last[name])
    return save_whole(model, tokenizer, folder, model.dtype)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def save_whole(model: Any, tokenizer: Any, folder: Path, dtype: "torch.dtype") -> str:
    """Write a model's folder in one step (safetensors in shards); returns a hash of its weights.

    The model itself is turned into `dtype`, the type in which it is read again.
    """
    model.to(dtype)
    made = Path(tempfile.mkdtemp(prefix=".model-", dir=folder.parent))
    try:
        model.save_pretrained(made, max_shard_size=SHARD)
        tokenizer.save_pretrained(made)
        weights = sorted(made.glob("*.safetensors"))
        write_json(made / HASHES, {path.name: file_hash(path) for path in weights})
        os.chmod(made, 0o755)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return file_hash(folder / HASHES)


def prove_whole(
    fresh: Any, tokenizer: Any, *, expected: "torch.Tensor", effect: "torch.Tensor"
) -> dict[str, Any]:
    """Show that training changed the model and that the saved one computes what was to be saved.

    `expected`: logits of the trained model in the type in which it is saved. `effect`: what training
    changed of its logits in float32, where rounding to that type cannot be taken for a change.
    """
    effect, error = effect.abs(), (probe_logits(fresh, tokenizer) - expected).abs()
    proof = {
        "applied": bool(effect.max() > 0),
        "max_change": float(effect.max()),
        "mean_change": float(effect.mean()),
        "max_error": float(error.max()),
        "equal": bool(error.max() == 0 or error.mean() <= 0.1 * effect.mean()),
    }
    if not proof["applied"]:
        raise AdapterError("model proof: logits are those of the base; nothing was trained")
    if not proof["equal"]:
        raise AdapterError(
            "model proof: the saved model does not compute what the trained one did"
            f" (mean error {error.mean():.2g}, mean effect {effect.mean():.2g})"
        )
    return proof
