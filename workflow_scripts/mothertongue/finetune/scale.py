"""Scale the loss in float16, whose smallest gradients would vanish otherwise.

The loss is multiplied before the way back and the gradients, which are float32, are divided after
it. Where a gradient overflows, the scale is halved and the step is done again: no step is skipped,
unlike in torch's GradScaler, so that a run is the same however often it was interrupted.
"""

from typing import Any

import torch

FIRST = 2.0**14


def first_scale(model: Any) -> float:
    """The scale that a run begins with: 1 (none) unless the model computes in float16 (by autocast, too)."""
    weight = model.get_input_embeddings().weight
    kind, device = weight.dtype, weight.device.type
    if torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
    return FIRST if kind == torch.float16 else 1.0


def unscale(weights: dict[str, Any], run: Any) -> bool:
    """Divide gradients by `run.scale`; False, and nothing is divided, if one is not finite."""
    gradients = [weight.grad for weight in weights.values() if weight.grad is not None]
    if not all(bool(torch.isfinite(gradient).all()) for gradient in gradients):
        return False
    for gradient in gradients:
        gradient.div_(run.scale)
    return True
