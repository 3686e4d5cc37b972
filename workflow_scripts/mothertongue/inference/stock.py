"""Compute with lm-eval's own class, in chunks that are kept.

It does the work where prefixes cannot be shared exactly. A batch never lies on both sides of a
length at which rotary frequencies change (positions.py): beyond it every text is computed alone.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from transformers import LogitsProcessor, LogitsProcessorList

from .encoding import end_tokens
from .forward import MOST_ROWS, BudgetLM
from .greedy import Choice
from .positions import by_length

CHUNK = 256  # scored requests that are kept at once
TEXTS = 64  # generated texts


Likelihood = tuple[float, bool] | tuple[float, bool, float]
"""A log-likelihood, whether its tokens are the likeliest, and that of the end token if it counts."""


class StockRequest(NamedTuple):
    """A log-likelihood to be computed: texts, and the tokens before and in what is scored."""

    pair: tuple[str, str] | None
    before: list[int]
    after: list[int]
    end: int | None  # the end token that is scored apart


class StockLM(BudgetLM):
    """`BudgetLM` with lm-eval's methods as a way out."""

    def _alike(
        self, numbers: list[int], lengths: list[int], size: int
    ) -> Iterator[tuple[list[int], int]]:
        """Chunks of `numbers` and how many rows of them one batch may hold.

        `lengths[i]` is the longest input of request `numbers[i]`.
        """
        switch = min(by_length(self.model.config), default=None)
        within = [n for n, length in zip(numbers, lengths) if switch is None or length <= switch]
        beyond = [n for n, length in zip(numbers, lengths) if switch and length > switch]
        for some, most in ((within, MOST_ROWS), (beyond, 1)):
            for start in range(0, len(some), size):
                yield some[start : start + size], most

    def _stock_scores(self, requests: dict[int, StockRequest]) -> Iterator[dict[int, Likelihood]]:
        """Yield results of requests by their numbers, in chunks."""
        lengths = [len(before) + len(after) for _, before, after, _ in requests.values()]
        for part, most in self._alike(list(requests), lengths, CHUNK):
            asked: list[tuple[tuple[str, str] | None, list[int], list[int]]] = []
            for number in part:
                pair, before, after, end = requests[number]
                asked.append((pair, before, after))
                if end is not None:
                    asked.append((None, [*before, *after], [end]))
            longest = max(len(before) + len(after) for _, before, after in asked)
            answers = iter(
                self._stock(
                    partial(HFLM._loglikelihood_tokens, self, asked, True),
                    min(longest, self.max_length),
                    most,
                )
            )
            results: dict[int, Likelihood] = {}
            for number in part:
                likelihood, greedy = next(answers)
                results[number] = likelihood, greedy
                if requests[number].end is not None:
                    results[number] = likelihood, greedy, next(answers)[0]
            yield results

    def _stock_texts(
        self, requests: list[Instance], lengths: dict[int, int], new: int
    ) -> Iterator[dict[int, tuple[str, int, bool]]]:
        """Yield texts, their tokens and whether they ran to the limit `new`, in chunks.

        `lengths`: number of each request to be done -> tokens of its prompt.
        """
        most_tokens = [length + new for length in lengths.values()]
        for part, most in self._alike(list(lengths), most_tokens, TEXTS):
            asked = [requests[number] for number in part]
            longest = max(lengths[number] for number in part) + new
            texts: list[Any] = self._stock(
                partial(HFLM.generate_until, self, asked, disable_tqdm=True),
                min(longest, self.max_length),
                most,
            )
            counts = [len(tokens) for tokens in self.encoder.bare(texts)]
            yield {n: (t, count, count >= new) for n, t, count in zip(part, texts, counts)}

    def _stock_tokens(
        self, sequences: list[list[int]], new: int, choose: Choice
    ) -> Iterator[dict[int, list[int]]]:
        """Yield new tokens of token sequences, by `generate` on rows padded on the left."""
        order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
        lengths = [len(sequences[index]) + new for index in order]
        for part, most in self._alike(order, lengths, TEXTS):
            while part:
                width = len(sequences[part[0]])
                rows = part[: self.budget.rows(width + new, most)]
                rows = [index for index in rows if 2 * len(sequences[index]) >= width]
                try:
                    made = generate(
                        self.model,
                        [sequences[index] for index in rows],
                        rows,
                        ends=end_tokens(self.model, self.tokenizer, self.ends),
                        pad=self.tokenizer.pad_token_id,
                        new=new,
                        choose=choose,
                    )
                except RuntimeError as error:
                    self.budget.halve(error, len(rows) > 1)
                    continue
                yield dict(zip(rows, made))
                part = part[len(rows) :]


def generate(
    model: Any,
    prompts: list[list[int]],
    indices: Sequence[int],
    *,
    ends: Collection[int],
    pad: int,
    new: int,
    choose: Choice,
) -> list[list[int]]:
    """New tokens of one batch by transformers' own `generate`, on rows padded on the left.

    `indices` are what `choose` knows the rows by; it alone decides the tokens.
    """
    width = max(map(len, prompts))
    device = next(model.parameters()).device
    ids = [[pad] * (width - len(prompt)) + prompt for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]

    class Chosen(LogitsProcessor):
        """Leaves nothing but what `choose` chooses."""

        def __call__(self, so_far: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
            place = so_far.shape[1] - width
            tokens = choose(logits, [(index, place) for index in indices])
            only = torch.full_like(logits, -torch.inf)
            return only.scatter_(1, tokens[:, None].to(logits.device), 0.0)

    with torch.inference_mode():
        out = model.generate(
            input_ids=torch.tensor(ids, device=device),
            attention_mask=torch.tensor(mask, device=device),
            max_new_tokens=new,
            do_sample=False,
            eos_token_id=sorted(ends) or None,
            pad_token_id=pad,
            logits_processor=LogitsProcessorList([Chosen()]),
        )
    made: list[list[int]] = out[:, width:].tolist()
    return made
