"""Prove that the gradient reaches every LoRA module and nothing else, the first part of an adapter's proof."""

from collections import defaultdict
from typing import Any

from ..inference.models import AdapterError
from .lora import lora_modules, lora_weights


def prove_gradients(tuned: Any) -> dict[str, Any]:
    """Look at the gradients of one step; returns counts and norms for the provenance.

    Of a model without an adapter, every matrix that is trained must have a gradient.

    Every module that carries LoRA must have a gradient that is not zero (in its A or its B: with B
    at 0, A has none in the first step), and no other weight may have one. Anything else is an
    `AdapterError` that names the modules.
    """
    if not hasattr(tuned, "peft_config"):
        return _prove_whole(tuned)
    trained = lora_weights(tuned)
    norms: defaultdict[str, float] = defaultdict(float)
    outside = [name for name in trained if ".lora_" not in name]
    for name, weight in trained.items():
        if weight.grad is not None:
            norms[_module_of(name)] += float(weight.grad.detach().float().square().sum())
    outside += [
        name for name, p in tuned.named_parameters() if p.grad is not None and name not in trained
    ]
    if outside:
        raise AdapterError(
            f"gradient check: weights outside the adapter are trained, too: {_some(outside)}"
        )
    still = [name for name in lora_modules(tuned) if not norms.get(name)]
    if still:
        raise AdapterError(
            f"gradient check: no gradient reaches {len(still)} of {len(lora_modules(tuned))} LoRA"
            f" modules ({_some(still)}); the base does not pass it on, or it vanishes in float16"
            " (then set finetune.dtype to float32 or bfloat16)"
        )
    roots = [value**0.5 for value in norms.values()]
    return {
        "modules": len(roots),
        "smallest_norm": min(roots),
        "largest_norm": max(roots),
        "outside": 0,
    }


def _prove_whole(model: Any) -> dict[str, Any]:
    trained = {name: w for name, w in model.named_parameters() if w.requires_grad and w.dim() > 1}
    norms = {
        name: 0.0 if w.grad is None else float(w.grad.detach().float().norm())
        for name, w in trained.items()
    }
    still = [name for name, norm in norms.items() if not norm]
    if still:
        raise AdapterError(
            f"gradient check: no gradient reaches {len(still)} of {len(norms)} matrices ({_some(still)})"
        )
    sizes = list(norms.values())
    return {
        "modules": len(sizes),
        "smallest_norm": min(sizes),
        "largest_norm": max(sizes),
        "outside": 0,
    }


def _module_of(weight: str) -> str:
    """The base's module that a LoRA weight belongs to."""
    return weight.removeprefix("base_model.model.").split(".lora_")[0]


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
