"""What vLLM is to load, and its arguments; imports neither vLLM nor torch.

The arguments are those of lm-eval's class for vLLM, which passes what it does not know to vLLM.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import file_hash, read_json
from ..study.engines import VllmSettings
from .base import BaseSpec

if TYPE_CHECKING:
    from .vllm import VllmLM


@dataclass(frozen=True, slots=True)
class VllmSpec:
    """A base in vLLM that serves all adapters of a model; the preloaded process can hold it."""

    base: BaseSpec
    settings: VllmSettings

    alone = True  # no fork of a process that holds it: vLLM has threads

    @property
    def key(self) -> str:
        """This base and how vLLM holds it, as text."""
        return f"vllm {self.settings!r} {self.base.key}"

    def load(self) -> "VllmLM":
        """Start vLLM with the base."""
        from .vllm import VllmLM

        return VllmLM(self)


def engine_arguments(spec: VllmSpec, device: str = "cuda") -> dict[str, Any]:
    """Arguments of lm-eval's `VLLM` for a base, its adapters, and prefixes that are computed once.

    On a CPU one request is computed at a time: vLLM 0.30 fails there on log-probabilities of the prompts
    of several requests that have an adapter.
    """
    base, settings = spec.base, spec.settings
    revision = None if Path(base.base).is_dir() else base.revision
    return {
        "pretrained": base.base,
        "revision": revision,
        "tokenizer_revision": revision,
        "trust_remote_code": base.trust_remote_code,
        "dtype": base.dtype,
        "max_model_len": settings.max_length,
        "gpu_memory_utilization": settings.gpu_memory,
        "enable_prefix_caching": True,
        "enable_lora": settings.lora_rank > 0,
        "max_lora_rank": settings.lora_rank or 16,
        "max_loras": 1,  # jobs come one after another
        "generation_config": "vllm",  # the study's settings decide, not a repository's
        "seed": 1,
        **({"max_num_seqs": 1} if device == "cpu" else {}),
    }


def lora_arguments(adapter: Path, settings: VllmSettings) -> dict[str, Any]:
    """Arguments of vLLM's `LoRARequest` for an adapter's weight file; its content gives its number.

    Raises `InputError` for an adapter that vLLM was not started for.
    """
    rank = int(read_json(adapter.with_name("adapter_config.json"))["r"])
    if rank > settings.lora_rank:
        raise InputError(
            f"{adapter.parent}: an adapter of rank {rank}, and the study's have {settings.lora_rank} at most;"
            " remove its folder so that it is made again"
        )
    name = file_hash(adapter)
    return {
        "lora_name": name[:16],
        "lora_int_id": int(name[:7], 16) + 1,
        "lora_path": str(adapter.parent.absolute()),
    }
