"""Find the query, key and value projections of any causal model and put LoRA on all of them."""

import re
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

SEPARATE = (
    ("q_proj", "k_proj", "v_proj"),  # Llama, Gemma, Qwen2, Mistral, OPT, GPT-J, …
    ("query", "key", "value"),
    ("wq", "wk", "wv"),
    ("q_lin", "k_lin", "v_lin"),
)
FUSED = (
    "query_key_value",  # GPT-NeoX, BLOOM, Falcon
    "c_attn",  # GPT-2, Qwen 1
    "qkv_proj",  # Phi-3
    "Wqkv",  # MPT
    "wqkv",  # InternLM2
    "att_proj",
)


def _is_projection(module: Any) -> bool:
    """A linear layer of torch, bitsandbytes or transformers (Conv1D)."""
    kinds = {kind.__name__ for kind in type(module).__mro__}
    return bool(kinds & {"Linear", "Conv1D", "Linear8bitLt", "Linear4bit"})


def _language_model(model: "PreTrainedModel") -> str:
    """The name of the part of a model that reads text, with a full stop; "" where it is all."""
    if model.config.get_text_config(decoder=True) is model.config:
        return ""
    part = model.get_decoder()  # type: ignore[no-untyped-call]  # untyped in transformers
    names = [name for name, module in model.named_modules() if module is part]
    return f"{names[0]}." if names and names[0] else ""


def lora_targets(model: "PreTrainedModel") -> list[str]:
    """Full names of every query, key and value projection (separate or fused).

    Of a model that also reads images or sound, only those of its language model: no row of a study
    holds anything but text. An unknown layout is an `InputError` that lists the projections.
    """
    part = _language_model(model)
    projections = [
        name
        for name, module in model.named_modules()
        if _is_projection(module) and name.startswith(part)
    ]
    parents: dict[str, set[str]] = {}
    for name in projections:
        parent, _, leaf = name.rpartition(".")
        parents.setdefault(parent, set()).add(leaf)
    found: list[str] = []
    for parent, leaves in parents.items():
        for names in SEPARATE:
            present = [leaf for leaf in names if leaf in leaves]
            if present and len(present) < len(names):
                missing = ", ".join(sorted(set(names) - leaves))
                raise _unknown(model, projections, f"{parent} has no {missing}")
            found += [f"{parent}.{leaf}" for leaf in present]
        found += [f"{parent}.{leaf}" for leaf in FUSED if leaf in leaves]
    config = model.config.get_text_config(decoder=True)
    layers = getattr(config, "num_hidden_layers", None)
    if not found:
        raise _unknown(model, projections, "no query, key and value projections found")
    blocks = {name.rpartition(".")[0] for name in found}
    if layers is not None and len(blocks) != layers:
        raise _unknown(model, projections, f"{len(blocks)} attention blocks in {layers} layers")
    return found


def _unknown(model: "PreTrainedModel", projections: list[str], why: str) -> InputError:
    kinds = sorted({re.sub(r"\b\d+\b", "*", name) for name in projections})
    return InputError(
        f"{type(model).__name__}: unknown attention layout ({why});"
        f" LoRA knows {', '.join('/'.join(names) for names in SEPARATE)} and {', '.join(FUSED)};"
        f" the model's linear modules are {', '.join(kinds)}"
    )


def add_lora(
    model: "PreTrainedModel", *, r: int, alpha: float, dropout: float, seed: int
) -> "PeftModel":
    """Wrap a frozen model with fresh LoRA weights (float32) on exactly `lora_targets`.

    On a bfloat16 base they compute in bfloat16 (adapters.py).
    """
    import torch
    from peft import LoraConfig, get_peft_model

    from ..inference.adapters import train_in_compute_type

    targets = lora_targets(model)
    leaves = sorted({name.rpartition(".")[2] for name in targets})
    conv = any(type(m).__name__ == "Conv1D" for n, m in model.named_modules() if n in set(targets))
    every = {
        name
        for name, module in model.named_modules()
        if _is_projection(module) and name.rpartition(".")[2] in leaves
    }
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=r,
        lora_alpha=alpha,  # type: ignore[arg-type]  # peft only divides it by r
        lora_dropout=dropout,
        target_modules=leaves if every == set(targets) else targets,
        fan_in_fan_out=conv,
        bias="none",
    )
    torch.manual_seed(seed)
    tuned = get_peft_model(model, config)
    carrying = lora_modules(tuned)
    if set(carrying) != set(targets):
        odd = ", ".join(sorted(set(carrying) ^ set(targets))[:5])
        raise RuntimeError(f"LoRA sits on other modules than intended: {odd}")
    train_in_compute_type(tuned)
    return tuned


def lora_modules(tuned: "PeftModel") -> list[str]:
    """Names (in the base model) of the modules that carry LoRA."""
    prefix = "base_model.model."
    return [
        name.removeprefix(prefix)
        for name, module in tuned.named_modules()
        if hasattr(module, "lora_A") and len(module.lora_A)
    ]


def lora_weights(tuned: "PeftModel") -> dict[str, Any]:
    """The trainable weights by name, in a fixed order."""
    return {name: p for name, p in sorted(tuned.named_parameters()) if p.requires_grad}
