"""Set the number type in which LoRA layers compute, and take adapters off a base.

peft keeps LoRA weights in float32 and turns the input of every layer to float32 first: three copies
of it in each attention block (query, key, value), twice as large as the input and kept for the way
back. On a base in bfloat16 the layers here compute in bfloat16, which has float32's range. The
weights themselves, their gradients and the optimiser stay float32: in bfloat16 steps of 1e-6 would
round to nothing. In float16, whose range is small, everything stays as peft has it.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from peft.tuners.tuners_utils import BaseTunerLayer


class InTypeOfInput(torch.nn.Linear):
    """A linear layer with float32 weights that computes in the type of its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return F.linear(x, self.weight.to(x.dtype))


def _lora_layers(tuned: Any) -> Iterator[tuple[Any, list[torch.nn.Linear]]]:
    """Every layer that carries LoRA, with its two small matrices."""
    for layer in tuned.modules():
        if isinstance(layer, BaseTunerLayer) and hasattr(layer, "lora_A"):
            matrices: Any = [layer.lora_A, getattr(layer, "lora_B")]  # noqa: B009
            yield layer, [matrix for pair in matrices for matrix in pair.values()]


def computes_in_bfloat16(tuned: Any) -> bool:
    """Whether the base under an adapter computes in bfloat16; DoRA's norms stay in float32."""
    dora = any(any(getattr(layer, "use_dora", {}).values()) for layer, _ in _lora_layers(tuned))
    return bool(tuned.get_input_embeddings().weight.dtype == torch.bfloat16) and not dora


def train_in_compute_type(tuned: Any) -> None:
    """Let LoRA on a bfloat16 base compute in bfloat16; its weights stay float32."""
    if not computes_in_bfloat16(tuned):
        return
    for layer, matrices in _lora_layers(tuned):
        layer.cast_input_dtype_enabled = False
        for matrix in matrices:
            matrix.__class__ = InTypeOfInput  # peft made it; same weights, other arithmetic


def infer_in_compute_type(tuned: Any) -> None:
    """The same arithmetic for a frozen adapter: its weights are rounded once."""
    if not computes_in_bfloat16(tuned):
        return
    for _, matrices in _lora_layers(tuned):
        for matrix in matrices:
            matrix.to(torch.bfloat16)


def strip_adapters(model: Any) -> None:
    """Take adapters off a base in place (what PeftModel put into it)."""
    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent) if parent else model, last, module.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config
    if hasattr(model, "_hf_peft_config_loaded"):
        model._hf_peft_config_loaded = False
