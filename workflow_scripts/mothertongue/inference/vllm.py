"""vLLM in this process, through lm-eval's own class: a base that serves all adapters of its model.

Needs vLLM; what it is asked for is decided in vllm_spec.py, which does not.
"""

import copy
import os
from pathlib import Path
from typing import Any

os.environ.setdefault(
    "VLLM_ENABLE_V1_MULTIPROCESSING", "0"
)  # ends, and frees its GPU, with this process

from lm_eval.models.vllm_causallms import VLLM
from vllm.lora.request import LoRARequest

from ..process.devices import pick_device
from .asked import Asked
from .finished import Store
from .models import load_tokenizer
from .vllm_spec import VllmSpec, engine_arguments, lora_arguments


class VllmLM(Asked, VLLM):  # type: ignore[misc]  # lm-eval has no types
    """lm-eval's `vllm` with this workflow's tokens, its store, and what scores need."""

    chunk = 1024  # vLLM orders them itself

    def __init__(self, spec: VllmSpec) -> None:
        super().__init__(**engine_arguments(spec, pick_device()))
        self.spec = spec
        base = spec.base
        self.prepare(
            load_tokenizer(
                base.base, revision=base.revision, trust_remote_code=base.trust_remote_code
            ),
            None,
        )

    def prepare(self, tokenizer: Any, store: Store | None) -> None:
        """Start with a tokenizer and a store; what earlier requests left behind is forgotten."""
        super().prepare(tokenizer, store)
        self.name = self.spec.base.base
        self._reasons: dict[tuple[int, ...], str | None] = {}

    def of(self, adapter: Path | None, store: Store | None = None) -> "VllmLM":
        """The same vLLM with an adapter (its weight file) on the base, or with the base alone."""
        one = copy.copy(self)
        one.prepare(self.tokenizer, store)
        one.lora_request = None
        if adapter:
            one.lora_request = LoRARequest(**lora_arguments(adapter, self.spec.settings))
            one.name = str(adapter.parent)
        return one

    def further(self) -> dict[str, Any]:
        """The template's end tokens; texts come without control tokens, as transformers' do."""
        return {**super().further(), "skip_special_tokens": True}

    def _model_generate(
        self, requests: Any, generate: bool = False, sampling_params: Any = None
    ) -> Any:
        if generate:
            for prompt, how in zip(requests, sampling_params, strict=True):
                how.seed = self.seed_of(prompt) if how.temperature else None
        outputs = super()._model_generate(requests, generate, sampling_params)
        if generate:
            for prompt, output in zip(requests, outputs, strict=True):
                self._reasons[tuple(prompt)] = output.outputs[0].finish_reason
        return outputs

    def ran_out(self, context: str, reply: str) -> bool | None:
        """As vLLM says; a prompt that was cut is not found again, and judged by its length."""
        reason = self._reasons.get(tuple(self.tok_encode([context])[0]))
        return None if reason is None else reason == "length"
