"""Bases that a warm process holds, and what tells one from another."""

import os
from pathlib import Path
from typing import Any

Spec = dict[str, Any]
held: dict[str, tuple[Any, Any]] = {}  # spec -> (model, tokenizer), in a holder and its children


def key_of(spec: Spec, folder: str | None = None) -> str:
    """A base as text; a local folder with the sizes and times of its files."""
    path = Path(folder or os.getcwd()) / spec["base"]
    files = []
    if path.is_dir():
        files = [
            (file.name, file.stat().st_size, file.stat().st_mtime_ns)
            for file in sorted(path.iterdir())
            if file.is_file()
        ]
    return repr((sorted(spec.items()), files))


def strip_adapters(model: Any) -> None:
    """Take adapters off a base in place (what PeftModel put into it)."""
    try:
        from peft.tuners.tuners_utils import BaseTunerLayer
    except ImportError:
        return
    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent) if parent else model, last, module.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config
    if hasattr(model, "_hf_peft_config_loaded"):
        model._hf_peft_config_loaded = False
