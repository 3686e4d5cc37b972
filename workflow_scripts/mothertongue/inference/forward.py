"""Forward passes in lm-eval's `HFLM`: a budget of tokens, and logits only where they are read."""

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM
from transformers.cache_utils import DynamicCache

from .attention import Block, in_blocks
from .budgets import BatchBudget, Remembered
from .cache import expanded, token_bytes
from .encoding import Encoder, limit_to_embedding
from .generation import make_plain
from .head import exact_head
from .positions import forget_lengths

LOG = logging.getLogger("mothertongue.evaluate")
MOST_TOKENS = {"cpu": 65536, "cuda": 262144}  # of a batch, however much memory there is
SHARE_OF_MEMORY = {"cpu": 0.1, "cuda": 0.3}  # of what is free; decoding takes it twice for moments
MOST_ROWS = 64  # in a batch of lm-eval's own class


class BudgetLM(HFLM):  # type: ignore[misc]  # lm-eval has no types
    """What `PrefixLM` computes with.

    `batch_tokens`: rows x length that one batch may hold in the key-value cache, found from free
    memory where it is "auto"; it is halved whenever memory runs out, which `memory` remembers for
    the next job.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        batch_tokens: int | str = "auto",
        max_length: int | None = None,
        memory: Remembered | None = None,
    ) -> None:
        super().__init__(
            pretrained=model,
            tokenizer=tokenizer,
            batch_size=4,
            max_length=max_length,
            softmax_dtype="float32",
        )
        limit_to_embedding(tokenizer, model)
        self.encoder = Encoder(tokenizer)
        self.ignored_generation = make_plain(model)
        forget_lengths(model)
        self.statistics = {"tokens": 0, "stock_tokens": 0, "passes": 0}
        self._head = _called_head(model)
        self._token_bytes = token_bytes(model.config, model.dtype.itemsize)
        tokens = self._fitting() if batch_tokens == "auto" else int(batch_tokens)
        self.budget = BatchBudget(tokens, memory)

    @property
    def batch_tokens(self) -> int:
        """Tokens (rows x length) that one batch may hold at present."""
        return self.budget.tokens

    def _fitting(self) -> int:
        """Tokens (rows x length, prefix included) that one batch may hold in the cache.

        Fewer than one full context where memory holds no more: a batch is one row at least.
        """
        kind = "cuda" if self.device.type == "cuda" else "cpu"
        if kind == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            free += torch.cuda.memory_reserved(self.device)
            free -= torch.cuda.memory_allocated(self.device)
        else:
            free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        fitting = int(SHARE_OF_MEMORY[kind] * free / self._token_bytes)
        return max(1, min(MOST_TOKENS[kind], fitting))

    def _extend(self, cache: DynamicCache | None, tokens: list[int]) -> DynamicCache:
        """The cache of one row, longer by `tokens`."""
        ids = torch.tensor([tokens], device=self.device)
        grown = expanded(cache, 1) or DynamicCache()
        self._forward(ids, grown, [(0, len(tokens) - 1)])
        return grown

    def _forward(
        self,
        ids: torch.Tensor,
        cache: DynamicCache | None,
        pick: list[tuple[int, int]] | None,
        blocks: Sequence[Block] = (),
        *,
        exact: bool = False,
        **inputs: Any,
    ) -> torch.Tensor:
        """Run the model; logits [len(pick), vocabulary] of (row, position) pairs only.

        `pick=None` means the last position of every row; `exact` logits are made in float32.
        """
        if pick is not None:
            rows = torch.tensor([row for row, _ in pick], device=ids.device)
            places = torch.tensor([place for _, place in pick], device=ids.device)
        called = False

        def chosen(states: torch.Tensor) -> torch.Tensor:
            return states[:, -1] if pick is None else states[rows, places]

        def choose(_module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
            nonlocal called
            called = True
            return (chosen(arguments[0]).unsqueeze(0), *arguments[1:])

        handle = self._head.register_forward_pre_hook(choose) if self._head is not None else None
        try:
            head = exact_head(self._head if exact else None)
            with torch.inference_mode(), in_blocks(self.model, blocks), head:
                logits: torch.Tensor = self.model(
                    input_ids=ids,
                    past_key_values=cache,
                    use_cache=cache is not None,
                    **inputs,
                ).logits
        finally:
            if handle is not None:
                handle.remove()
        self.statistics["tokens"] += ids.numel()
        self.statistics["passes"] += 1
        return logits[0] if called else chosen(logits)

    def _model_call(self, inps: torch.Tensor, *masks: Any, **options: Any) -> torch.Tensor:
        """Logits for lm-eval's own scoring, made in float32 as ours."""
        with exact_head(self._head):
            logits: torch.Tensor = super()._model_call(inps, *masks, **options)
        return logits

    def _stock(
        self, run: Callable[[], list[Any]], longest: int, most: int = MOST_ROWS
    ) -> list[Any]:
        """What `run` returns: a method of lm-eval's class, in batches that the budget allows."""
        while True:
            rows = self.budget.rows(longest, most)
            self.batch_size_per_gpu = rows
            try:
                return run()
            except RuntimeError as error:
                self.budget.halve(error, rows > 1)

    # ---- tokens: what lm-eval's own methods encode goes the same way (encoding.py)

    def tok_encode(
        self,
        string: str,
        add_special_tokens: bool | None = None,
        left_truncate_len: int | None = None,
        **options: Any,
    ) -> list[int]:
        """Encode one text, with what begins a text unless `add_special_tokens` is False."""
        encode = self.encoder.bare if add_special_tokens is False else self.encoder.texts
        return encode([string])[0][-(left_truncate_len or 0) :]

    def tok_batch_encode(
        self,
        strings: Sequence[str],
        padding_side: str = "left",
        left_truncate_len: int | None = None,
        truncation: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode prompts: padded token numbers and attention mask, both [row, position]."""
        rows = [row[-(left_truncate_len or 0) :] for row in self.encoder.texts(list(strings))]
        width = max(map(len, rows))
        left = padding_side == "left"
        ids = torch.full((len(rows), width), self.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for number, row in enumerate(rows):
            place = slice(width - len(row), width) if left else slice(len(row))
            ids[number, place] = torch.tensor(row)
            mask[number, place] = 1
        return ids, mask


def _called_head(model: Any) -> Any:
    """The module that turns hidden states into logits, if the model has one."""
    try:
        return model.get_output_embeddings()
    except (AttributeError, NotImplementedError):
        return None
