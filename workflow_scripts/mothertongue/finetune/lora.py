"""Find the query, key and value projections of any causal model and put LoRA on all of them."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

QKV, ATTENTION, ALL_LINEAR = "qkv", "attention", "all-linear"  # what carries LoRA
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


def language_model(model: "PreTrainedModel") -> str:
    """The name of the part of a model that reads text, with a full stop; "" where it is all."""
    if model.config.get_text_config(decoder=True) is model.config:
        return ""
    part = model.get_decoder()  # type: ignore[no-untyped-call]  # untyped in transformers
    names = [name for name, module in model.named_modules() if module is part]
    return f"{names[0]}." if names and names[0] else ""


def lora_targets(model: "PreTrainedModel", kind: str | Sequence[str] = QKV) -> list[str]:
    """Full names of the modules that carry LoRA.

    `kind`: qkv (every query, key and value projection, separate or fused), attention (the output
    projections of attention too), all-linear (every linear layer but the output head, as peft has
    it), or names of modules. Of a model that also reads images or sound, only those of its language
    model: no row of a study holds anything but text. An unknown layout is an `InputError` that lists
    the projections.
    """
    part = language_model(model)
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]  # untyped in transformers
    projections = [
        name
        for name, module in model.named_modules()
        if _is_projection(module) and name.startswith(part) and module is not head
    ]
    if kind == ALL_LINEAR:
        return projections
    if not isinstance(kind, str):
        return _named(model, projections, kind)
    found = _query_key_value(model, projections)
    if kind == ATTENTION:
        blocks = {name.rpartition(".")[0] for name in found}
        found = [name for name in projections if name.rpartition(".")[0] in blocks]
    return found


def _named(model: "PreTrainedModel", projections: list[str], wanted: Sequence[str]) -> list[str]:
    """Projections whose last names are given; every given name must be one."""
    leaves = {name.rpartition(".")[2] for name in projections}
    unknown = [name for name in wanted if name not in leaves]
    if unknown:
        raise InputError(
            f"finetune.lora.targets: {type(model).__name__} has no linear module"
            f" {', '.join(unknown)}; it has {', '.join(sorted(leaves))}"
        )
    return [name for name in projections if name.rpartition(".")[2] in wanted]


def _query_key_value(model: "PreTrainedModel", projections: list[str]) -> list[str]:
    """Every query, key and value projection."""
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
    model: "PreTrainedModel",
    *,
    r: int,
    alpha: float,
    dropout: float,
    seed: int,
    targets: str | Sequence[str] = QKV,
    rank_stabilised: bool = False,
    dora: bool = False,
) -> "PeftModel":
    """Wrap a frozen model with fresh LoRA weights (float32) on exactly `lora_targets`.

    `rank_stabilised`: scaled by alpha / √r (Kalajdzievski 2023); `dora`: with a learned magnitude (Liu
    et al. 2024). On a bfloat16 base they compute in bfloat16 (adapters.py).
    """
    import torch
    from peft import LoraConfig, get_peft_model

    from ..inference.adapters import train_in_compute_type

    names = lora_targets(model, targets)
    leaves = sorted({name.rpartition(".")[2] for name in names})
    conv = any(type(m).__name__ == "Conv1D" for n, m in model.named_modules() if n in set(names))
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
        target_modules=leaves if every == set(names) else names,
        fan_in_fan_out=conv,
        bias="none",
        use_rslora=rank_stabilised,
        use_dora=dora,
    )
    torch.manual_seed(seed)
    tuned = get_peft_model(model, config)
    carrying = lora_modules(tuned)
    if set(carrying) != set(names):
        odd = ", ".join(sorted(set(carrying) ^ set(names))[:5])
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
