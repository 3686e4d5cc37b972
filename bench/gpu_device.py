"""The device that `bench/gpu.py` runs on: its card, its memory, a model of random weights on it."""

import gc
import importlib.util
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from gpu_jobs import WORDS
from mothertongue.finetune.base import train_tokenizer
from mothertongue.inference.models import pick_device, pick_dtype, versions

SHAPES = {  # Llama-2-7B; Qwen1.5-0.5B; a toy
    "7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
           "num_attention_heads": 32, "vocab_size": 32000},
    "0.5b": {"hidden_size": 1024, "intermediate_size": 2816, "num_hidden_layers": 24,
             "num_attention_heads": 16, "vocab_size": 151936},
    "tiny": {"hidden_size": 128, "intermediate_size": 128, "num_hidden_layers": 2,
             "num_attention_heads": 2, "vocab_size": 512},
}  # fmt: skip
NEEDS = {"flash": "flash_attn", "liger": "liger_kernel", "padding-free": "flash_attn",
         "packing": "flash_attn", "trl": "trl", "vllm": "vllm"}  # fmt: skip
ON_GPU = pick_device().startswith("cuda")


class Skipped(Exception):
    """A check or arm that this machine cannot run; the text says why."""


@dataclass
class Figure:
    """One measured line: a check (`ok`) or a speed with its unit."""

    part: str
    name: str
    ok: bool | None = None
    value: float | None = None
    unit: str = ""
    seconds: float = 0.0
    said: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def needed_by(arm: str) -> None:
    """Skip an arm whose library is not installed."""
    for part in arm.split("+"):
        name = NEEDS.get(part)
        if name and importlib.util.find_spec(name) is None:
            raise Skipped(f"{name} is not installed")


def wait_for() -> None:
    """Let a GPU finish what it was given."""
    if ON_GPU:
        torch.cuda.synchronize()


def peak_gigabytes() -> float:
    """Most memory held so far: of the GPU, else of this process."""
    if ON_GPU:
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def clean() -> None:
    """Give memory back before the next arm."""
    gc.collect()
    if ON_GPU:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def matrix_flops() -> float:
    """Operations a second of a large matrix product: the peak that can be had."""
    size, times = (8192, 20) if ON_GPU else (512, 4)
    device, dtype = pick_device(), pick_dtype("auto", pick_device())
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    started = 0.0
    for _ in range(2):  # the first round warms up
        wait_for()
        started = time.perf_counter()
        for _ in range(times):
            a @ b
        wait_for()
    return 2 * size**3 * times / (time.perf_counter() - started)


def card() -> dict[str, Any]:
    """The device, as a table of results names it."""
    facts: dict[str, Any] = {"card": "cpu", "versions": versions(), "matrix_flops": matrix_flops()}
    if ON_GPU:
        properties = torch.cuda.get_device_properties(0)
        facts |= {
            "card": properties.name,
            "memory_gb": round(properties.total_memory / 1e9, 1),
            "capability": f"{properties.major}.{properties.minor}",
            "cards": torch.cuda.device_count(),
            "cuda": torch.version.cuda,
        }
    return facts


def save_random_model(folder: Path, shape: dict[str, int]) -> None:
    """Write a Llama of a shape with random weights, made on the device, and a small tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer(WORDS, 500)
    torch.manual_seed(1)
    with torch.device(pick_device()):
        config = LlamaConfig(
            **shape,
            max_position_embeddings=4096,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
        torch.set_default_dtype(pick_dtype("auto", pick_device()))
        model = LlamaForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
